// mailbox/pop3/maildrop.h: INBOX as it was at login: what POP3 numbers, sizes and marks. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "mailbox/store/types.h"

namespace postern::pop3 {

/// A snapshot by UID. Message numbers count from 1 and stay as they are for the whole session.
class Maildrop {
 public:
  struct Message {
    mailbox::Uid uid{};
    mailbox::ContentId content = 0;
    std::uint64_t size = 0;
    bool deleted = false;
  };

  Maildrop() = default;
  Maildrop(std::uint32_t uid_validity, const std::vector<mailbox::MessageEntry>& entries);

  /// None when there is no such message, or it is marked as deleted.
  const Message* find(std::uint32_t number) const;
  bool mark(std::uint32_t number);
  void unmark_all();
  std::vector<mailbox::Uid> marked() const;

  std::string stat() const;                           // "2 320"
  std::string listing(std::uint32_t number) const;    // "1 120"
  std::string unique_id(std::uint32_t number) const;  // "1 " and 16 hex digits: RFC 1939 §7
  const std::vector<Message>& messages() const { return messages_; }

 private:
  std::uint32_t uid_validity_ = 0;
  std::vector<Message> messages_;
};

/// Cuts a message for TOP: its header, the empty line, and so many lines of the body.
class TopCutter {
 public:
  explicit TopCutter(std::uint32_t lines) : lines_left_(lines) {}
  /// The part of the next octets that belongs to the answer.
  std::string_view take(std::string_view bytes);
  bool done() const { return done_; }

 private:
  std::uint32_t lines_left_;
  bool in_header_ = true, done_ = false;
  bool line_is_empty_ = true;
};

}  // namespace postern::pop3
