// core/mail/encodings.cc: quoted-printable, xtext, modified UTF-7 and what they need of UTF-8.
#include "core/mail/encodings.h"

#include <algorithm>
#include <cstdint>

#include "core/hex.h"

namespace postern::mail {
namespace {

unsigned byte(char c) { return static_cast<unsigned char>(c); }

/// The code point at `at`, which moves behind it; -1 when the bytes there are not UTF-8.
std::int32_t next_code_point(std::string_view text, std::size_t& at) {
  const unsigned first = byte(text[at]);
  if (first < 0x80) return static_cast<std::int32_t>(text[at++]);
  const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() - at < length) return -1;
  std::int32_t point = static_cast<std::int32_t>(first & (0x7fU >> length));
  for (std::size_t i = 1; i < length; ++i) {
    const unsigned next = byte(text[at + i]);
    if ((next & 0xc0) != 0x80) return -1;
    point = point << 6 | static_cast<std::int32_t>(next & 0x3f);
  }
  constexpr std::int32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  if (point < least[length] || point > 0x10ffff || (point >= 0xd800 && point < 0xe000)) return -1;
  at += length;
  return point;
}

}  // namespace

void append_utf8(std::string& out, std::uint32_t point) {
  if (point < 0x80) {
    out += static_cast<char>(point);
  } else if (point < 0x800) {
    out += static_cast<char>(0xc0 | point >> 6);
    out += static_cast<char>(0x80 | (point & 0x3f));
  } else if (point < 0x10000) {
    out += static_cast<char>(0xe0 | point >> 12);
    out += static_cast<char>(0x80 | (point >> 6 & 0x3f));
    out += static_cast<char>(0x80 | (point & 0x3f));
  } else {
    out += static_cast<char>(0xf0 | point >> 18);
    out += static_cast<char>(0x80 | (point >> 12 & 0x3f));
    out += static_cast<char>(0x80 | (point >> 6 & 0x3f));
    out += static_cast<char>(0x80 | (point & 0x3f));
  }
}

std::string quoted_printable_encode(std::string_view text) {
  std::string out;
  out.reserve(text.size() + text.size() / 8);
  std::size_t column = 0;
  const auto room = [&](std::size_t octets) {
    if (column + octets > 75) {
      out += "=\r\n";
      column = 0;
    }
    column += octets;
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\r' && i + 1 < text.size() && text[i + 1] == '\n') {
      out += "\r\n";
      column = 0;
      ++i;
      continue;
    }
    const bool before_end = i + 1 == text.size() || text[i + 1] == '\r';
    const bool starts_from =
        column == 0 && text.substr(i).starts_with("From ");  // mbox stores would add ">"
    const bool plain =
        ((c > ' ' && c < 0x7f && c != '=') || ((c == ' ' || c == '\t') && !before_end)) &&
        !starts_from && !(c == '.' && column == 0);
    room(plain ? 1 : 3);
    if (plain) {
      out += c;
    } else {
      out += '=';
      append_hex(out, c);
    }
  }
  return out;
}

std::string quoted_printable_decode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  std::size_t i = 0;
  while (i < text.size()) {
    const char c = text[i];
    if (c == '=') {
      if (i + 2 < text.size() && hex_value(text[i + 1]) >= 0 && hex_value(text[i + 2]) >= 0) {
        out += static_cast<char>(hex_value(text[i + 1]) << 4 | hex_value(text[i + 2]));
        i += 3;
        continue;
      }
      std::size_t end = i + 1;  // a soft line break, blanks before its end allowed
      while (end < text.size() && (text[end] == ' ' || text[end] == '\t')) ++end;
      if (end == text.size()) break;
      if (text.substr(end).starts_with("\r\n")) {
        i = end + 2;
        continue;
      }
      if (text[end] == '\n') {
        i = end + 1;
        continue;
      }
    } else if (c == ' ' ||
               c == '\t') {  // blanks at a line's end were added on the way (RFC 2045 §6.7 rule 3)
      std::size_t end = i;
      while (end < text.size() && (text[end] == ' ' || text[end] == '\t')) ++end;
      if (end < text.size() && text[end] != '\r' && text[end] != '\n') out.append(text, i, end - i);
      i = end;
      continue;
    }
    out += c;
    ++i;
  }
  return out;
}

std::string decode_transfer(std::string_view encoding, std::string_view body) {
  if (equal_ignoring_case(encoding, "base64")) return base64_decode_body(body);
  if (equal_ignoring_case(encoding, "quoted-printable")) return quoted_printable_decode(body);
  return std::string(body);
}

std::string xtext_encode(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) {
    if (c > ' ' && c < 0x7f && c != '+' && c != '=') {
      out += c;
    } else {
      out += '+';
      append_hex(out, c);
    }
  }
  return out;
}

std::expected<std::string, SyntaxError> xtext_decode(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '+') {
      if (text.size() - i < 3 || hex_value(text[i + 1]) < 0 || hex_value(text[i + 2]) < 0) {
        return syntax_error("xtext has '+' without two hexadecimal digits", i);
      }
      out += static_cast<char>(hex_value(text[i + 1]) << 4 | hex_value(text[i + 2]));
      i += 2;
    } else if (c > ' ' && c < 0x7f && c != '=') {
      out += c;
    } else {
      return syntax_error("a character that xtext must encode", i);
    }
  }
  return out;
}

std::string modified_utf7_encode(std::string_view utf8) {
  std::string out, utf16;
  const auto flush = [&] {
    if (utf16.empty()) return;
    std::string encoded = base64_encode(utf16);
    while (encoded.ends_with('=')) encoded.pop_back();
    std::ranges::replace(encoded, '/', ',');
    out += '&' + encoded + '-';
    utf16.clear();
  };
  const auto unit = [&](std::uint32_t value) {
    utf16 += static_cast<char>(value >> 8);
    utf16 += static_cast<char>(value & 0xff);
  };
  for (std::size_t at = 0; at < utf8.size();) {
    std::int32_t point = next_code_point(utf8, at);
    if (point < 0) {
      point = 0xfffd;
      ++at;
    }
    if (point >= 0x20 && point < 0x7f) {
      flush();
      out += static_cast<char>(point);
      if (point == '&') out += '-';
    } else if (point >= 0x10000) {
      unit(0xd800U + (static_cast<std::uint32_t>(point - 0x10000) >> 10));
      unit(0xdc00U + (static_cast<std::uint32_t>(point - 0x10000) & 0x3ff));
    } else {
      unit(static_cast<std::uint32_t>(point));
    }
  }
  flush();
  return out;
}

std::expected<std::string, SyntaxError> modified_utf7_decode(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c < ' ' || c >= 0x7f) return syntax_error("a character that modified UTF-7 must encode", i);
    if (c != '&') {
      out += c;
      continue;
    }
    const std::size_t end = text.find('-', i);
    if (end == std::string_view::npos)
      return syntax_error("modified UTF-7 without its closing '-'", i);
    std::string encoded(text.substr(i + 1, end - i - 1));
    i = end;
    if (encoded.empty()) {
      out += '&';
      continue;
    }
    std::ranges::replace(encoded, ',', '/');
    encoded.append((4 - encoded.size() % 4) % 4, '=');
    const auto utf16 = base64_decode(encoded);
    if (!utf16 || utf16->size() % 2 != 0)
      return syntax_error("modified UTF-7 that is not base64 of UTF-16", i);
    for (std::size_t k = 0; k < utf16->size(); k += 2) {
      std::uint32_t point = byte((*utf16)[k]) << 8 | byte((*utf16)[k + 1]);
      if (point >= 0xd800 && point < 0xdc00 && k + 3 < utf16->size()) {
        const std::uint32_t low = byte((*utf16)[k + 2]) << 8 | byte((*utf16)[k + 3]);
        if (low >= 0xdc00 && low < 0xe000) {
          point = 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00);
          k += 2;
        }
      }
      if (point >= 0xd800 && point < 0xe000)
        return syntax_error("modified UTF-7 with half a surrogate pair", i);
      append_utf8(out, point);
    }
  }
  // One name, one spelling: what encodes differently would be a second name for the same mailbox.
  if (modified_utf7_encode(out) != text)
    return syntax_error("modified UTF-7 that is not canonical", 0);
  return out;
}

std::string hex_encode(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) {
    append_hex(out, c);
  }
  return lower_case(out);
}

bool is_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return byte(c) < 0x80; });
}

bool is_valid_utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    if (next_code_point(text, at) < 0) return false;
  }
  return true;
}

bool has_control(std::string_view text) {
  return std::ranges::any_of(text, [](char c) { return byte(c) < 0x20 || c == 0x7f; });
}

std::string lower_case(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return out;
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::ranges::equal(a, b, {}, lower, lower);
}

}  // namespace postern::mail
