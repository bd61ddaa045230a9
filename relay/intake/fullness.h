// relay/intake/fullness.h: whether a mailbox is full, said at RCPT before anything is sent.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <unordered_map>

#include "queue/model/next_hop.h"
#include "relay/intake/directory.h"

namespace postern::mailbox {
class Mailboxes;
}

namespace postern::relay {

/// Compares quotas with what lies in the mailboxes. What a mailbox holds is remembered for some
/// seconds; of accounts without a quota nothing is asked. One for each worker.
class Fullness {
 public:
  Fullness(Directory& directory, const mailbox::Mailboxes& mailboxes)
      : directory_(directory), mailboxes_(mailboxes) {}

  /// Has the mailbox of `hop` no room for `octets` (0: of a message that nobody knows yet)? What is
  /// no mailbox is never full, nor one that cannot be asked: then its delivery says so.
  Task<bool> is_full(queue::NextHop hop, std::uint64_t octets);

 private:
  struct Seen {
    std::uint64_t octets = 0;
    std::chrono::steady_clock::time_point until;
  };
  Task<std::uint64_t> used_by(std::string account);

  Directory& directory_;
  const mailbox::Mailboxes& mailboxes_;
  std::unordered_map<std::string, Seen> seen_;
};

}  // namespace postern::relay
