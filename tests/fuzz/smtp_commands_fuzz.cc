// tests/fuzz/smtp_commands_fuzz.cc: command lines of strangers.
#include "core/assert.h"
#include "core/mail/esmtp.h"
#include "relay/smtp/commands.h"

namespace {

using namespace postern;

/// Of a host that takes everything.
const mail::Offer& offer() {
  static const mail::Offer all = mail::Offer::parse("mx\nSIZE\n8BITMIME\nSMTPUTF8\nDSN\nAUTH");
  return all;
}

/// What is told the next host is one line, and says what was said to us.
void pass_on(const smtp::MailCommand& mail) {
  const std::string written = mail::write_parameters(mail.parameters, offer());
  POSTERN_ASSERT(written.find_first_of("\r\n") == std::string::npos);
  const auto again = smtp::MailCommand::parse("FROM:<>" + written);
  POSTERN_ASSERT(again && again->parameters.options == mail.parameters.options);
}

void pass_on(const smtp::RcptCommand& rcpt) {
  constexpr std::size_t longest_orcpt = 500;  // some octets take more room on their way out
  const std::string written = mail::write_parameters(rcpt.recipient, offer());
  POSTERN_ASSERT(written.find_first_of("\r\n") == std::string::npos);
  const auto again = smtp::RcptCommand::parse("TO:<a@b.example>" + written, "mail.example");
  POSTERN_ASSERT(again || written.size() > longest_orcpt);
  if (!again) return;
  POSTERN_ASSERT(again->recipient.orcpt == rcpt.recipient.orcpt);
  POSTERN_ASSERT(again->recipient.notify == rcpt.recipient.notify);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace smtp;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const Request request(text);
  (void)HelloCommand::parse(request.arguments());
  (void)BdatCommand::parse(request.arguments());
  (void)AuthCommand::parse(request.arguments());
  for (const auto arguments : {text, request.arguments()}) {
    const auto mail = MailCommand::parse(arguments);
    if (!mail)
      POSTERN_ASSERT(mail.error().wire().find_first_of("\r\n") == mail.error().wire().size() - 2);
    if (mail) pass_on(*mail);
    if (mail && mail->sender)
      POSTERN_ASSERT(mail->sender->text().find_first_of("\r\n") == std::string::npos);
    const auto rcpt = RcptCommand::parse(arguments, "mail.example");
    if (rcpt) POSTERN_ASSERT(rcpt->recipient.orcpt.find_first_of("\r\n") == std::string::npos);
    if (rcpt) pass_on(*rcpt);
  }
  return 0;
}
