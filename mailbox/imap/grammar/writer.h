// mailbox/imap/grammar/writer.h: the one writer of strings in IMAP replies (RFC 3501 §4.3, §9).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace postern::imap {

/// Appends `text` as a `string`: quoted when it can be, else as a literal. NUL, which no string may
/// hold, becomes a blank.
void write_string(std::string& out, std::string_view text);

/// "{n}" CRLF (RFC 3501 §4.3); n octets have to follow, by append_octets.
void begin_literal(std::string& out, std::uint64_t size);
/// Octets of a literal, in any pieces. No literal holds NUL (RFC 3501 §9, CHAR8): it becomes a
/// blank.
void append_octets(std::string& out, std::string_view octets);

/// In decimal. Of ten thousand answers, a format string for each number would be a good part.
void write_number(std::string& out, std::uint64_t number);

/// As write_string, but NIL when there is none.
void write_nstring(std::string& out, std::optional<std::string_view> text);

/// As an atom where that is possible, else as a string.
void write_astring(std::string& out, std::string_view text);

/// The same as values.
std::string quoted(std::string_view text);

/// The mailbox name of the store (UTF-8) as the wire has it: modified UTF-7 (RFC 3501 §5.1.3),
/// quoted.
void write_mailbox(std::string& out, std::string_view name);

}  // namespace postern::imap
