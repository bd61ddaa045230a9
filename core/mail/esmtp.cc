// core/mail/esmtp.cc: the table of SMTP's extensions, and that of the parameters of MAIL and RCPT.
// A new one is a row here, an option in message_options.h, and its key in the queue's codec.
#include "core/mail/esmtp.h"

#include <algorithm>
#include <utility>

#include "core/mail/encodings.h"
#include "core/number.h"

namespace postern::mail {
namespace {

using Value = std::optional<std::string_view>;
using Read = std::expected<void, ParameterError>;
using Written = std::optional<std::string>;

// ---- The lines of EHLO.

struct Roles {
  bool mx, submission, lmtp;
  constexpr bool have(ServerRole role) const {
    return role == ServerRole::mx ? mx : role == ServerRole::submission ? submission : lmtp;
  }
};
constexpr Roles everywhere{true, true, true};
constexpr Roles not_lmtp{true, true, false};

/// What a line says behind its keyword; none when it is not offered at the moment.
using Arguments = Written (*)(const ServerTerms& terms);
constexpr Arguments always = [](const ServerTerms&) -> Written { return ""; };
constexpr Arguments largest_message = [](const ServerTerms& terms) -> Written {
  return std::to_string(terms.message_size);
};
constexpr Arguments before_tls = [](const ServerTerms& terms) -> Written {
  return terms.can_start_tls ? Written("") : std::nullopt;
};
constexpr Arguments mechanisms = [](const ServerTerms& terms) -> Written {
  return terms.mechanisms.empty() ? std::nullopt : Written(terms.mechanisms);
};

struct ExtensionRow {
  Extension extension;
  std::string_view keyword;
  Roles offered_at;
  Arguments arguments;
};

// clang-format off
constexpr std::array extensions{
    // In the order of the reply.
    ExtensionRow{Extension::pipelining,            "PIPELINING",          everywhere, always},           // RFC 2920 §3
    ExtensionRow{Extension::size,                  "SIZE",                everywhere, largest_message},  // RFC 1870 §4
    ExtensionRow{Extension::eight_bit_mime,        "8BITMIME",            everywhere, always},           // RFC 6152 §2
    ExtensionRow{Extension::smtputf8,              "SMTPUTF8",            everywhere, always},           // RFC 6531 §3.1
    ExtensionRow{Extension::chunking,              "CHUNKING",            everywhere, always},           // RFC 3030 §2
    ExtensionRow{Extension::enhanced_status_codes, "ENHANCEDSTATUSCODES", everywhere, always},           // RFC 2034 §3
    // Not at LMTP, whose client hears of each mailbox at once (RFC 2033 §4.2) and reports by itself.
    ExtensionRow{Extension::dsn,                   "DSN",                 not_lmtp,   always},           // RFC 3461 §3
    ExtensionRow{Extension::starttls,              "STARTTLS",            everywhere, before_tls},       // RFC 3207 §2, §4.2
    ExtensionRow{Extension::auth,                  "AUTH",                everywhere, mechanisms},       // RFC 4954 §3
};
// clang-format on
static_assert(extensions.size() == static_cast<std::size_t>(Extension::count_));

// ---- The values of parameters.

Read malformed(std::string what) {
  return std::unexpected(ParameterError{ParameterError::Kind::malformed, std::move(what)});
}
Read unknown(std::string what) {
  return std::unexpected(ParameterError{ParameterError::Kind::unknown, std::move(what)});
}

Read read_size(Value value, MailParameters& mail) {
  const bool fits = value && value->size() <= 20;  // RFC 1870 §6.1
  const auto size = fits ? parse_number<std::uint64_t>(*value) : std::nullopt;
  if (!size) return malformed("SIZE");
  mail.size = *size;
  return {};
}
Written write_size(const MailParameters& mail) {
  return mail.size > 0 ? Written(std::to_string(mail.size)) : std::nullopt;
}

Read read_body(Value value, MailParameters& mail) {
  const std::string_view kind = value.value_or("");
  if (equal_ignoring_case(kind, "BINARYMIME"))
    return std::unexpected(ParameterError{ParameterError::Kind::binary, {}});
  mail.options.eight_bit = equal_ignoring_case(kind, "8BITMIME");
  if (!mail.options.eight_bit && !equal_ignoring_case(kind, "7BIT"))
    return malformed("BODY is 7BIT or 8BITMIME");
  return {};
}
Written write_body(const MailParameters& mail) {
  return mail.options.eight_bit ? Written("8BITMIME") : std::nullopt;
}

Read read_smtputf8(Value value, MailParameters& mail) {
  if (value) return unknown("SMTPUTF8");
  mail.options.smtputf8 = true;
  return {};
}
Written write_smtputf8(const MailParameters& mail) {
  return mail.options.smtputf8 ? Written("") : std::nullopt;
}

Read read_ret(Value value, MailParameters& mail) {
  const auto ret = parse_ret(value.value_or(""));
  if (mail.options.ret != Ret::unset || !ret) return malformed("RET is FULL or HDRS, once");
  mail.options.ret = *ret;
  return {};
}
Written write_ret(const MailParameters& mail) {
  if (mail.options.ret == Ret::unset) return std::nullopt;
  return std::string(ret_text(mail.options.ret));
}

Read read_envid(Value value, MailParameters& mail) {
  const auto envid = parse_envid(value.value_or(""));
  if (!mail.options.envid.empty() || !envid || envid->empty()) return malformed("ENVID");
  mail.options.envid = *envid;
  return {};
}
Written write_envid(const MailParameters& mail) {
  return mail.options.envid.empty() ? std::nullopt : Written(xtext_encode(mail.options.envid));
}

/// Read and not believed: only who is trusted to name the author may (RFC 4954 §5).
Read skip_auth(Value value, MailParameters&) { return value ? Read() : unknown("AUTH"); }
Written write_no_auth(const MailParameters&) { return std::nullopt; }

Read read_notify(Value value, Recipient& recipient) {
  const auto notify = parse_notify(value.value_or(""));
  if (recipient.notify.set || !notify)
    return malformed("NOTIFY is NEVER, or a list of SUCCESS, FAILURE, DELAY");
  recipient.notify = *notify;
  return {};
}
Written write_notify(const Recipient& recipient) {
  return recipient.notify.set ? Written(notify_text(recipient.notify)) : std::nullopt;
}

Read read_orcpt(Value value, Recipient& recipient) {
  auto orcpt = parse_orcpt(value.value_or(""));
  if (!recipient.orcpt.empty() || !orcpt) return malformed("ORCPT");
  recipient.orcpt = *std::move(orcpt);
  return {};
}
Written write_orcpt(const Recipient& recipient) {
  return recipient.orcpt.empty() ? std::nullopt : Written(orcpt_text(recipient.orcpt));
}

using OfMail = EsmtpParameter<MailParameters>;
using OfRcpt = EsmtpParameter<Recipient>;

// clang-format off
constexpr std::array of_mail{
    // In the order in which we write them.
    OfMail{"SIZE",     Extension::size,           Otherwise::dropped,   read_size,     write_size},      // RFC 1870 §6
    OfMail{"BODY",     Extension::eight_bit_mime, Otherwise::converted, read_body,     write_body},      // RFC 6152 §2, §3
    OfMail{"SMTPUTF8", Extension::smtputf8,       Otherwise::refused,   read_smtputf8, write_smtputf8},  // RFC 6531 §3.4, §3.2
    OfMail{"RET",      Extension::dsn,            Otherwise::dropped,   read_ret,      write_ret},       // RFC 3461 §4.3, §5.2.2
    OfMail{"ENVID",    Extension::dsn,            Otherwise::dropped,   read_envid,    write_envid},     // RFC 3461 §4.4
    OfMail{"AUTH",     Extension::auth,           Otherwise::dropped,   skip_auth,     write_no_auth},   // RFC 4954 §5
};
constexpr std::array of_rcpt{
    OfRcpt{"NOTIFY", Extension::dsn, Otherwise::dropped, read_notify, write_notify},  // RFC 3461 §4.1
    OfRcpt{"ORCPT",  Extension::dsn, Otherwise::dropped, read_orcpt,  write_orcpt},   // RFC 3461 §4.2
};
// clang-format on

// ---- What goes through a table.

std::string upper(std::string_view text) {
  std::string out = lower_case(text);
  for (char& c : out)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return out;
}

template <class Subject>
std::expected<Extension, ParameterError> read_word(std::span<const EsmtpParameter<Subject>> table,
                                                   std::string_view word, Subject& subject) {
  const std::size_t equals = word.find('=');
  const std::string_view keyword = word.substr(0, equals);
  const Value value = equals == word.npos ? Value() : Value(word.substr(equals + 1));
  const auto row = std::ranges::find_if(
      table, [&](const auto& one) { return equal_ignoring_case(one.keyword, keyword); });
  if (row == table.end())
    return std::unexpected(ParameterError{ParameterError::Kind::unknown, upper(keyword)});
  if (const Read read = row->read(value, subject); !read) return std::unexpected(read.error());
  return row->extension;
}

template <class Subject>
std::string write_all(std::span<const EsmtpParameter<Subject>> table, const Subject& subject,
                      const Offer& offer) {
  std::string out;
  for (const auto& row : table) {
    const Written value = offer.has(row.extension) ? row.write(subject) : std::nullopt;
    if (!value) continue;
    out += ' ';
    out += row.keyword;
    if (!value->empty()) out += '=' + *value;
  }
  return out;
}

template <class Subject>
std::string keywords(std::span<const EsmtpParameter<Subject>> table, Extension extension) {
  std::string out;
  for (const auto& row : table) {
    if (row.extension != extension) continue;
    if (!out.empty()) out += " or ";
    out += row.keyword;
  }
  return out;
}

}  // namespace

std::span<const OfMail> mail_parameters() { return of_mail; }
std::span<const OfRcpt> rcpt_parameters() { return of_rcpt; }

std::optional<Extension> Extensions::missing_in(const Extensions& others) const {
  for (const ExtensionRow& row : extensions)
    if (has(row.extension) && !others.has(row.extension)) return row.extension;
  return std::nullopt;
}

std::vector<std::string> ehlo_lines(const ServerTerms& terms) {
  std::vector<std::string> lines;
  for (const ExtensionRow& row : extensions) {
    if (!row.offered_at.have(terms.role)) continue;
    const Written arguments = row.arguments(terms);
    if (!arguments) continue;
    lines.emplace_back(row.keyword);
    if (!arguments->empty()) lines.back() += ' ' + *arguments;
  }
  return lines;
}

Extensions understood_by(ServerRole role) {
  Extensions understood;
  for (const ExtensionRow& row : extensions)
    if (row.offered_at.have(role)) understood.add(row.extension);
  return understood;
}

Offer Offer::parse(std::string_view reply_text) {
  Offer offer;
  bool is_greeting = true;  // the first line names the server, whatever word it begins with
  while (!reply_text.empty()) {
    const std::string_view line = reply_text.substr(0, reply_text.find('\n'));
    reply_text.remove_prefix(std::min(reply_text.size(), line.size() + 1));
    if (std::exchange(is_greeting, false)) continue;
    const std::string_view keyword = line.substr(0, line.find_first_of(" ="));
    const auto row = std::ranges::find_if(extensions, [&](const ExtensionRow& one) {
      return equal_ignoring_case(one.keyword, keyword);
    });
    if (row == extensions.end()) continue;
    offer.extensions_.add(row->extension);
    std::string& arguments = offer.arguments_[static_cast<std::size_t>(row->extension)];
    arguments += ' ';  // AUTH and AUTH= may both be there
    arguments += line.substr(std::min(keyword.size() + 1, line.size()));
  }
  return offer;
}

bool Offer::lists(Extension extension, std::string_view word) const {
  std::string_view rest = arguments_[static_cast<std::size_t>(extension)];
  while (!rest.empty()) {
    const std::string_view next = rest.substr(0, rest.find(' '));
    rest.remove_prefix(std::min(rest.size(), next.size() + 1));
    if (!next.empty() && equal_ignoring_case(next, word)) return true;
  }
  return false;
}

std::expected<Extension, ParameterError> read_parameter(std::string_view word,
                                                        MailParameters& subject) {
  return read_word(mail_parameters(), word, subject);
}
std::expected<Extension, ParameterError> read_parameter(std::string_view word, Recipient& subject) {
  return read_word(rcpt_parameters(), word, subject);
}

std::string write_parameters(const MailParameters& subject, const Offer& offer) {
  return write_all(mail_parameters(), subject, offer);
}
std::string write_parameters(const Recipient& subject, const Offer& offer) {
  return write_all(rcpt_parameters(), subject, offer);
}

bool lacks(const Offer& offer, const MailParameters& subject, Otherwise consequence) {
  return std::ranges::any_of(of_mail, [&](const auto& row) {
    return row.otherwise == consequence && !offer.has(row.extension) && row.write(subject);
  });
}

std::string mail_keywords(Extension extension) { return keywords(mail_parameters(), extension); }
std::string rcpt_keywords(Extension extension) { return keywords(rcpt_parameters(), extension); }

}  // namespace postern::mail
