// relay/smtp/hello.cc: EHLO, HELO and LHLO, and what we offer (RFC 5321 §4.1.1.1, RFC 2033 §4.1).
#include "relay/smtp/replies.h"
#include "relay/smtp/session.h"

namespace postern::smtp {

Task<Answer> Session::ehlo(std::string_view arguments) { co_return greet(arguments, true); }
Task<Answer> Session::helo(std::string_view arguments) { co_return greet(arguments, false); }
Task<Answer> Session::lhlo(std::string_view arguments) { co_return greet(arguments, true); }

Answer Session::greet(std::string_view arguments, bool is_extended) {
  const auto command = HelloCommand::parse(arguments);
  if (!command) return command.error();
  reset();
  origin_.hello = command->name;
  origin_.protocol = !is_extended ? "SMTP" : terms_.door == relay::Door::lmtp ? "LMTP" : "ESMTP";
  phase_ = first_phase();
  Answer answer = reply::hello.with(terms_.hostname);
  if (is_extended) {
    for (std::string& line : mail::ehlo_lines(server_terms()))
      answer.lines.push_back(std::move(line));
  }
  return answer;
}

Phase Session::first_phase() const {
  const bool lacks_tls = net::needs_tls_first(terms_.tls, stream_.is_encrypted());
  const bool lacks_login = terms_.door == relay::Door::submission && !origin_.account;
  return lacks_tls || lacks_login ? Phase::greeted : Phase::ready;
}

mail::ServerRole Session::role() const {
  switch (terms_.door) {
    case relay::Door::mx:
      return mail::ServerRole::mx;
    case relay::Door::submission:
      return mail::ServerRole::submission;
    case relay::Door::lmtp:
      break;
  }
  return mail::ServerRole::lmtp;
}

/// What we offer depends on them; what there is, stands in core/mail/esmtp.cc.
mail::ServerTerms Session::server_terms() const {
  return {.role = role(),
          .message_size = terms_.message_size,
          .can_start_tls =
              net::offers_start_tls(terms_.tls, terms_.context != nullptr, stream_.is_encrypted()),
          .mechanisms = offers_login() ? mechanisms() : ""};
}

}  // namespace postern::smtp
