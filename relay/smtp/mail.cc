// relay/smtp/mail.cc: MAIL opens a transaction (RFC 5321 §4.1.1.2; SIZE: RFC 1870 §6.1).
#include "relay/smtp/outcomes.h"
#include "relay/smtp/replies.h"
#include "relay/smtp/session.h"

namespace postern::smtp {

Task<Answer> Session::mail(std::string_view arguments) {
  if (phase_ >= Phase::sender) co_return reply::out_of_order;  // no nesting: RFC 5321 §4.1.4

  auto command = MailCommand::parse(arguments);
  if (!command) co_return command.error();
  if (!offers_dsn() && command->asks_for_dsn()) co_return reply::unknown_param.with("RET or ENVID");
  if (command->size > terms_.message_size) co_return reply::too_big.with(terms_.message_size);

  const auto allowed = co_await intake_.check_sender(origin_, command->sender);
  if (!allowed) co_return answer_to(allowed.error());

  envelope_.sender = std::move(command->sender);
  envelope_.eight_bit = command->eight_bit;
  envelope_.smtputf8 = command->smtputf8;
  envelope_.envid = std::move(command->envid);
  envelope_.ret = command->ret;
  phase_ = Phase::sender;
  co_return reply::sender_ok;
}

}  // namespace postern::smtp
