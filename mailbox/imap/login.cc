// mailbox/imap/login.cc: the part of a conversation before login, and the hand-over to the
// account's loop.
#include <fmt/format.h>

#include <optional>
#include <variant>

#include "core/async/timer.h"
#include "mailbox/imap/commands/general.h"
#include "mailbox/imap/commands/login.h"
#include "mailbox/imap/commands/table.h"
#include "mailbox/imap/grammar/request.h"
#include "mailbox/imap/serve.h"
#include "mailbox/imap/session/account_session.h"
#include "mailbox/imap/session/command_reader.h"
#include "mailbox/imap/session/refusal.h"
#include "mailbox/imap/session/replies.h"
#include "policy/sasl.h"

namespace postern::imap {
namespace {

constexpr std::size_t login_command_limit = 8192;  // no stranger's command is longer
constexpr int mistake_limit = 10;
constexpr std::chrono::seconds handshake{30}, goodbye{5};

struct StartTls {};
struct LoggedIn {
  policy::Account account;
  std::string tag;
};
/// How the phase ends; monostate: the connection is over.
using End = std::variant<std::monostate, StartTls, LoggedIn>;

/// Not authenticated state (RFC 3501 §3.1). After STARTTLS a new one starts, which knows nothing of
/// the old.
class LoginPhase {
 public:
  LoginPhase(net::Stream& stream, const Context& context)
      : stream_(stream), context_(context), reader_(stream, login_command_limit) {}

  Task<End> run(bool greet) {
    if (greet)
      co_await stream_.write(
          fmt::format("* OK [CAPABILITY {}] {} ready\r\n", capabilities(), context_.hostname));
    while (true) {
      Input input = co_await reader_.next(context_.login_timeout, context_.login_timeout, false);
      const auto request = parse_request(input.text);
      std::string tag = request ? request->tag : request.error().tag;
      Answer answer = reply::too_long;
      if (input.must_close) {
        co_await stream_.write(bye::too_large);
        co_return End();
      }
      if (!input.is_too_long && !request) answer = Answer{Status::bad, "", request.error().text};
      if (!input.is_too_long && request) answer = co_await obey(*request);
      if (account_)
        co_return LoggedIn{std::move(*account_), std::move(tag)};  // the account's loop answers
      co_await stream_.write(answer.line(tag));
      if (starts_tls_) co_return StartTls{};
      if (is_over_) co_return End();
      if (answer.status != Status::ok && ++mistakes_ >= mistake_limit) {
        co_await stream_.write(bye::too_many_mistakes);
        co_return End();
      }
    }
  }

 private:
  std::string capabilities() const { return capabilities_before_login(context_, stream_); }

  Task<Answer> obey(const Request& request) {
    if (request.name == "LOGIN") co_return co_await login(request);
    if (request.name == "AUTHENTICATE") co_return co_await authenticate(request);
    if (request.name == "ID") {
      if (const auto id = parse_id(request.arguments); !id) co_return bad_syntax(id.error());
      co_await stream_.write("* ID (\"name\" \"postern\")\r\n");
      co_return reply::done;
    }
    const bool is_known = request.name == "CAPABILITY" || request.name == "NOOP" ||
                          request.name == "LOGOUT" || request.name == "STARTTLS";
    if (!is_known)
      co_return find_command(request.name) != nullptr ? reply::login_first : reply::unknown;
    if (const auto nothing = parse_nothing(request.arguments); !nothing)
      co_return bad_syntax(nothing.error());
    if (request.name == "STARTTLS") co_return starttls();
    if (request.name == "CAPABILITY")
      co_await stream_.write(fmt::format("* CAPABILITY {}\r\n", capabilities()));
    if (request.name == "LOGOUT") {
      co_await stream_.write(bye::logout);
      is_over_ = true;
      co_return reply::logged_out;
    }
    co_return reply::done;
  }

  Answer starttls() {
    if (stream_.is_encrypted()) return reply::already_encrypted;
    if (!context_.offers_tls(stream_)) return reply::no_tls;
    starts_tls_ = true;
    return reply::begin_tls;
  }

  Task<Answer> login(const Request& request) {
    if (!context_.may_log_in(stream_)) co_return reply::needs_tls;
    auto login = LoginRequest::parse(request.arguments);
    if (!login) co_return bad_syntax(login.error());
    co_return co_await verify(std::move(login->user), std::move(login->password));
  }

  Task<Answer> authenticate(const Request& request) {
    if (!context_.may_log_in(stream_)) co_return reply::needs_tls;
    auto sasl = AuthenticateRequest::parse(request.arguments);
    if (!sasl) co_return bad_syntax(sasl.error());
    if (sasl->mechanism == "PLAIN") {
      const auto response =
          sasl->initial_response ? sasl->initial_response : co_await challenge("");
      if (!response) co_return reply::cancelled;
      const auto credentials = policy::parse_sasl_plain(*response);
      if (!credentials) co_return bad_syntax(credentials.error());
      co_return co_await verify(credentials->user, credentials->password);
    }
    if (sasl->mechanism == "LOGIN")
      co_return co_await authenticate_login(std::move(sasl->initial_response));
    co_return reply::no_mechanism;
  }

  Task<Answer> authenticate_login(std::optional<std::string> initial) {
    const auto user_response = initial ? initial : co_await challenge("VXNlcm5hbWU6");
    if (!user_response) co_return reply::cancelled;
    const auto user = policy::parse_sasl_login(*user_response);
    if (!user) co_return bad_syntax(user.error());
    const auto password_response = co_await challenge("UGFzc3dvcmQ6");
    if (!password_response) co_return reply::cancelled;
    const auto password = policy::parse_sasl_login(*password_response);
    if (!password) co_return bad_syntax(password.error());
    co_return co_await verify(*user, *password);
  }

  /// Asks for a SASL response; none when the client gives up with "*".
  Task<std::optional<std::string>> challenge(std::string_view base64) {
    co_await stream_.write(fmt::format("+ {}\r\n", base64));
    const net::Stream::Line line =
        co_await stream_.read_line(policy::sasl_response_limit, context_.login_timeout);
    if (line.too_long || line.text == "*") co_return std::nullopt;
    co_return std::string(line.text);
  }

  Task<Answer> verify(std::string user, std::string password) {
    auto account = co_await context_.authenticator->login(std::move(user), std::move(password),
                                                          policy::Scope::imap, stream_.peer());
    if (account) {
      account_ = std::move(*account);
      co_return reply::logged_in;
    }
    if (account.error() == mailbox::AuthFailure::too_many) co_return reply::too_many_failures;
    if (account.error() == mailbox::AuthFailure::unavailable) co_return reply::unavailable;
    co_return reply::wrong_password;
  }

  net::Stream& stream_;
  const Context& context_;
  CommandReader reader_;
  std::optional<policy::Account> account_;
  bool starts_tls_ = false, is_over_ = false;
  int mistakes_ = 0;
};

/// The second coroutine: opens the mailbox, answers the login, and serves the rest.
Task<> serve_account(net::Stream stream, mailbox::AccountHub& hub, Context context,
                     LoggedIn login) {
  try {
    std::shared_ptr<mailbox::Mailbox> mailbox;
    try {
      mailbox = co_await hub.open(login.account.id, login.account.quota);
    } catch (const IoError&) {  // the disk is in trouble; answered below
    }
    if (!mailbox) {
      co_await stream.write(Answer(reply::unavailable).line(login.tag) +
                            std::string(bye::unavailable));
      co_await stream.shutdown(goodbye);
      co_return;
    }
    co_await stream.write(
        Answer(reply::logged_in)
            .line(login.tag)
            .insert(login.tag.size() + 4,
                    fmt::format("[CAPABILITY {}] ", capabilities(context, stream))));
    AccountSession session(std::move(stream), std::move(mailbox), std::move(context),
                           command_table());
    co_await session.serve();
  } catch (const IoError&) {  // the client is gone
  }
}

/// Runs phases until one ends in something else than STARTTLS. Gives the login, if that is how it
/// ended.
Task<std::optional<LoggedIn>> log_in(net::Stream& stream, const Context& context) {
  for (bool greet = true;; greet = false) {
    LoginPhase phase(stream, context);
    End end = co_await phase.run(greet);
    if (auto* login = std::get_if<LoggedIn>(&end)) co_return std::move(*login);
    if (std::holds_alternative<std::monostate>(end)) co_return std::nullopt;
    // Drops what was sent before it in the clear.
    co_await stream.start_tls_server(context.tls, handshake);
  }
}

/// As log_in; who is too slow, or here when the server stops, is told so.
Task<std::optional<LoggedIn>> log_in_or_part(net::Stream& stream, const Context& context) {
  std::string_view last_words;
  try {
    auto login = co_await with_timeout(context.login_timeout, log_in(stream, context));
    if (login) co_return login;
  } catch (const Timeout&) {
    last_words = bye::idle;
  } catch (const Cancelled&) {
    last_words = bye::shutting_down;
  }
  if (!last_words.empty()) co_await stream.write(last_words);
  co_await stream.shutdown(goodbye);
  co_return std::nullopt;
}

}  // namespace

Task<> serve(net::Stream stream, Context context) {
  try {
    stream.set_write_timeout(context.login_timeout);
    auto login = co_await log_in_or_part(stream, context);
    if (!login) co_return;
    co_await stream.flush(context.login_timeout);
    const std::string account = login->account.id;
    context.credential = login->account.credential;
    const mailbox::Mailboxes& mailboxes = *context.mailboxes;
    mailboxes.hand_over(account, stream.detach(),
                        [context = std::move(context), login = std::move(*login)](
                            net::Stream there, mailbox::AccountHub& hub) {
                          return serve_account(std::move(there), hub, context, login);
                        });
  } catch (const IoError&) {  // the client is gone
  }
}

}  // namespace postern::imap
