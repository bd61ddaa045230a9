// core/mail/encoded_words.cc: RFC 2047 both ways, and folding; see headers.h.
#include <algorithm>
#include <cstdint>
#include <utility>

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

/// From the first to the last word that cannot stand as it is; empty when all can.
std::pair<std::size_t, std::size_t> stretch_to_encode(std::string_view text) {
  std::size_t first = std::string_view::npos, last = 0;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find(' ', begin), text.size());
    if (needs_word(text.substr(begin, end - begin))) {
      first = std::min(first, begin);
      last = end;
    }
    begin = end + 1;
  }
  return {std::min(first, last), last};
}

/// What Q leaves as it is, also in a phrase (RFC 2047 §5 (3)); a blank becomes '_'.
bool is_plain_q(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("-!*+/ ").contains(c);
}

std::string encode_q(std::string_view text) {
  static constexpr char digits[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == ' ') {
      out += '_';
    } else if (is_plain_q(c)) {
      out += c;
    } else {
      out += {'=', digits[byte >> 4], digits[byte & 15]};
    }
  }
  return out;
}

/// `text` as encoded words of at most 75 octets, of whole characters each (RFC 2047 §5).
void append_words(std::string_view text, bool as_q, std::string& out) {
  const std::size_t room =
      as_q ? 63 : 45;  // in Q octets or in plain ones: 75 without "=?UTF-8?Q?" and "?="
  while (!text.empty()) {
    std::size_t end = 0, used = 0;
    while (end < text.size()) {
      std::size_t next = end + 1;
      while (next < text.size() && next - end < 4 &&
             (static_cast<unsigned char>(text[next]) & 0xc0) == 0x80)
        ++next;
      const std::string_view character = text.substr(end, next - end);
      used += as_q ? encode_q(character).size() : character.size();
      if (used > room) break;
      end = next;
    }
    const std::string_view piece = text.substr(0, end);
    out +=
        as_q ? "=?UTF-8?Q?" + encode_q(piece) + "?=" : "=?UTF-8?B?" + base64_encode(piece) + "?=";
    text.remove_prefix(end);
    if (!text.empty()) out += ' ';
  }
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
  const auto [begin, end] = stretch_to_encode(utf8);
  if (begin == end) return std::string(utf8);
  const std::string_view stretch = utf8.substr(begin, end - begin);
  const auto special = static_cast<std::size_t>(
      std::ranges::count_if(stretch, [](char c) { return !is_plain_q(c); }));
  std::string out(utf8.substr(0, begin));
  append_words(stretch, special * 6 < stretch.size(), out);
  return out.append(utf8.substr(end));
}

std::string encode_phrase(std::string_view name) {
  const auto is_plain = [](char c) { return is_plain_q(c) || c == '_' || c == '\''; };
  if (std::ranges::all_of(name, is_plain) && name.size() <= 900) return std::string(name);
  std::string out;
  if (const auto [begin, end] = stretch_to_encode(name); begin != end) {
    append_words(
        name, false,
        out);  // beside encoded words a phrase may have atoms only, so all of it is encoded
    return out;
  }
  out = '"';
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
