// mailbox/imap/grammar/request.h: a command's frame: its tag, its name, and the literals in it.
// Pure.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace postern::imap {

// The bounds of a command (RULES.md "At the door" 6).
inline constexpr std::size_t command_limit =
    64 * 1024;  // octets, with literals, without APPEND's message
inline constexpr std::size_t long_line_limit =
    1024 * 1024;  // of a line past it that is read to its end
inline constexpr std::size_t tag_limit = 256;

/// A literal that a line announces at its end (RFC 3501 §4.3). A size past 64 bits is the largest
/// there is.
struct LiteralMark {
  std::uint64_t size = 0;
  bool synchronizing = true;  // false: {n+}, which comes unasked (RFC 7888 §3)
  bool operator==(const LiteralMark&) const = default;
};
std::optional<LiteralMark> literal_at_end(std::string_view line);

/// A command by its tag and name (RFC 3501 §2.2.1). `name` is in capitals; that of a UID command is
/// "UID FETCH" (RFC 3501 §6.4.8).
struct Request {
  static constexpr std::string_view uid_prefix = "UID ";

  std::string tag;
  std::string name;
  std::string_view arguments;  // of the bytes that were parsed, with their leading blank
  std::optional<LiteralMark> message = {};  // APPEND's message comes next on the stream

  bool is_by_uid() const { return name.starts_with(uid_prefix); }
};

/// What cannot be answered as a command.
struct BadRequest {
  std::string tag;  // "*" when it could not be read
  std::string text;
};
std::expected<Request, BadRequest> parse_request(std::string_view bytes);

}  // namespace postern::imap
