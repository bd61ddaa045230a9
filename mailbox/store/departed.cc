// mailbox/store/departed.cc: merges what goes, and drops what everybody was told of.
#include "mailbox/store/departed.h"

#include <algorithm>
#include <iterator>

namespace postern::mailbox {

void Departed::add(std::span<const MessageEntry> messages) {
  ++turn_;
  std::vector<Message> went;
  for (const MessageEntry& entry : messages) went.push_back({entry, turn_});
  std::vector<Message> all;
  all.reserve(messages_.size() + went.size());
  std::ranges::merge(messages_, went, std::back_inserter(all), {}, &Message::uid, &Message::uid);
  messages_ = std::move(all);
}

Departed::Turn Departed::keep() {
  ++readers_[turn_];
  return turn_;
}

void Departed::let_go(Turn turn) {
  const auto found = readers_.find(turn);
  if (--found->second > 0) return;
  readers_.erase(found);
  forget_unread();
}

// Whoever keeps a change keeps the later ones, so only the oldest counts.
void Departed::forget_unread() {
  const Turn oldest = readers_.empty() ? turn_ + 1 : readers_.begin()->first;
  if (oldest == forgotten_before_) return;
  forgotten_before_ = oldest;
  std::erase_if(messages_, [&](const Message& message) { return message.turn < oldest; });
}

const MessageEntry* Departed::find(Uid uid) const {
  const auto found = std::ranges::lower_bound(messages_, uid, {}, &Message::uid);
  return found != messages_.end() && found->entry.uid == uid ? &found->entry : nullptr;
}

void Departed::add_contents(std::vector<ContentId>& contents) const {
  for (const Message& message : messages_) contents.push_back(message.entry.content);
}

}  // namespace postern::mailbox
