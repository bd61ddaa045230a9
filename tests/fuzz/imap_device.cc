// tests/fuzz/imap_device.cc: reads strictly, and keeps the view of message numbers.
#include "tests/fuzz/imap_device.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace postern::fuzz {

void wrong(const std::string& why) {
  std::fprintf(stderr, "%s\n", why.c_str());
  std::abort();
}

void demand(bool holds, const std::string& why) {
  if (!holds) wrong(why);
}

Task<test::ImapReply> ImapDevice::reply() {
  std::string bytes;
  do {
    const net::Stream::Line line = co_await peer_.stream.read_line(1 << 20, patience);
    demand(!line.too_long, "a reply without end");
    bytes += line.text;
    bytes += "\r\n";
    while (test::imap_reply_length(bytes) == 0 && bytes.ends_with("}\r\n")) {
      std::size_t missing = std::strtoull(bytes.c_str() + bytes.rfind('{') + 1, nullptr, 10);
      while (missing > 0) {
        const std::string_view some = co_await peer_.stream.read_some(missing, patience);
        bytes += some;
        missing -= some.size();
      }
      break;
    }
  } while (test::imap_reply_length(bytes) == 0);
  auto read = test::read_imap_reply(std::string_view(bytes).substr(0, bytes.size() - 2));
  if (!read) wrong(command_ + "\n" + read.error());
  co_return *std::move(read);
}

Task<> ImapDevice::log_in() {
  co_await reply();
  const auto replies = co_await say("LOGIN ann secret");
  demand(replies.back().name == "OK", "no login");
}

Task<std::vector<test::ImapReply>> ImapDevice::say(std::string command, bool expunges) {
  const std::string tag = "t" + std::to_string(++tag_);
  command_ = command;
  co_await peer_.stream.write(tag + " " + command + "\r\n");
  std::vector<test::ImapReply> replies;
  do {
    replies.push_back(co_await reply());
    demand(replies.back().tag != "+", command_ + ": a continuation that nobody asked for");
    demand(replies.back().tag == "*" || replies.back().tag == tag, command_ + ": another tag");
    take(replies.back(), expunges);
  } while (replies.back().tag == "*");
  compare(expunges);
  co_return replies;
}

void ImapDevice::select(FolderRef folder, bool is_read_only) {
  folder_ = std::move(folder);
  is_read_only_ = is_read_only;
  view_.clear();
  believed_.clear();
}

Flags* ImapDevice::believed(std::uint32_t uid) {
  const auto found = believed_.find(uid);
  return found == believed_.end() ? nullptr : &found->second;
}

std::vector<std::uint32_t> ImapDevice::chosen(const ModelSet& set, bool by_uid) const {
  std::vector<std::uint32_t> uids;
  const auto count = static_cast<std::uint32_t>(view_.size());
  const std::uint32_t largest = !by_uid ? count : view_.empty() ? 0 : view_.back();
  for (std::uint32_t number = 1; number <= count; ++number) {
    if (set.holds(by_uid ? view_[number - 1] : number, largest)) uids.push_back(view_[number - 1]);
  }
  return uids;
}

void ImapDevice::take(const test::ImapReply& reply, bool expunges) {
  if (reply.name == "EXISTS") {
    demand(folder_ != nullptr, command_ + ": EXISTS with nothing selected");
    for (const std::uint32_t uid : folder_->uids()) {
      if (view_.empty() || uid > view_.back()) view_.push_back(uid);
    }
    demand(reply.number == view_.size(), command_ + ": a wrong EXISTS");
  } else if (reply.name == "EXPUNGE") {
    demand(expunges, command_ + ": EXPUNGE where numbers are in use");
    demand(reply.number <= view_.size(), command_ + ": EXPUNGE of no message");
    const std::uint32_t uid = view_[reply.number - 1];
    demand(folder_->find(uid) == nullptr, command_ + ": EXPUNGE of what is there");
    view_.erase(view_.begin() + reply.number - 1);
  } else if (reply.name == "FETCH") {
    demand(folder_ != nullptr && reply.number <= view_.size(), command_ + ": FETCH of no message");
    const std::uint32_t uid = view_[reply.number - 1];
    demand(reply.fetched.uid.value_or(uid) == uid, command_ + ": FETCH with another UID");
    const ModelMessage* message = folder_->find(uid);
    if (message == nullptr) return;
    Flags flags = reply.fetched.flags.value_or(message->flags);
    flags.erase("\\recent");
    if (reply.fetched.flags) believed_[uid] = flags;
    demand(flags == message->flags, command_ + ": wrong flags of UID " + std::to_string(uid));
    demand(reply.fetched.size.value_or(message->octets.size()) == message->octets.size(),
           command_ + ": a wrong size");
  }
}

/// After each command the client knows all that is there, and without numbers in use nothing more.
void ImapDevice::compare(bool expunges) const {
  if (!folder_) return;
  std::vector<std::uint32_t> known = view_;
  if (!expunges) std::erase_if(known, [&](std::uint32_t uid) { return !folder_->find(uid); });
  demand(known == folder_->uids(), command_ + ": the client was not told what there is");
  for (const auto& [uid, flags] : believed_) {
    const ModelMessage* message = folder_->find(uid);
    demand(message == nullptr || message->flags == flags,
           command_ + ": the client was not told the flags of UID " + std::to_string(uid));
  }
}

}  // namespace postern::fuzz
