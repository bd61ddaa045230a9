// core/mail/esmtp.h: the extensions of SMTP (RFC 5321 §2.2), what they add to EHLO, MAIL and RCPT.
// One table of extensions and one of parameters serve our server and our client. Pure.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/mail/envelope.h"
#include "core/mail/message_options.h"

namespace postern::mail {

/// Those that we offer or make use of, in the order of the EHLO reply.
enum class Extension : std::uint8_t {
  pipelining,
  size,
  eight_bit_mime,
  smtputf8,
  chunking,
  enhanced_status_codes,
  dsn,
  starttls,
  auth,
  count_  ///< how many there are
};

/// A set of extensions.
class Extensions {
 public:
  void add(Extension extension) { bits_.set(static_cast<std::size_t>(extension)); }
  bool has(Extension extension) const { return bits_.test(static_cast<std::size_t>(extension)); }
  /// One of these that is not in `others`; none when all are.
  std::optional<Extension> missing_in(const Extensions& others) const;
  bool operator==(const Extensions&) const = default;

 private:
  std::bitset<static_cast<std::size_t>(Extension::count_)> bits_;
};

// The server.

/// Whom a server is for: the hosts of others (RFC 5321), those who submit (RFC 6409), or a
/// neighbour that hands over final deliveries (RFC 2033).
enum class ServerRole : std::uint8_t { mx, submission, lmtp };

/// What decides on an EHLO reply.
struct ServerTerms {
  ServerRole role = ServerRole::mx;
  std::uint64_t message_size = 0;  ///< octets that a message may have
  bool can_start_tls = false;      ///< TLS is to be had, and not on yet
  std::string mechanisms;          ///< of AUTH, a blank between two; empty: no login is taken now
};

/// Behind the greeting, without codes: "PIPELINING", "SIZE 1000", …
std::vector<std::string> ehlo_lines(const ServerTerms& terms);
/// Whose parameters such a server understands, whatever its EHLO says at the moment.
Extensions understood_by(ServerRole role);

// The client.

/// What a server has offered.
class Offer {
 public:
  /// The text of its EHLO reply, lines joined by '\n', the first one its greeting. Keywords in any
  /// case; also the old "AUTH=". Unknown ones are skipped.
  static Offer parse(std::string_view reply_text);

  bool has(Extension extension) const { return extensions_.has(extension); }
  /// Does the extension's line name this word, in any case? Such as PLAIN of AUTH.
  bool lists(Extension extension, std::string_view word) const;

 private:
  Extensions extensions_;
  std::array<std::string, static_cast<std::size_t>(Extension::count_)> arguments_;
};

// MAIL and RCPT.

/// What MAIL says beside the sender.
struct MailParameters {
  std::uint64_t size = 0;  ///< octets, as declared (RFC 1870 §6); 0: not said
  MessageOptions options;
};

/// What is wrong with a parameter.
struct ParameterError {
  enum class Kind : std::uint8_t {
    unknown,    ///< `what` is its keyword, in upper case; a stranger's octets
    malformed,  ///< `what` is the keyword, or what it takes
    binary      ///< BODY=BINARYMIME (RFC 3030 §3), which we do not offer
  };
  Kind kind;
  std::string what;
};

/// What becomes of a parameter when the next host has not offered its extension.
enum class Otherwise : std::uint8_t {
  dropped,    ///< the mail goes without it
  converted,  ///< the message is rewritten until it needs it no more
  refused     ///< the mail does not go there, if it truly needs it
};

/// A row of the table; `Subject` is MailParameters or Recipient.
template <class Subject>
struct EsmtpParameter {
  std::string_view keyword;
  Extension extension;
  Otherwise otherwise;
  /// `value` is what stands behind the '=', none when there is no '='.
  std::expected<void, ParameterError> (*read)(std::optional<std::string_view> value,
                                              Subject& subject);
  /// The value, empty for a keyword that stands alone; none when there is nothing to say.
  std::optional<std::string> (*write)(const Subject& subject);
};
std::span<const EsmtpParameter<MailParameters>> mail_parameters();
std::span<const EsmtpParameter<Recipient>> rcpt_parameters();

/// One word of the command, such as "SIZE=1000"; whose extension it is.
std::expected<Extension, ParameterError> read_parameter(std::string_view word,
                                                        MailParameters& subject);
std::expected<Extension, ParameterError> read_parameter(std::string_view word, Recipient& subject);

/// What the next host is told, as far as it has offered it: " SIZE=1000 SMTPUTF8", or nothing.
std::string write_parameters(const MailParameters& subject, const Offer& offer);
std::string write_parameters(const Recipient& subject, const Offer& offer);

/// Is there anything to say that the host has not offered, with this consequence?
bool lacks(const Offer& offer, const MailParameters& subject, Otherwise consequence);

/// The extension's keywords, for people: "RET or ENVID".
std::string mail_keywords(Extension extension);
std::string rcpt_keywords(Extension extension);

}  // namespace postern::mail
