// mailbox/imap/append.cc: APPEND, with several messages at once (RFC 3501 §6.3.11; RFC 3502, 4315,
// 7889).
#include <fmt/format.h>

#include <algorithm>
#include <list>

#include "core/async/loop.h"
#include "mailbox/imap/account_session.h"
#include "mailbox/imap/append_body.h"

namespace postern::imap {
namespace {

constexpr std::size_t messages_limit = 1000;
constexpr std::uint64_t least_rate = 4096;  // octets a second that a message must keep up with

class Append {
 public:
  explicit Append(AccountSession& session) : session_(session) {}

  Task<Answer> run(const Request& request) {
    auto head = parse_append(request.arguments, &mailbox_);
    if (!head) co_return bad_syntax(head.error());
    if (!head->has_value() || !request.message)
      co_return reply::bad_syntax.about("a message is missing");
    LiteralMark literal = *request.message;
    // A short message that comes unasked is stored or refused in one step, at its end.
    if (literal.synchronizing || literal.size > AppendBody::memory_limit)
      co_await check_destination();
    while (true) {
      const bool is_too_big = literal.size > session_.context.message_size;
      if (is_too_big) refuse(reply::message_too_big);
      if (literal.size == 0) refuse(reply::empty_message);
      if (refusal_ && literal.synchronizing)
        co_return *refusal_;  // the client sends no octet of it
      if (is_too_big) co_return hang_up(reply::message_too_big);
      if (literal.synchronizing) co_await session_.stream.write(go_ahead);
      co_await receive(literal.size, **head);

      const Input input = co_await session_.reader.after_message(session_.context.command_timeout);
      if (input.must_close) co_return hang_up(reply::too_long);
      if (input.is_too_long) co_return reply::too_long;
      if (!input.message && input.text.empty()) break;
      if (!input.message)
        co_return reply::bad_syntax.about("there is more text than this command takes");
      literal = *input.message;
      head = parse_append(input.text, nullptr);
      if (!head) {  // the message itself may be on its way: it is read and dropped
        refuse(bad_syntax(head.error()));
        head = AppendHead();
      }
    }
    if (refusal_) co_return *refusal_;
    co_return co_await store();
  }

 private:
  void refuse(Answer why) {
    if (!refusal_) refusal_ = std::move(why);
  }

  /// What comes next is too much to be read, and cannot be told from commands.
  Answer hang_up(Answer why) {
    session_.close_with(bye::too_large);
    return refusal_.value_or(std::move(why));
  }

  /// Before any octet comes: whether the mailbox is there and has room.
  Task<> check_destination() {
    const auto folder = co_await session_.mailbox->find_folder(mailbox_);
    if (!folder)
      refuse(folder.error() == mailbox::StoreError::no_such_folder ? Answer(reply::try_create)
                                                                   : imap::refusal(folder.error()));
    const auto use = co_await session_.mailbox->usage();
    if (use.limit && use.bytes >= *use.limit) refuse(reply::over_quota);
  }

  Task<> receive(std::uint64_t size, AppendHead head) {
    const auto deadline = Loop::current().now() + session_.context.command_timeout +
                          std::chrono::seconds(size / least_rate);
    if (bodies_.size() >= messages_limit || total_ + size > 4 * session_.context.message_size)
      refuse(reply::message_too_big);
    AppendBody body(*session_.context.pool, session_.context.scratch_folder);
    for (std::uint64_t missing = size; missing > 0;) {
      const auto remaining =
          std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Loop::current().now());
      if (remaining.count() <= 0) throw Timeout("a message came too slowly");
      const auto want =
          static_cast<std::size_t>(std::min<std::uint64_t>(missing, AppendBody::memory_limit));
      const std::string_view some = co_await session_.stream.read_some(
          want, std::min(remaining, session_.context.command_timeout));
      missing -= some.size();
      if (!refusal_) co_await body.add(some);
    }
    if (body.has_nul()) refuse(reply::nul_in_message);
    if (refusal_) co_return;
    total_ += size;
    mailbox::NewMail& mail = mails_.emplace_back();
    mail.content = co_await body.finish();
    mail.system_flags = head.flags.system_flags;
    mail.keywords = std::move(head.flags.keywords);
    mail.internal_date = head.internal_date;
    bodies_.push_back(std::move(body));
  }

  Task<Answer> store() {
    const auto stored = co_await session_.mailbox->append_all(mailbox_, mails_);
    if (!stored && stored.error() == mailbox::StoreError::no_such_folder)
      co_return reply::try_create;
    if (!stored) co_return imap::refusal(stored.error());
    std::vector<std::uint32_t> uids;
    for (const mailbox::Appended& appended : *stored)
      uids.push_back(static_cast<std::uint32_t>(appended.uid));
    co_return reply::appended.with(
        fmt::format("APPENDUID {} {}", stored->front().uid_validity, write_set(uids)));
  }

  AccountSession& session_;
  std::string mailbox_;
  std::optional<Answer> refusal_;
  std::vector<mailbox::NewMail> mails_;
  std::list<AppendBody> bodies_;  // keeps the files of `mails_` open
  std::uint64_t total_ = 0;
};

}  // namespace

Task<Answer> imap_append(AccountSession& session, Request request) {
  Append append(session);
  co_return co_await append.run(request);
}

}  // namespace postern::imap
