// mailbox/pop3/maildrop.cc: numbers, sizes, marks, and the cut of TOP.
#include "mailbox/pop3/maildrop.h"

#include <fmt/format.h>

namespace postern::pop3 {

Maildrop::Maildrop(std::uint32_t uid_validity, const std::vector<mailbox::MessageEntry>& entries)
    : uid_validity_(uid_validity) {
  messages_.reserve(entries.size());
  for (const mailbox::MessageEntry& entry : entries) {
    messages_.push_back(
        {.uid = entry.uid, .content = entry.content, .size = entry.size, .deleted = false});
  }
}

const Maildrop::Message* Maildrop::find(std::uint32_t number) const {
  if (number == 0 || number > messages_.size()) return nullptr;
  const Message& message = messages_[number - 1];
  return message.deleted ? nullptr : &message;
}

bool Maildrop::mark(std::uint32_t number) {
  if (find(number) == nullptr) return false;
  messages_[number - 1].deleted = true;
  return true;
}

void Maildrop::unmark_all() {
  for (Message& message : messages_) message.deleted = false;
}

std::vector<mailbox::Uid> Maildrop::marked() const {
  std::vector<mailbox::Uid> uids;
  for (const Message& message : messages_) {
    if (message.deleted) uids.push_back(message.uid);
  }
  return uids;
}

std::string Maildrop::stat() const {
  std::uint64_t count = 0, size = 0;
  for (const Message& message : messages_) {
    if (message.deleted) continue;
    ++count;
    size += message.size;
  }
  return fmt::format("{} {}", count, size);
}

std::string Maildrop::listing(std::uint32_t number) const {
  return fmt::format("{} {}", number, messages_[number - 1].size);
}

std::string Maildrop::unique_id(std::uint32_t number) const {
  const auto uid = static_cast<std::uint32_t>(messages_[number - 1].uid);
  return fmt::format("{} {:08x}{:08x}", number, uid_validity_, uid);
}

std::string_view TopCutter::take(std::string_view bytes) {
  for (std::size_t i = 0; i < bytes.size() && !done_; ++i) {
    if (bytes[i] != '\n') {
      line_is_empty_ = line_is_empty_ && bytes[i] == '\r';
      continue;
    }
    if (!in_header_) --lines_left_;
    if (in_header_ && line_is_empty_) in_header_ = false;
    line_is_empty_ = true;
    done_ = !in_header_ && lines_left_ == 0;
    if (done_) return bytes.substr(0, i + 1);
  }
  return bytes;
}

}  // namespace postern::pop3
