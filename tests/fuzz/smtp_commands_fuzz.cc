// tests/fuzz/smtp_commands_fuzz.cc: command lines of strangers.
#include "core/assert.h"
#include "relay/smtp/commands.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace postern::smtp;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const Request request(text);
  (void)HelloCommand::parse(request.arguments());
  (void)BdatCommand::parse(request.arguments());
  (void)AuthCommand::parse(request.arguments());
  for (const auto arguments : {text, request.arguments()}) {
    const auto mail = MailCommand::parse(arguments);
    if (!mail)
      POSTERN_ASSERT(mail.error().wire().find_first_of("\r\n") == mail.error().wire().size() - 2);
    if (mail && mail->sender)
      POSTERN_ASSERT(mail->sender->text().find_first_of("\r\n") == std::string::npos);
    const auto rcpt = RcptCommand::parse(arguments, "mail.example");
    if (rcpt) POSTERN_ASSERT(rcpt->recipient.orcpt.find_first_of("\r\n") == std::string::npos);
  }
  return 0;
}
