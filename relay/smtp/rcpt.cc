// relay/smtp/rcpt.cc: RCPT names a recipient (RFC 5321 §4.1.1.3; DSN: RFC 3461 §4).
#include "relay/smtp/outcomes.h"
#include "relay/smtp/replies.h"
#include "relay/smtp/session.h"

namespace postern::smtp {

Task<Answer> Session::rcpt(std::string_view arguments) {
  if (is_chunking_) co_return reply::chunking_begun;
  auto command = RcptCommand::parse(arguments, terms_.hostname);
  if (!command) co_return command.error();
  if (const auto absent = command->extensions.missing_in(mail::understood_by(role()))) {
    co_return reply::unknown_param.with(mail::rcpt_keywords(*absent));
  }
  const mail::EmailAddress& address = command->recipient.address;
  if (address.needs_smtputf8() && !envelope_.options.smtputf8) {
    co_return reply::needs_utf8.with("The recipient");
  }
  if (admitted_.size() >= terms_.recipients) {
    ++over_limit_;
    co_return reply::too_many_rcpt.with(terms_.recipients);  // RFC 5321 §4.5.3.1.10
  }
  auto admitted = co_await intake_.admit(origin_, envelope_.sender, command->recipient);
  if (!admitted) co_return answer_to(admitted.error());
  admitted_.push_back(std::move(*admitted));
  phase_ = Phase::recipients;
  co_return reply::recipient_ok;
}

}  // namespace postern::smtp
