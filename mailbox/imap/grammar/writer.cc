// mailbox/imap/grammar/writer.cc: chooses between atom, quoted string and literal.
#include "mailbox/imap/grammar/writer.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/mail/encodings.h"

namespace postern::imap {
namespace {

constexpr std::size_t quoted_limit =
    1000;  // longer ones go as literals: old clients have line buffers

bool is_quotable(std::string_view text) {
  return text.size() <= quoted_limit &&
         std::ranges::all_of(text, [](unsigned char c) { return c >= ' ' && c < 0x7f; });
}

bool is_atom(std::string_view text) {
  const auto is_atom_character = [](unsigned char c) {
    return c > ' ' && c < 0x7f &&
           std::string_view("(){%*\"\\]").find(static_cast<char>(c)) == std::string_view::npos;
  };
  // NIL is an atom that reads as "none".
  const bool is_nil = text.size() == 3 && (text[0] | 0x20) == 'n' && (text[1] | 0x20) == 'i' &&
                      (text[2] | 0x20) == 'l';
  return !text.empty() && !is_nil && text.size() <= quoted_limit &&
         std::ranges::all_of(text, is_atom_character);
}

}  // namespace

void write_number(std::string& out, std::uint64_t number) {
  const fmt::format_int digits(number);
  out.append(digits.data(), digits.size());
}

void write_string(std::string& out, std::string_view text) {
  if (is_quotable(text)) {
    out += '"';
    for (const char c : text) {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
    out += '"';
    return;
  }
  begin_literal(out, text.size());
  append_octets(out, text);
}

void begin_literal(std::string& out, std::uint64_t size) {
  out += '{';
  write_number(out, size);
  out += "}\r\n";
}

void append_octets(std::string& out, std::string_view octets) {
  const std::size_t start = out.size();
  out += octets;
  for (std::size_t at = out.find('\0', start); at != std::string::npos; at = out.find('\0', at + 1))
    out[at] = ' ';
}

void write_nstring(std::string& out, std::optional<std::string_view> text) {
  if (text) {
    write_string(out, *text);
  } else {
    out += "NIL";
  }
}

void write_astring(std::string& out, std::string_view text) {
  if (is_atom(text)) {
    out += text;
  } else {
    write_string(out, text);
  }
}

std::string quoted(std::string_view text) {
  std::string out;
  write_string(out, text);
  return out;
}

void write_mailbox(std::string& out, std::string_view name) {
  write_string(out, mail::modified_utf7_encode(name));
}

}  // namespace postern::imap
