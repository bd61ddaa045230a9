// relay/smtp/simple.cc: the verbs that need no more than a line.
#include "relay/smtp/replies.h"
#include "relay/smtp/session.h"

namespace postern::smtp {

Task<Answer> Session::rset(std::string_view arguments) {
  if (!arguments.empty()) co_return reply::bad_syntax.with("RSET takes no parameters");
  reset();
  co_return reply::ok;
}

Task<Answer> Session::noop(std::string_view) { co_return reply::ok; }

/// Tells nothing about who exists: RFC 5321 §7.3.
Task<Answer> Session::vrfy(std::string_view arguments) {
  if (arguments.empty()) co_return reply::bad_syntax.with("VRFY address");
  co_return reply::no_verification;
}

Task<Answer> Session::expn(std::string_view) { co_return reply::not_here; }

Task<Answer> Session::help(std::string_view) {
  co_return reply::help.with("EHLO MAIL RCPT DATA BDAT RSET NOOP VRFY STARTTLS AUTH QUIT");
}

Task<Answer> Session::quit(std::string_view) {
  closing_ = true;
  co_return reply::bye;
}

}  // namespace postern::smtp
