// mailbox/imap/session/view.h: a folder as one client knows it: the messages by number, and what it
// was told of each.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "mailbox/imap/grammar/sequence_set.h"
#include "mailbox/store/types.h"

namespace postern::imap {

/// Message numbers belong to a session: they change only when the client is told (RFC 3501
/// §2.3.1.2, §7.4.1), not when the folder does. Pure: it is shown the folder's messages, and says
/// what to tell.
class SessionView {
 public:
  /// What the client has to be told, in this order.
  struct Update {
    std::vector<std::uint32_t>
        expunged;  // numbers, descending: each holds when the earlier were told
    std::vector<mailbox::Uid> vanished;        // the same as uids, ascending
    bool has_grown = false;                    // EXISTS: size()
    std::vector<std::uint32_t> changed;        // numbers of messages whose flags changed
    std::vector<mailbox::MessageEntry> flags;  // of these
  };

  SessionView() = default;
  explicit SessionView(std::span<const mailbox::MessageEntry> entries);

  std::uint32_t size() const { return static_cast<std::uint32_t>(known_.size()); }
  mailbox::Uid uid(std::uint32_t number) const { return known_[number - 1].uid; }
  std::optional<std::uint32_t> number(mailbox::Uid uid) const;
  std::uint32_t largest_uid() const;

  /// The numbers that a set of numbers (`by_uid`: of uids) means, ascending.
  std::vector<std::uint32_t> resolve(const SequenceSet& set, bool by_uid) const;

  /// The client knows the flags of message `number` as of `modseq` from another answer.
  void tell(std::uint32_t number, mailbox::ModSeq modseq);

  /// Whether the client knows the message's flags as they are.
  bool is_told(const mailbox::MessageEntry& entry) const;

  /// Takes the folder's messages (ascending by uid). Without `may_expunge` those that are gone keep
  /// their numbers for now.
  Update take(std::span<const mailbox::MessageEntry> entries, bool may_expunge);

 private:
  struct Known {
    mailbox::Uid uid;
    mailbox::ModSeq modseq;
  };
  std::vector<Known> known_;  // ascending by uid
};

}  // namespace postern::imap
