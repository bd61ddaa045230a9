// relay/smtp/mail.cc: MAIL opens a transaction (RFC 5321 §4.1.1.2; SIZE: RFC 1870 §6.1).
#include "relay/smtp/outcomes.h"
#include "relay/smtp/replies.h"
#include "relay/smtp/session.h"

namespace postern::smtp {

Task<Answer> Session::mail(std::string_view arguments) {
  if (phase_ >= Phase::sender) co_return reply::out_of_order;  // no nesting: RFC 5321 §4.1.4

  auto command = MailCommand::parse(arguments);
  if (!command) co_return command.error();
  if (const auto absent = command->extensions.missing_in(mail::understood_by(role()))) {
    co_return reply::unknown_param.with(mail::mail_keywords(*absent));
  }
  if (command->parameters.size > terms_.message_size)
    co_return reply::too_big.with(terms_.message_size);

  const auto allowed = co_await intake_.check_sender(origin_, command->sender);
  if (!allowed) co_return answer_to(allowed.error());

  envelope_.sender = std::move(command->sender);
  envelope_.options = std::move(command->parameters.options);
  phase_ = Phase::sender;
  co_return reply::sender_ok;
}

}  // namespace postern::smtp
