// mailbox/imap/login.cc: an IMAP conversation: the phase before its login here, the rest on the
// account's loop.
#include <fmt/format.h>

#include <optional>
#include <variant>

#include "core/async/timer.h"
#include "mailbox/imap/commands/table.h"
#include "mailbox/imap/login_phase.h"
#include "mailbox/imap/serve.h"
#include "mailbox/imap/session/account_session.h"
#include "mailbox/imap/session/replies.h"

namespace postern::imap {
namespace {

constexpr std::chrono::seconds handshake{30}, goodbye{5};

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
    LoginEnd end = co_await phase.run(greet);
    if (auto* login = std::get_if<LoggedIn>(&end)) co_return std::move(*login);
    if (std::holds_alternative<Parted>(end)) co_return std::nullopt;
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
