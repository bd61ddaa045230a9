// core/mail/encodings.h: the octet encodings of mail: base64, quoted-printable, xtext, modified
// UTF-7.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "core/error.h"

namespace postern::mail {

std::string base64_encode(std::string_view bytes);  // one line
std::string base64_lines(std::string_view bytes);   // lines of 76 with CRLF after each: a MIME body
/// Strict (RFC 4648 §3.5): no blanks, full padding, no stray bits. For credentials.
std::expected<std::string, SyntaxError> base64_decode(std::string_view text);
/// Lenient (RFC 2045 §6.8): characters outside of the alphabet are skipped, missing padding is
/// forgiven. For bodies.
std::string base64_decode_body(std::string_view text);

std::string quoted_printable_encode(
    std::string_view text);  // CRLF stays a line end; lines of at most 76
std::string quoted_printable_decode(
    std::string_view text);  // what is not an encoding stays as it is

/// A body by its Content-Transfer-Encoding (any case); 7bit, 8bit, binary and unknown ones are
/// copied.
std::string decode_transfer(std::string_view encoding, std::string_view body);

std::string xtext_encode(std::string_view bytes);  // RFC 3461 §4
std::expected<std::string, SyntaxError> xtext_decode(std::string_view text);

/// IMAP mailbox names (RFC 3501 §5.1.3). Decoding accepts the canonical form only.
std::string modified_utf7_encode(std::string_view utf8);
std::expected<std::string, SyntaxError> modified_utf7_decode(std::string_view text);

/// UTF-8, for a code point up to 0x10ffff.
void append_utf8(std::string& out, std::uint32_t point);

std::string hex_encode(std::string_view bytes);  // lower case
bool is_ascii(std::string_view text);
bool is_valid_utf8(std::string_view text);  // no overlong forms, no surrogates
bool has_control(std::string_view text);    // below 0x20, or 0x7f
bool equal_ignoring_case(std::string_view a, std::string_view b);  // ASCII
std::string lower_case(std::string_view text);                     // ASCII

}  // namespace postern::mail
