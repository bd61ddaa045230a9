// mailbox/pop3/transaction.cc: the commands on a maildrop, and what QUIT makes of the marks.
#include "mailbox/pop3/transaction.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/mail/dot_stuffing.h"
#include "mailbox/pop3/replies.h"

namespace postern::pop3 {
namespace {

constexpr std::uint64_t piece_limit = 256 * 1024;              // of a message, in memory at a time
constexpr std::uint64_t ahead_limit = mailbox::small_message;  // octets of what comes next

}  // namespace

Task<> Transaction::run() {
  const std::shared_ptr<void> lock = mailbox_->try_lock_maildrop();
  if (!lock) {
    co_await client_.say(reply::in_use);
    co_return;
  }
  co_await take_snapshot();
  co_await client_.say(fmt::format(fmt::runtime(reply::logged_in), maildrop_.messages().size()));
  while (const std::optional<Command> command = co_await client_.next()) {
    if (!context_.may_go_on()) {
      co_await client_.say(reply::login_ended);
      co_return;
    }
    co_await obey(*command);
  }
}

Task<> Transaction::take_snapshot() {
  const auto inbox = co_await mailbox_->open_folder("INBOX");
  if (!inbox) throw IoError("mailbox without INBOX");
  folder_ = (*inbox)->id;
  maildrop_ = Maildrop((*inbox)->uid_validity, (*inbox)->entries);
}

Task<> Transaction::obey(const Command& command) {
  const std::uint32_t number = command.number.value_or(0);
  if (command.number && maildrop_.find(number) == nullptr) {
    // No mistake of the client's that would count: another session may have expunged many.
    co_await client_.say(reply::no_message);
    co_return;
  }
  switch (command.verb) {
    case Verb::capa:
      co_await client_.tell_capabilities({});
      break;
    case Verb::stat:
      co_await client_.say("+OK " + maildrop_.stat());
      break;
    case Verb::list:
      co_await list(command.number, &Maildrop::listing);
      break;
    case Verb::uidl:
      co_await list(command.number, &Maildrop::unique_id);
      break;
    case Verb::retr:
      co_await send_message(number, std::nullopt);
      break;
    case Verb::top:
      co_await send_message(number, command.lines);
      break;
    case Verb::dele:
      maildrop_.mark(number);
      co_await client_.say(reply::ok);
      break;
    case Verb::rset:
      maildrop_.unmark_all();
      co_await client_.say(reply::ok);
      break;
    case Verb::quit:
      co_await quit();
      break;
    default:  // NOOP: the others belong to the authorization
      co_await client_.say(reply::ok);
  }
}

Task<> Transaction::list(std::optional<std::uint32_t> number,
                         std::string (Maildrop::*row)(std::uint32_t) const) {
  if (number) {
    co_await client_.say("+OK " + (maildrop_.*row)(*number));
    co_return;
  }
  co_await client_.say(reply::ok);
  for (std::uint32_t i = 1; i <= maildrop_.messages().size(); ++i) {
    if (maildrop_.find(i) != nullptr) co_await client_.say((maildrop_.*row)(i));
  }
  co_await client_.say(".");
}

// The first piece is read before +OK: after it, nothing but the message may be said.
Task<> Transaction::send_message(std::uint32_t number, std::optional<std::uint32_t> lines) {
  const Maildrop::Message message = *maildrop_.find(number);
  // What is there when its first piece is read stays until the last.
  const std::shared_ptr<void> hold =
      message.size > ahead_limit ? mailbox_->hold(message.content) : nullptr;
  std::optional<std::string> piece = co_await first_piece(number);
  if (!piece) {  // an IMAP session expunged it meanwhile, or the disk failed
    co_await client_.say(reply::no_message);
    co_return;
  }
  co_await client_.say(fmt::format(fmt::runtime(reply::message), message.size));
  std::optional<TopCutter> cutter;
  if (lines) cutter.emplace(*lines);
  mail::DotEncoder encoder;
  for (std::uint64_t sent = 0; message.size > 0;) {
    std::string out;
    encoder.encode(cutter ? cutter->take(*piece) : std::string_view(*piece), out);
    co_await stream_.write(out);
    sent += piece->size();
    if (sent >= message.size || (cutter && cutter->done())) break;
    piece =
        co_await mailbox_->read(&mailbox::MailboxStore::octets, message.content, sent, piece_limit);
    if (piece->empty()) throw ConnectionClosed("a message is shorter than it was");
  }
  std::string end;
  encoder.finish(end);
  co_await stream_.write(end);
}

Task<std::optional<std::string>> Transaction::first_piece(std::uint32_t number) {
  const Maildrop::Message& message = *maildrop_.find(number);
  try {
    if (message.size > ahead_limit) {
      co_return co_await mailbox_->read(&mailbox::MailboxStore::content, folder_, message.uid, 0,
                                        piece_limit);
    }
    const auto is_it = [&](const mailbox::Octets& one) { return one.uid == message.uid; };
    auto found = std::ranges::find_if(ahead_, is_it);
    if (found == ahead_.end()) {
      co_await read_ahead(number);
      found = std::ranges::find_if(ahead_, is_it);
    }
    if (found == ahead_.end()) co_return std::nullopt;
    std::string bytes = std::move(found->bytes);
    ahead_.erase(found);
    co_return bytes;
  } catch (const IoError&) {
    co_return std::nullopt;
  }
}

// Clients fetch one message after the other: one way to the disk serves many small ones.
Task<> Transaction::read_ahead(std::uint32_t number) {
  std::vector<mailbox::Uid> uids;
  std::uint64_t octets = 0;
  for (; number <= maildrop_.messages().size(); ++number) {
    const Maildrop::Message* message = maildrop_.find(number);
    if (message == nullptr) continue;
    octets += message->size;
    if (octets > ahead_limit) break;
    uids.push_back(message->uid);
  }
  ahead_ = co_await mailbox_->read(&mailbox::MailboxStore::contents, folder_, std::move(uids));
}

// The UPDATE state: what was marked goes now, and only now (RFC 1939 §6).
Task<> Transaction::quit() {
  client_.end();
  bool removed = true;
  const std::vector<mailbox::Uid> marked = maildrop_.marked();
  if (!marked.empty()) removed = co_await remove(marked);
  co_await client_.say(removed ? reply::bye : reply::not_removed);
}

Task<bool> Transaction::remove(std::vector<mailbox::Uid> uids) {
  try {
    co_await mailbox_->write(&mailbox::MailboxStore::expunge, folder_, std::move(uids), true);
    co_return true;
  } catch (const IoError&) {
    co_return false;
  }
}

}  // namespace postern::pop3
