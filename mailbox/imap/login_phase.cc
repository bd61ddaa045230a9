// mailbox/imap/login_phase.cc: the commands of a stranger, but for those that log in.
#include "mailbox/imap/login_phase.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "mailbox/imap/commands/general.h"
#include "mailbox/imap/commands/table.h"
#include "mailbox/imap/grammar/arguments.h"
#include "mailbox/imap/session/refusal.h"

namespace postern::imap {
namespace {

constexpr std::size_t login_command_limit = 8192;  // no stranger's command is longer
constexpr int mistake_limit = 10;

}  // namespace

const LoginPhase::Verb* LoginPhase::find_verb(std::string_view name) {
  // clang-format off
  static constexpr std::array verbs{
      //   name            arguments  handler
      Verb{"CAPABILITY",   false,     &LoginPhase::capability},    // RFC 3501 §6.1.1
      Verb{"NOOP",         false,     &LoginPhase::noop},          // §6.1.2
      Verb{"LOGOUT",       false,     &LoginPhase::logout},        // §6.1.3
      Verb{"ID",           true,      &LoginPhase::id},            // RFC 2971 §3.1
      Verb{"STARTTLS",     false,     &LoginPhase::starttls},      // RFC 3501 §6.2.1
      Verb{"AUTHENTICATE", true,      &LoginPhase::authenticate},  // §6.2.2
      Verb{"LOGIN",        true,      &LoginPhase::login},         // §6.2.3
  };
  // clang-format on
  const auto* found = std::ranges::find(verbs, name, &Verb::name);
  return found == verbs.end() ? nullptr : found;
}

LoginPhase::LoginPhase(net::Stream& stream, const Context& context)
    : stream_(stream), context_(context), reader_(stream, login_command_limit) {}

Task<LoginEnd> LoginPhase::run(bool greet) {
  if (greet)
    co_await stream_.write(fmt::format("* OK [CAPABILITY {}] {} ready\r\n",
                                       capabilities_before_login(context_, stream_),
                                       context_.hostname));
  while (!end_) {
    const Input input =
        co_await reader_.next(context_.login_timeout, context_.login_timeout, false);
    if (input.must_close) {
      co_await stream_.write(bye::too_large);
      co_return Parted();
    }
    const auto [tag, answer] = co_await respond(input);
    const bool is_answered_elsewhere = end_ && std::holds_alternative<LoggedIn>(*end_);
    if (!is_answered_elsewhere) co_await stream_.write(answer.line(tag));
    if (!end_ && is_mistake_too_many(answer)) {
      co_await stream_.write(bye::too_many_mistakes);
      co_return Parted();
    }
  }
  co_return *std::move(end_);
}

Task<LoginPhase::Tagged> LoginPhase::respond(const Input& input) {
  const auto request = parse_request(input.text);
  std::string tag = request ? request->tag : request.error().tag;
  if (input.is_too_long) co_return Tagged{std::move(tag), reply::too_long};
  if (!request) co_return Tagged{std::move(tag), {Status::bad, "", request.error().text}};
  Answer answer = co_await obey(*request);
  co_return Tagged{std::move(tag), std::move(answer)};
}

Task<Answer> LoginPhase::obey(const Request& request) {
  const Verb* verb = find_verb(request.name);
  if (verb == nullptr)
    co_return find_command(request.name) != nullptr ? reply::login_first : reply::unknown;
  if (!verb->has_arguments) {
    if (const auto nothing = parse_nothing(request.arguments); !nothing)
      co_return bad_syntax(nothing.error());
  }
  co_return co_await (this->*verb->handler)(request);
}

bool LoginPhase::is_mistake_too_many(const Answer& answer) {
  return answer.status != Status::ok && ++mistakes_ >= mistake_limit;
}

Task<Answer> LoginPhase::capability(const Request&) {
  co_await stream_.write(
      fmt::format("* CAPABILITY {}\r\n", capabilities_before_login(context_, stream_)));
  co_return reply::done;
}

Task<Answer> LoginPhase::noop(const Request&) { co_return reply::done; }

Task<Answer> LoginPhase::logout(const Request&) {
  co_await stream_.write(bye::logout);
  end_ = Parted();
  co_return reply::logged_out;
}

Task<Answer> LoginPhase::id(const Request& request) {
  if (const auto id = parse_id(request.arguments); !id) co_return bad_syntax(id.error());
  co_await stream_.write("* ID (\"name\" \"postern\")\r\n");
  co_return reply::done;
}

Task<Answer> LoginPhase::starttls(const Request&) {
  if (stream_.is_encrypted()) co_return reply::already_encrypted;
  if (!context_.offers_tls(stream_)) co_return reply::no_tls;
  end_ = StartTls();
  co_return reply::begin_tls;
}

}  // namespace postern::imap
