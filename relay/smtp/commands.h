// relay/smtp/commands.h: the command lines of SMTP and LMTP, parsed. Pure functions over bytes.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "core/mail/address.h"
#include "core/mail/envelope.h"
#include "core/mail/esmtp.h"
#include "relay/smtp/reply.h"

namespace postern::smtp {

/// A line cut at its first blank: "MAIL" and "FROM:<a@b.example>".
class Request {
 public:
  explicit Request(std::string_view line);
  /// The verb in upper case.
  const std::string& word() const { return word_; }
  /// The rest without blanks at either end; borrowed from the line.
  std::string_view arguments() const { return arguments_; }

 private:
  std::string word_;
  std::string_view arguments_;
};

// Each `parse` takes the arguments of its verb; its error is the reply that the client gets.

/// EHLO, HELO, LHLO: a domain or an address literal, but anything is taken, for much real software
/// says odd names (RFC 5321 §4.1.4).
struct HelloCommand {
  std::string name;  ///< as it may stand in a Received field: what may not is a '?'
  static std::expected<HelloCommand, Answer> parse(std::string_view arguments);
};

/// MAIL (RFC 5321 §4.1.1.2) with the parameters of core/mail/esmtp.h.
struct MailCommand {
  mail::ReversePath sender;
  mail::MailParameters parameters;
  mail::Extensions extensions;  ///< whose parameters were used
  static std::expected<MailCommand, Answer> parse(std::string_view arguments);
};

/// RCPT (RFC 5321 §4.1.1.3) with the parameters of core/mail/esmtp.h. `<postmaster>` alone means
/// the one of `own_domain`.
struct RcptCommand {
  mail::Recipient recipient;
  mail::Extensions extensions;  ///< whose parameters were used
  static std::expected<RcptCommand, Answer> parse(std::string_view arguments,
                                                  const std::string& own_domain);
};

/// BDAT (RFC 3030 §2).
struct BdatCommand {
  std::uint64_t size = 0;
  bool is_last = false;
  static std::expected<BdatCommand, Answer> parse(std::string_view arguments);
};

/// AUTH (RFC 4954 §4): `=` is an initial response of no octets.
struct AuthCommand {
  std::string mechanism;                        ///< upper case
  std::optional<std::string> initial_response;  ///< still in base64
  static std::expected<AuthCommand, Answer> parse(std::string_view arguments);
};

}  // namespace postern::smtp
