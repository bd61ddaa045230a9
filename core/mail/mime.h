// core/mail/mime.h: the parts of a message with their byte offsets (RFC 2045, 2046): what
// BODYSTRUCTURE and BODY[…] need.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace postern::mail {

constexpr std::size_t mime_depth_limit = 100;
constexpr std::size_t mime_part_limit = 10'000;

struct Parameter {
  std::string
      name;  // lower case; the pieces of RFC 2231 §3 are joined: "filename", never "filename*0*"
  std::string value;     // unquoted; UTF-8 where it was RFC 2231, else as written
  std::string extended;  // not empty: it came encoded (RFC 2231 §4); IMAP shows this, `utf-8''…`,
                         // under "name*"
  std::string fallback = {};  // what a plain "name" said beside it, for readers of old
  bool operator==(const Parameter&) const = default;
};
/// "text/plain; charset=utf-8": a value and its parameters. Bounded, lenient.
struct ParameterisedValue {
  std::string value;  // lower case
  std::vector<Parameter> parameters;
  const std::string* find(std::string_view name) const;
};
ParameterisedValue parse_parameterised(std::string_view field_value);

struct ByteRange {
  std::size_t begin = 0, end = 0;
  std::size_t size() const { return end - begin; }
  std::string_view of(std::string_view text) const { return text.substr(begin, end - begin); }
  bool operator==(const ByteRange&) const = default;
};

/// One part. Part 0 is the message itself. A message/rfc822 part has exactly one child: the message
/// inside, whose header is that message's header.
struct MimePart {
  std::string type = "text", subtype = "plain";  // lower case
  std::vector<Parameter> parameters;
  std::optional<std::string> id, description, md5, location;  // unfolded
  std::string encoding = "7bit";                              // lower case
  std::optional<ParameterisedValue> disposition;
  std::vector<std::string> languages;
  ByteRange header;         // with its empty line
  ByteRange body;           // without the CRLF that belongs to the boundary
  std::uint64_t lines = 0;  // of the body
  std::vector<std::size_t> children;
  std::size_t parent = 0;  // itself for part 0
  std::size_t depth = 0;

  bool is_multipart() const { return type == "multipart"; }
  bool is_message() const {
    return type == "message" && (subtype == "rfc822" || subtype == "global");
  }
  const std::string* parameter(std::string_view name) const;
  std::string filename()
      const;  // of Content-Disposition or Content-Type, words decoded; empty when none
};

enum class Section { body, mime, header, text };  // BODY[1.2], [1.2.MIME], [1.2.HEADER], [1.2.TEXT]

/// The whole tree, flat: children are indices into `parts`. Iterative; beyond the limits a part is
/// not looked into.
struct MimeStructure {
  std::vector<MimePart> parts;
  bool is_complete = true;  // false when a limit was reached

  static MimeStructure parse(std::string_view message);

  const MimePart& root() const { return parts.front(); }
  /// The part that IMAP calls `numbers` ({1, 2} is "1.2"); null when there is none. {} is the root.
  const MimePart* find(std::span<const std::uint32_t> numbers) const;
  /// Where a section lies in the message. {} with `body` is the whole message. `header` and `text`
  /// with numbers exist for message/rfc822 parts only, `mime` only with numbers (RFC 3501 §6.4.5).
  std::optional<ByteRange> section(std::span<const std::uint32_t> numbers, Section section) const;
};

/// The text of a text part for people and for SEARCH: transfer encoding and charset removed.
/// `limit` bounds the input read.
std::string decoded_text(const MimePart& part, std::string_view message,
                         std::size_t limit = SIZE_MAX);

}  // namespace postern::mail
