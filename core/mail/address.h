// core/mail/address.h: mail domains and addresses whose syntax has been checked.
#pragma once

#include <compare>
#include <cstddef>
#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "core/error.h"

namespace postern::mail {

/// A host or mail domain (RFC 5321 §4.1.2 `Domain`), or an address literal such as `[192.0.2.1]` or
/// `[IPv6:2001:db8::1]`. Internationalised names are converted to A-labels (IDNA 2008, UTS 46
/// mapping); one trailing dot is dropped.
class Domain {
 public:
  static std::expected<Domain, SyntaxError> parse(std::string_view text);

  const std::string& text() const {
    return text_;
  }  // lower case, A-labels; a literal with its brackets
  std::string unicode() const;  // for people: U-labels
  bool is_literal() const { return text_.front() == '['; }
  /// The IP address inside a literal, without brackets and `IPv6:`; empty for a name.
  std::string literal_address() const;
  auto operator<=>(const Domain&) const = default;

 private:
  explicit Domain(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

/// An address whose syntax has been checked (RFC 5321 §4.1.2 `Mailbox`, with RFC 6531's UTF-8).
/// Quoted and plain spellings of one local part are equal.
class EmailAddress {
 public:
  /// `text` without angle brackets. A source route in front is stripped (RFC 5321 §4.1.1.3).
  static std::expected<EmailAddress, SyntaxError> parse(std::string_view text);

  const std::string& local_part() const {
    return local_part_;
  }  // unquoted; case kept: RFC 5321 §2.4
  const Domain& domain() const { return domain_; }
  std::string text() const;     // as it goes on the wire, local part quoted where it must be
  bool needs_smtputf8() const;  // the local part is not ASCII (the domain always is)
  /// For comparing with own addresses: ASCII lower case. Postern's own local parts know no case.
  std::string folded() const;
  auto operator<=>(const EmailAddress&) const = default;

 private:
  EmailAddress(std::string local_part, Domain domain)
      : local_part_(std::move(local_part)), domain_(std::move(domain)) {}
  std::string local_part_;
  Domain domain_;
};

using ReversePath = std::optional<EmailAddress>;  // none is <>, a bounce: RFC 5321 §4.5.5
std::string path_text(const ReversePath& path);   // "<a@b.example>" or "<>"

/// "<@a,@b:c@d> SIZE=1" → "@a,@b:c@d" and "SIZE=1"; knows quotes. An error when it does not start
/// with a closed `<…>`. One blank before `<` and a missing blank after `>` are errors of the
/// caller's taste: leading blanks are skipped.
struct SplitPath {
  std::string_view path;  // without brackets
  std::string_view rest;  // without leading blanks
};
std::expected<SplitPath, SyntaxError> split_path(std::string_view arguments);

/// "@a,@b:c@d" → "c@d"; anything else as it is.
std::string_view strip_source_route(std::string_view path);

/// A local part as a `Dot-string`, or quoted (RFC 5321 §4.1.2).
std::string quote_local_part(std::string_view local_part);

}  // namespace postern::mail

template <>
struct std::hash<postern::mail::Domain> {
  std::size_t operator()(const postern::mail::Domain& d) const noexcept {
    return std::hash<std::string>{}(d.text());
  }
};
template <>
struct std::hash<postern::mail::EmailAddress> {
  std::size_t operator()(const postern::mail::EmailAddress& a) const noexcept {
    return std::hash<std::string>{}(a.local_part()) * 31 +
           std::hash<std::string>{}(a.domain().text());
  }
};
