// mailbox/imap/commands/append.cc: APPEND, with several messages at once (RFC 3501 §6.3.11; RFC
// 3502, 4315, 7889).
#include <fmt/format.h>

#include <algorithm>
#include <list>

#include "core/async/loop.h"
#include "mailbox/imap/commands/append_body.h"
#include "mailbox/imap/commands/rows.h"
#include "mailbox/imap/grammar/append_head.h"
#include "mailbox/imap/session/account_session.h"
#include "mailbox/imap/session/refusal.h"

namespace postern::imap {
namespace {

constexpr std::size_t messages_limit = 1000;
constexpr std::uint64_t least_rate = 4096;  // octets a second that a message must keep up with

/// One APPEND: its messages come one after the other, and are stored together at the end.
class Append {
 public:
  explicit Append(AccountSession& session) : session_(session) {}

  Task<Answer> run(const Request& request);

 private:
  /// The next message's announcement; an answer when there is none, or it cannot be followed.
  struct Next {
    LiteralMark literal;
    AppendHead head;
  };
  void refuse(Answer why);
  Answer hang_up(Answer why);
  Task<> check_destination();
  Task<std::optional<Answer>> take(LiteralMark literal, AppendHead head);
  Task<std::variant<Next, Answer>> next();
  Task<> receive(AppendBody& body, std::uint64_t size);
  Task<> keep(AppendBody body, AppendHead head);
  Task<Answer> store();

  AccountSession& session_;
  std::string mailbox_;
  std::optional<Answer> refusal_;
  std::vector<mailbox::NewMail> mails_;
  std::list<AppendBody> bodies_;  // keeps the files of `mails_` open
  std::uint64_t total_ = 0;
};

Task<Answer> Append::run(const Request& request) {
  auto head = parse_append(request.arguments, &mailbox_);
  if (!head) co_return bad_syntax(head.error());
  if (!head->has_value() || !request.message)
    co_return reply::bad_syntax.about("a message is missing");
  Next message{*request.message, **head};
  // A short message that comes unasked is stored or refused in one step, at its end.
  if (message.literal.synchronizing || message.literal.size > AppendBody::memory_limit)
    co_await check_destination();
  while (true) {
    const auto refused = co_await take(message.literal, std::move(message.head));
    if (refused) co_return *refused;
    auto next_one = co_await next();
    if (const auto* const end = std::get_if<Answer>(&next_one)) co_return *end;
    message = std::get<Next>(std::move(next_one));
  }
}

void Append::refuse(Answer why) {
  if (!refusal_) refusal_ = std::move(why);
}

/// What comes next is too much to be read, and cannot be told from commands.
Answer Append::hang_up(Answer why) {
  session_.close_with(bye::too_large);
  return refusal_.value_or(std::move(why));
}

/// Before any octet comes: whether the mailbox is there and has room.
Task<> Append::check_destination() {
  const auto folder =
      co_await session_.mailbox->read(&mailbox::MailboxStore::find_folder, mailbox_);
  if (!folder) refuse(refusal_of_target(folder.error()));
  const auto use = co_await session_.mailbox->usage();
  if (use.limit && use.bytes >= *use.limit) refuse(reply::over_quota);
}

/// One message. An answer when the client sends no octet of it, or we read none.
Task<std::optional<Answer>> Append::take(LiteralMark literal, AppendHead head) {
  const bool is_too_big = literal.size > session_.context.message_size;  // RFC 7889 §3
  if (is_too_big) refuse(reply::message_too_big);
  if (literal.size == 0) refuse(reply::empty_message);
  if (refusal_ && literal.synchronizing) co_return *refusal_;
  if (is_too_big) co_return hang_up(reply::message_too_big);
  if (literal.synchronizing) co_await session_.stream.write(go_ahead);
  if (bodies_.size() >= messages_limit || total_ + literal.size > 4 * session_.context.message_size)
    refuse(reply::message_too_big);
  AppendBody body(*session_.context.pool, session_.context.scratch_folder);
  co_await receive(body, literal.size);
  if (body.has_nul()) refuse(reply::nul_in_message);  // RFC 3501 §9, CHAR8
  if (refusal_) co_return std::nullopt;
  total_ += literal.size;
  co_await keep(std::move(body), std::move(head));
  co_return std::nullopt;
}

Task<> Append::receive(AppendBody& body, std::uint64_t size) {
  const auto deadline = Loop::current().now() + session_.context.command_timeout +
                        std::chrono::seconds(size / least_rate);
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
}

Task<> Append::keep(AppendBody body, AppendHead head) {
  mailbox::NewMail& mail = mails_.emplace_back();
  mail.content = co_await body.finish();
  mail.system_flags = head.flags.system_flags;
  mail.keywords = std::move(head.flags.keywords);
  mail.internal_date = head.internal_date;
  bodies_.push_back(std::move(body));
}

Task<std::variant<Append::Next, Answer>> Append::next() {
  const Input input = co_await session_.reader.after_message(session_.context.command_timeout);
  if (input.must_close) co_return hang_up(reply::too_long);
  if (input.is_too_long) co_return Answer(reply::too_long);
  if (!input.message && input.text.empty()) {
    if (refusal_) co_return *refusal_;
    co_return co_await store();
  }
  if (!input.message)
    co_return reply::bad_syntax.about("there is more text than this command takes");
  auto head = parse_append(input.text, nullptr);
  if (!head) {  // the message itself may be on its way: it is read and dropped
    refuse(bad_syntax(head.error()));
    head = AppendHead();
  }
  co_return Next{*input.message, std::move(**head)};
}

Task<Answer> Append::store() {
  const auto stored = co_await session_.mailbox->append_all(mailbox_, mails_);
  if (!stored) co_return refusal_of_target(stored.error());
  std::vector<std::uint32_t> uids;
  for (const mailbox::Appended& appended : *stored)
    uids.push_back(static_cast<std::uint32_t>(appended.uid));
  co_return reply::appended.with(  // RFC 4315 §3
      fmt::format("APPENDUID {} {}", stored->front().uid_validity, write_set(uids)));
}

Task<Answer> imap_append(AccountSession& session, Request request) {
  Append append(session);
  co_return co_await append.run(request);
}

std::string append_limit_words(const Context& context, const net::Stream&) {
  return fmt::format("APPENDLIMIT={}", context.message_size);  // RFC 7889 §2
}

}  // namespace

namespace row {

// clang-format off
//                             name      UID form        where legal          numbers          arguments        obeyed by   capability
constinit const Command append{"APPEND", Variant::plain, States::after_login, Numbers::unused, Arguments::some, imap_append, {.words = "MULTIAPPEND"}};
constinit const Capability append_limit{.words_now = append_limit_words};
// clang-format on

}  // namespace row

}  // namespace postern::imap
