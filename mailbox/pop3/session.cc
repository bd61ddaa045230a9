// mailbox/pop3/session.cc: a POP3 conversation: authorization here, transaction and update on the
// account's loop.
#include "mailbox/pop3/session.h"

#include "core/async/timer.h"
#include "mailbox/pop3/authorization.h"
#include "mailbox/pop3/replies.h"
#include "mailbox/pop3/transaction.h"

namespace postern::pop3 {
namespace {

using mailbox::AccountHub;

constexpr std::chrono::seconds handshake_timeout{30};
constexpr std::chrono::minutes write_timeout{5};

/// Authorization, and once more after STLS. None: the conversation is over.
Task<std::optional<policy::Account>> log_in(net::Stream& stream, const Context& context) {
  for (bool greet = true;; greet = false) {
    Authorization authorization(stream, context);
    AuthorizationEnd end = co_await authorization.run(greet);
    if (auto* account = std::get_if<policy::Account>(&end)) co_return std::move(*account);
    if (!std::holds_alternative<StartTls>(end)) co_return std::nullopt;
    // Drops what was sent before it in the clear.
    co_await stream.start_tls_server(context.tls, handshake_timeout);
  }
}

/// Gives the last words: "" where none are due.
Task<std::string_view> transact(net::Stream& stream, AccountHub& hub,
                                const policy::Account& account, const Context& context) {
  try {
    std::shared_ptr<mailbox::Mailbox> mailbox =
        co_await hub.open(account.id, account.quota.value_or(0));
    Transaction transaction(stream, context, std::move(mailbox));
    co_await transaction.run();
  } catch (const ConnectionClosed&) {
  } catch (const Timeout&) {  // no reply, no update: RFC 1939 §3
  } catch (const Cancelled&) {
    co_return reply::shutting_down;
  } catch (const IoError&) {
    co_return reply::unavailable;
  }
  co_return "";
}

Task<> part(net::Stream& stream, std::string_view last_words) {
  if (!last_words.empty()) co_await stream.write(std::string(last_words) + "\r\n");
  co_await stream.shutdown(write_timeout);
}

/// The second coroutine of a session; owns all that it needs.
Task<> serve_account(net::Stream stream, AccountHub* hub, policy::Account account,
                     Context context) {
  const std::string_view last_words = co_await transact(stream, *hub, account, context);
  try {
    co_await part(stream, last_words);
  } catch (const IoError&) {  // gone already
  }
}

}  // namespace

Task<> serve(net::Stream stream, Context context) {
  std::string_view last_words;
  try {
    std::optional<policy::Account> account;
    try {
      account = co_await with_timeout(context.login_timeout, log_in(stream, context));
    } catch (const Cancelled&) {
      last_words = reply::shutting_down;
    }
    if (!account) {
      co_await part(stream, last_words);
      co_return;
    }
    co_await stream.flush(write_timeout);
    const std::string id = account->id;
    context.credential = account->credential;
    context.mailboxes->hand_over(
        id, stream.detach(),
        [account = *std::move(account), context](net::Stream continued, AccountHub& hub) {
          return serve_account(std::move(continued), &hub, account, context);
        });
  } catch (const IoError&) {  // closed, reset, too slow: nobody is left to tell
  }
}

}  // namespace postern::pop3
