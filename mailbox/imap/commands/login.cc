// mailbox/imap/commands/login.cc: LOGIN, AUTHENTICATE and STARTTLS (RFC 3501 §6.2), as far as they
// are rows: who obeys them is the phase before the login.
#include "mailbox/imap/commands/login.h"

#include "mailbox/imap/commands/rows.h"
#include "mailbox/imap/session/account_session.h"
#include "policy/sasl/mechanisms.h"

namespace postern::imap {

Parsed<LoginRequest> LoginRequest::parse(std::string_view arguments) {
  return parse_all(arguments, [](Cursor& cursor) {
    LoginRequest login;
    login.user = cursor.astring();
    cursor.space();
    login.password = cursor.astring();
    return login;
  });
}

Parsed<AuthenticateRequest> AuthenticateRequest::parse(std::string_view arguments) {
  return parse_all(arguments, [](Cursor& cursor) {
    AuthenticateRequest request{cursor.upper_atom(), {}};
    if (cursor.skip(' ')) request.initial_response = cursor.astring();
    return request;
  });
}

namespace {

Task<Answer> already_logged_in(AccountSession&, Request) { co_return reply::already_logged_in; }

std::string starttls_words(const Context& context, const net::Stream& stream) {
  return context.offers_tls(stream) ? "STARTTLS" : "";
}

std::string authenticate_words(const Context& context, const net::Stream& stream) {
  std::string words;
  for (const std::string_view mechanism :
       policy::sasl::offered_names(context.channel(stream, policy::Scope::imap))) {
    words += (words.empty() ? "AUTH=" : " AUTH=") + std::string(mechanism);
  }
  return words;
}

// Where no credentials may pass, LOGIN is not to be tried either (RFC 3501 §6.2.3, §11.1).
std::string login_words(const Context& context, const net::Stream& stream) {
  return context.may_log_in(stream) ? "" : "LOGINDISABLED";
}

}  // namespace

namespace row {

// clang-format off
//                                   name            UID form        where legal           numbers          arguments        obeyed by         capability
constinit const Command starttls{    "STARTTLS",     Variant::plain, States::before_login, Numbers::unused, Arguments::some, already_logged_in, {.told = Told::before_login, .words_now = starttls_words}};
constinit const Command authenticate{"AUTHENTICATE", Variant::plain, States::before_login, Numbers::unused, Arguments::some, already_logged_in, {.told = Told::before_login, .words_now = authenticate_words}};
constinit const Command login{       "LOGIN",        Variant::plain, States::before_login, Numbers::unused, Arguments::some, already_logged_in, {.told = Told::before_login, .words_now = login_words}};
// clang-format on

}  // namespace row

}  // namespace postern::imap
