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
    for (std::string& keyword : extensions()) answer.lines.push_back(std::move(keyword));
  }
  return answer;
}

Phase Session::first_phase() const {
  const bool lacks_tls = net::needs_tls_first(terms_.tls, stream_.is_encrypted());
  const bool lacks_login = terms_.door == relay::Door::submission && !origin_.account;
  return lacks_tls || lacks_login ? Phase::greeted : Phase::ready;
}

/// Not at LMTP, whose client hears of each mailbox at once (RFC 2033 §4.2) and reports by itself.
bool Session::offers_dsn() const { return terms_.door != relay::Door::lmtp; }

std::vector<std::string> Session::extensions() const {
  std::vector<std::string> keywords{"PIPELINING", fmt::format("SIZE {}", terms_.message_size),
                                    "8BITMIME",   "SMTPUTF8",
                                    "CHUNKING",   "ENHANCEDSTATUSCODES"};
  if (offers_dsn()) keywords.push_back("DSN");
  if (net::offers_start_tls(terms_.tls, terms_.context != nullptr, stream_.is_encrypted())) {
    keywords.push_back("STARTTLS");
  }
  if (offers_login()) keywords.push_back(auth_extension());
  return keywords;
}

}  // namespace postern::smtp
