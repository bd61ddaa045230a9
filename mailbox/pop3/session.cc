// mailbox/pop3/session.cc: a POP3 conversation: authorization here, transaction and update on the
// account's loop.
#include "mailbox/pop3/session.h"

#include <fmt/format.h>
#include <strings.h>

#include "core/async/timer.h"
#include "core/mail/dot_stuffing.h"
#include "mailbox/pop3/command.h"
#include "mailbox/pop3/maildrop.h"
#include "mailbox/pop3/replies.h"
#include "policy/sasl.h"

namespace postern::pop3 {

namespace {

using mailbox::AccountHub;
using mailbox::AuthFailure;

constexpr std::size_t line_limit = policy::sasl_response_limit + 64;
constexpr int login_attempt_limit = 3;
constexpr int error_limit = 50;
constexpr std::uint64_t piece = 256 * 1024;  // of a message, in memory at a time
constexpr std::chrono::seconds handshake_timeout{30};
constexpr std::chrono::minutes write_timeout{5};

std::string_view reply_to(CommandError error) {
  return error == CommandError::unknown ? reply::unknown : reply::bad_arguments;
}

/// What CAPA lists (RFC 2449 §5).
std::string capabilities(bool may_login, bool may_start_tls) {
  std::string list =
      "TOP\r\nUIDL\r\nRESP-CODES\r\nAUTH-RESP-CODE\r\nPIPELINING\r\nEXPIRE NEVER\r\n"
      "IMPLEMENTATION postern\r\n";
  if (may_login) list += "USER\r\nSASL PLAIN\r\n";
  if (may_start_tls) list += "STLS\r\n";
  return list;
}

// Authorization ----------------------------------------------------------------------------------

/// From the greeting to a login. Borrowed by `serve` alone, which outlives it.
class Authorization {
 public:
  Authorization(net::Stream& stream, const Context& context) : stream_(stream), context_(context) {}

  /// None: the client said QUIT, or too much that was wrong.
  Task<std::optional<policy::Account>> run() {
    co_await say(fmt::format(fmt::runtime(reply::greeting), context_.hostname));
    while (!closing_ && !account_) {
      const net::Stream::Line line = co_await stream_.read_line(line_limit, context_.login_timeout);
      if (line.too_long) {
        co_await refuse(reply::too_long);
        continue;
      }
      const std::string text(line.text);
      const std::expected<Command, CommandError> command = parse_command(text);
      if (!command) {
        co_await refuse(reply_to(command.error()));
      } else if (command->when == When::transaction) {
        co_await refuse(reply::wrong_state);
      } else {
        co_await obey(*command);
      }
    }
    co_return std::move(account_);
  }

 private:
  bool may_login() const {
    return stream_.is_encrypted() || context_.tls_policy == TlsPolicy::optional;
  }
  bool may_start_tls() const {
    return context_.tls != nullptr && !stream_.is_encrypted() &&
           context_.tls_policy != TlsPolicy::off;
  }

  Task<> say(std::string_view text) { co_await stream_.write(std::string(text) + "\r\n"); }
  Task<> refuse(std::string_view text) {
    const bool last = ++errors_ >= error_limit;
    closing_ = closing_ || last;
    co_await say(last ? reply::too_many_errors : text);
  }

  Task<> obey(const Command& command) {
    switch (command.verb) {
      case Verb::capa:
        co_await say(reply::capabilities);
        co_await say(capabilities(may_login(), may_start_tls()) + ".");
        break;
      case Verb::stls:
        co_await start_tls();
        break;
      case Verb::user:
        co_await take_user(std::string(command.text));
        break;
      case Verb::pass:
        co_await take_password(std::string(command.text));
        break;
      case Verb::auth:
        co_await authenticate(std::string(command.text), std::string(command.initial_response));
        break;
      default:  // QUIT: the others belong to the transaction
        closing_ = true;
        co_await say(reply::bye);
    }
  }

  Task<> start_tls() {
    if (!may_start_tls()) {
      co_await refuse(reply::no_tls);
      co_return;
    }
    co_await say(reply::start_tls);
    co_await stream_.start_tls_server(context_.tls, handshake_timeout);
    user_.clear();  // nothing said in the clear counts: RFC 2595 §4
  }

  Task<> take_user(std::string user) {
    if (!may_login()) {
      co_await refuse(reply::needs_tls);
      co_return;
    }
    user_ = std::move(user);
    co_await say(reply::send_password);  // for every name: which exist is nobody's business
  }

  Task<> take_password(std::string password) {
    if (!may_login() || user_.empty()) {
      co_await refuse(may_login() ? reply::user_first : reply::needs_tls);
      co_return;
    }
    co_await login({.user = std::exchange(user_, {}), .password = std::move(password)});
  }

  Task<> authenticate(std::string mechanism, std::string response) {
    if (!may_login()) {
      co_await refuse(reply::needs_tls);
      co_return;
    }
    if (mechanism.empty()) {  // asked by old clients
      co_await say(reply::mechanisms);
      co_await say("PLAIN\r\n.");
      co_return;
    }
    if (mechanism.size() != 5 || ::strncasecmp(mechanism.data(), "PLAIN", 5) != 0) {
      co_await refuse(reply::no_mechanism);
      co_return;
    }
    if (response.empty()) {
      co_await say(reply::go_ahead);
      const net::Stream::Line line = co_await stream_.read_line(line_limit, context_.login_timeout);
      if (line.too_long || line.text == "*") {
        co_await refuse(line.too_long ? reply::too_long : reply::aborted);
        co_return;
      }
      response = line.text;
    }
    const auto credentials = policy::parse_sasl_plain(response);
    if (!credentials) {
      co_await refuse(reply::bad_response);
      co_return;
    }
    co_await login(*credentials);
  }

  Task<> login(policy::Credentials credentials) {
    std::expected<policy::Account, AuthFailure> account = co_await context_.authenticator->login(
        std::move(credentials.user), std::move(credentials.password), policy::Scope::pop3,
        stream_.peer());
    if (account) {
      account_ = *std::move(account);
      co_return;
    }
    closing_ = ++attempts_ >= login_attempt_limit || account.error() == AuthFailure::too_many;
    switch (account.error()) {
      case AuthFailure::bad_credentials:
        co_await refuse(reply::bad_login);
        break;
      case AuthFailure::too_many:
        co_await refuse(reply::too_many);
        break;
      case AuthFailure::unavailable:
        co_await refuse(reply::unavailable);
        break;
    }
  }

  net::Stream& stream_;
  const Context& context_;
  std::string user_;
  std::optional<policy::Account> account_;
  bool closing_ = false;
  int attempts_ = 0, errors_ = 0;
};

// Transaction ------------------------------------------------------------------------------------

/// From the login to QUIT, on the account's loop.
class Transaction {
 public:
  Transaction(net::Stream& stream, std::shared_ptr<mailbox::Mailbox> mailbox,
              std::chrono::milliseconds idle_timeout)
      : stream_(stream), mailbox_(std::move(mailbox)), idle_timeout_(idle_timeout) {}

  Task<> run() {
    const std::shared_ptr<void> lock = mailbox_->try_lock_maildrop();
    if (!lock) {
      co_await say(reply::in_use);
      co_return;
    }
    co_await take_snapshot();
    co_await say(fmt::format(fmt::runtime(reply::logged_in), maildrop_.messages().size()));
    while (!closing_) {
      const net::Stream::Line line = co_await stream_.read_line(line_limit, idle_timeout_);
      if (line.too_long) {
        co_await refuse(reply::too_long);
        continue;
      }
      const std::string text(line.text);
      const std::expected<Command, CommandError> command = parse_command(text);
      if (!command) {
        co_await refuse(reply_to(command.error()));
      } else if (command->when == When::authorization) {
        co_await refuse(reply::wrong_state);
      } else {
        co_await obey(*command);
      }
    }
  }

 private:
  Task<> say(std::string_view text) { co_await stream_.write(std::string(text) + "\r\n"); }
  Task<> refuse(std::string_view text) {
    closing_ = ++errors_ >= error_limit;
    co_await say(closing_ ? reply::too_many_errors : text);
  }

  Task<> take_snapshot() {
    const auto inbox = co_await mailbox_->open_folder("INBOX");
    if (!inbox) throw IoError("mailbox without INBOX");
    folder_ = (*inbox)->id;
    maildrop_ = Maildrop((*inbox)->uid_validity, (*inbox)->entries);
  }

  Task<> obey(const Command& command) {
    const std::uint32_t number = command.number.value_or(0);
    if (command.number && maildrop_.find(number) == nullptr) {
      co_await refuse(reply::no_message);
      co_return;
    }
    switch (command.verb) {
      case Verb::capa:
        co_await say(reply::capabilities);
        co_await say(capabilities(false, false) + ".");
        break;
      case Verb::stat:
        co_await say("+OK " + maildrop_.stat());
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
        co_await say(reply::ok);
        break;
      case Verb::rset:
        maildrop_.unmark_all();
        co_await say(reply::ok);
        break;
      case Verb::quit:
        co_await quit();
        break;
      default:
        co_await say(reply::ok);
    }
  }

  Task<> list(std::optional<std::uint32_t> number,
              std::string (Maildrop::*row)(std::uint32_t) const) {
    if (number) {
      co_await say("+OK " + (maildrop_.*row)(*number));
      co_return;
    }
    co_await say(reply::ok);
    for (std::uint32_t i = 1; i <= maildrop_.messages().size(); ++i) {
      if (maildrop_.find(i) != nullptr) co_await say((maildrop_.*row)(i));
    }
    co_await say(".");
  }

  // The first piece is read before +OK: after it, nothing but the message may be said.
  Task<> send_message(std::uint32_t number, std::optional<std::uint32_t> lines) {
    const mailbox::Uid uid = maildrop_.find(number)->uid;
    const std::uint64_t size = maildrop_.find(number)->size;
    std::optional<std::string> bytes = co_await read_piece(uid, 0);
    if (!bytes) {  // an IMAP session expunged it meanwhile, or the disk failed
      co_await refuse(reply::no_message);
      co_return;
    }
    co_await say(fmt::format(fmt::runtime(reply::message), size));
    std::optional<TopCutter> cutter;
    if (lines) cutter.emplace(*lines);
    mail::DotEncoder encoder;
    for (std::uint64_t offset = 0; !bytes->empty();) {
      offset += bytes->size();
      std::string out;
      encoder.encode(cutter ? cutter->take(*bytes) : std::string_view(*bytes), out);
      co_await stream_.write(out);
      if (offset >= size || (cutter && cutter->done())) break;
      bytes = co_await mailbox_->content(folder_, uid, offset, piece);
      if (!bytes) throw IoError("a message went away while it was sent");
    }
    std::string end;
    encoder.finish(end);
    co_await stream_.write(end);
  }

  Task<std::optional<std::string>> read_piece(mailbox::Uid uid, std::uint64_t offset) {
    try {
      co_return co_await mailbox_->content(folder_, uid, offset, piece);
    } catch (const IoError&) {
      co_return std::nullopt;
    }
  }

  // The UPDATE state: what was marked goes now, and only now (RFC 1939 §6).
  Task<> quit() {
    closing_ = true;
    bool removed = true;
    const std::vector<mailbox::Uid> marked = maildrop_.marked();
    if (!marked.empty()) removed = co_await remove(marked);
    co_await say(removed ? reply::bye : reply::not_removed);
  }

  Task<bool> remove(std::vector<mailbox::Uid> uids) {
    try {
      co_await mailbox_->expunge(folder_, std::move(uids), true);
      co_return true;
    } catch (const IoError&) {
      co_return false;
    }
  }

  net::Stream& stream_;
  std::shared_ptr<mailbox::Mailbox> mailbox_;
  std::chrono::milliseconds idle_timeout_;
  mailbox::FolderId folder_{};
  Maildrop maildrop_;
  bool closing_ = false;
  int errors_ = 0;
};

Task<bool> transact(net::Stream& stream, AccountHub& hub, const policy::Account& account,
                    std::chrono::milliseconds idle_timeout) {
  try {
    std::shared_ptr<mailbox::Mailbox> mailbox =
        co_await hub.open(account.id, account.quota.value_or(0));
    Transaction transaction(stream, std::move(mailbox), idle_timeout);
    co_await transaction.run();
    co_return true;
  } catch (const ConnectionClosed&) {
    co_return true;
  } catch (const Timeout&) {  // no reply, no update: RFC 1939 §3
    co_return true;
  } catch (const IoError&) {
    co_return false;
  }
}

/// The second coroutine of a session; owns all that it needs.
Task<> serve_account(net::Stream stream, AccountHub* hub, policy::Account account,
                     Context context) {
  const bool well = co_await transact(stream, *hub, account, context.idle_timeout);
  try {
    if (!well) co_await stream.write(std::string(reply::unavailable) + "\r\n");
    co_await stream.shutdown(write_timeout);
  } catch (const IoError&) {  // gone already
  }
}

}  // namespace

Task<> serve(net::Stream stream, Context context) {
  try {
    Authorization authorization(stream, context);
    std::optional<policy::Account> account =
        co_await with_timeout(context.login_timeout, authorization.run());
    if (!account) {
      co_await stream.shutdown(write_timeout);
      co_return;
    }
    co_await stream.flush(write_timeout);
    const std::string id = account->id;
    context.mailboxes->hand_over(
        id, stream.detach(),
        [account = *std::move(account), context](net::Stream continued, AccountHub& hub) {
          return serve_account(std::move(continued), &hub, account, context);
        });
  } catch (const IoError&) {  // closed, reset, too slow: nobody is left to tell
  }
}

}  // namespace postern::pop3
