// core/mail/encoded_words.cc: RFC 2047 both ways, and folding; see headers.h.
#include <algorithm>
#include <cstdint>

#include "core/mail/charset.h"
#include "core/mail/encodings.h"
#include "core/mail/headers.h"

namespace postern::mail {
namespace {

struct Word {
  std::string_view charset;
  std::string bytes;
  std::size_t end = 0;
};

std::string decode_q(std::string_view text) {
  std::string spaced(text);
  std::ranges::replace(spaced, '_', ' ');
  if (spaced.ends_with(' '))
    spaced.replace(spaced.size() - 1, 1, "=20");  // a blank at the end counts here
  return quoted_printable_decode(spaced);
}

/// The encoded word at `at`, where "=?" stands.
std::optional<Word> word_at(std::string_view text, std::size_t at) {
  const std::size_t charset_end = text.substr(0, std::min(text.size(), at + 80)).find('?', at + 2);
  if (charset_end == std::string_view::npos || charset_end + 2 >= text.size() ||
      text[charset_end + 2] != '?')
    return std::nullopt;
  const char kind = text[charset_end + 1];
  const std::size_t begin = charset_end + 3;
  const std::size_t end = text.find('?', begin);
  if (end == std::string_view::npos || end + 1 >= text.size() || text[end + 1] != '=')
    return std::nullopt;
  std::string_view charset = text.substr(at + 2, charset_end - at - 2);
  charset = charset.substr(0, charset.find('*'));  // a language: RFC 2231 §5
  const std::string_view encoded = text.substr(begin, end - begin);
  if (kind == 'B' || kind == 'b') return Word{charset, base64_decode_body(encoded), end + 2};
  if (kind == 'Q' || kind == 'q') return Word{charset, decode_q(encoded), end + 2};
  return std::nullopt;
}

/// What came out of a word may hold anything; a line must stay one line.
void append_printable(std::string& out, std::string_view utf8) {
  for (const char c : utf8) out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c;
}

bool needs_word(std::string_view word) {
  return word.size() > 900 || word.contains("=?") || std::ranges::any_of(word, [](char c) {
           return static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) >= 0x7f;
         });
}

}  // namespace

std::string decode_words(std::string_view text) {
  std::string out, pending;
  std::string_view charset;
  const auto flush = [&] {
    if (charset.empty()) return;
    append_printable(out, to_utf8(charset, pending).value_or(guess_utf8(pending)));
    pending.clear();
    charset = {};
  };
  std::size_t plain = 0, after_word = std::string_view::npos;
  for (std::size_t at = text.find("=?"); at != std::string_view::npos; at = text.find("=?", at)) {
    const auto word = word_at(text, at);
    if (!word) {
      at += 2;
      continue;
    }
    const std::string_view between = text.substr(plain, at - plain);
    const bool adjacent =
        plain == after_word && between.find_first_not_of(" \t\r\n") == std::string_view::npos;
    if (!adjacent) {
      flush();
      append_printable(out, guess_utf8(between));
    } else if (!equal_ignoring_case(charset, word->charset)) {
      flush();
    }
    charset = word->charset.empty() ? std::string_view("utf-8") : word->charset;
    pending += word->bytes;  // a character may be split between two words
    at = plain = after_word = word->end;
  }
  flush();
  append_printable(out, guess_utf8(text.substr(plain)));
  return out;
}

std::string encode_words(std::string_view utf8) {
  std::size_t first = std::string_view::npos, last = 0;
  for (std::size_t begin = 0; begin < utf8.size();) {
    const std::size_t end = std::min(utf8.find(' ', begin), utf8.size());
    const std::string_view word = utf8.substr(begin, end - begin);
    if (needs_word(word)) {
      first = std::min(first, begin);
      last = end;
    }
    begin = end + 1;
  }
  if (first == std::string_view::npos) return std::string(utf8);

  const std::string_view middle = utf8.substr(first, last - first);
  const auto special = [](char c) {
    return !((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
             c == '-' || c == '!' || c == '*' || c == '+' || c == '/' || c == ' ');
  };
  const bool as_q =
      static_cast<std::size_t>(std::ranges::count_if(middle, special)) * 6 < middle.size();
  std::string out(utf8.substr(0, first)), encoded;
  std::size_t octets = 0;
  bool any = false;
  const auto flush = [&](std::string_view bytes) {
    if (any) out += ' ';
    any = true;
    out += as_q ? "=?UTF-8?Q?" + encoded + "?=" : "=?UTF-8?B?" + base64_encode(bytes) + "?=";
    encoded.clear();
    octets = 0;
  };
  std::size_t chunk = 0;
  for (std::size_t at = 0; at < middle.size();) {
    std::size_t next = at + 1;  // whole characters stay together: RFC 2047 §5
    while (next < middle.size() && next - at < 4 &&
           (static_cast<unsigned char>(middle[next]) & 0xc0) == 0x80)
      ++next;
    std::string piece;
    for (const char c : middle.substr(at, next - at)) {
      static constexpr char digits[] = "0123456789ABCDEF";
      const auto byte = static_cast<unsigned char>(c);
      if (c == ' ') {
        piece += '_';
      } else if (special(c)) {
        piece += {'=', digits[byte >> 4], digits[byte & 15]};
      } else {
        piece += c;
      }
    }
    if ((as_q && encoded.size() + piece.size() > 63) || (!as_q && octets + (next - at) > 45)) {
      flush(middle.substr(chunk, at - chunk));
      chunk = at;
    }
    encoded += piece;
    octets += next - at;
    at = next;
  }
  flush(middle.substr(chunk));
  out += utf8.substr(last);
  return out;
}

std::string encode_phrase(std::string_view name) {
  const auto is_plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == ' ' ||
           c == '-' || c == '_' || c == '\'';
  };
  if (std::string encoded = encode_words(name); encoded != name) {
    // An encoded word in a phrase may stand beside atoms only, so the whole name is encoded.
    if (std::ranges::all_of(
            name, [&](char c) { return static_cast<unsigned char>(c) >= 0x80 || is_plain(c); }))
      return encoded;
    std::string out;
    for (std::size_t at = 0; at < name.size();) {
      std::size_t end = std::min(at + 45, name.size());
      while (end < name.size() && end > at + 1 &&
             (static_cast<unsigned char>(name[end]) & 0xc0) == 0x80)
        --end;
      if (!out.empty()) out += ' ';
      out += "=?UTF-8?B?" + base64_encode(name.substr(at, end - at)) + "?=";
      at = end;
    }
    return out;
  }
  if (std::ranges::all_of(name, is_plain)) return std::string(name);
  std::string out = "\"";
  for (const char c : name) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

std::string fold(std::string_view value, std::size_t used) {
  std::string out;
  std::size_t column = used, begin = 0;
  while (begin < value.size()) {
    // One blank run with the word behind it; a line must never consist of blanks alone.
    const std::size_t word = std::min(value.find_first_not_of(" \t", begin), value.size());
    const std::size_t end = std::min(value.find_first_of(" \t", word), value.size());
    if (word > begin && word < value.size() && column > 1 && column + (end - begin) > 78) {
      out += "\r\n";
      column = 0;
    }
    out += value.substr(begin, end - begin);
    column += end - begin;
    begin = end;
  }
  return out;
}

}  // namespace postern::mail
