// mailbox/imap/grammar/cursor.cc: the elements of IMAP's grammar.
#include "mailbox/imap/grammar/cursor.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "core/mail/encodings.h"
#include "core/number.h"

namespace postern::imap {
namespace {

bool is_atom_character(unsigned char c) {
  return c > ' ' && c != 0x7f &&
         std::string_view("(){%*\"\\]").find(static_cast<char>(c)) == std::string_view::npos;
}
bool is_astring_character(unsigned char c) { return is_atom_character(c) || c == ']'; }
bool is_list_character(unsigned char c) { return is_astring_character(c) || c == '%' || c == '*'; }
bool is_digit(unsigned char c) { return c >= '0' && c <= '9'; }
bool is_set_character(unsigned char c) { return is_digit(c) || c == ',' || c == ':' || c == '*'; }

char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; }

}  // namespace

std::string to_upper(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(), upper);
  return result;
}

bool Cursor::skip(char c) {
  if (at_end() || text_[position_] != c) return false;
  ++position_;
  return true;
}

bool Cursor::skip_word(std::string_view word) {
  const std::string_view next = rest().substr(0, word.size());
  if (!std::ranges::equal(next, word, {}, upper, upper)) return false;
  if (rest().size() > word.size() &&
      is_atom_character(static_cast<unsigned char>(rest()[word.size()])))
    return false;
  position_ += word.size();
  return true;
}

void Cursor::expect(char c) {
  if (skip(c)) return;
  if (c == ' ') return fail(at_end() ? "an argument is missing" : "a blank is missing");
  fail(fmt::format("'{}' is missing", c));
}

std::string_view Cursor::take_while(bool (*belongs)(unsigned char)) {
  const std::size_t start = position_;
  while (!at_end() && belongs(static_cast<unsigned char>(text_[position_]))) ++position_;
  return text_.substr(start, position_ - start);
}

std::string Cursor::atom() {
  const std::string_view text = take_while(is_atom_character);
  if (text.empty()) fail("an atom is missing");
  return std::string(text);
}

std::string Cursor::upper_atom() { return to_upper(atom()); }

std::string Cursor::quoted_string() {
  expect('"');
  std::string value;
  while (!skip('"')) {
    skip('\\');
    if (at_end() || peek() == '\r' || peek() == '\n' || peek() == '\0') {
      fail("a quoted string does not end");
      return {};
    }
    value += text_[position_++];
  }
  return value;
}

std::string Cursor::literal() {
  expect('{');
  const auto size = parse_number<std::uint64_t>(take_while(is_digit));
  skip('+');
  expect('}');
  if (failed()) return {};
  // Not `expect`, which names the character: no reply holds a CR of its own.
  const bool is_whole = skip('\r') && skip('\n') && size && *size <= rest().size();
  if (!is_whole) {
    fail("a literal is cut off");
    return {};
  }
  const std::string_view value = rest().substr(0, *size);
  if (value.find('\0') != std::string_view::npos) {
    fail("a literal holds NUL");
    return {};
  }
  position_ += *size;
  return std::string(value);
}

std::string Cursor::string() {
  if (peek() == '"') return quoted_string();
  if (peek() == '{') return literal();
  fail("a string is missing");
  return {};
}

std::string Cursor::astring() {
  if (peek() == '"' || peek() == '{') return string();
  const std::string_view text = take_while(is_astring_character);
  if (text.empty()) fail("a string is missing");
  return std::string(text);
}

std::string Cursor::list_mailbox() {
  if (peek() == '"' || peek() == '{') return string();
  const std::string_view text = take_while(is_list_character);
  if (text.empty()) fail("a mailbox pattern is missing");
  return std::string(text);
}

std::string Cursor::nstring_or_nil(bool& is_nil) {
  is_nil = skip_word("NIL");
  return is_nil ? std::string() : string();
}

std::string Cursor::mailbox() {
  const std::string wire = astring();
  if (failed()) return {};
  const auto name = decode_mailbox(wire);
  if (!name) fail("a mailbox name is neither modified UTF-7 nor UTF-8");
  return name.value_or("");
}

std::uint32_t Cursor::number() {
  const auto value = parse_number<std::uint32_t>(take_while(is_digit));
  if (!value) fail("a number of 32 bits is missing");
  return value.value_or(0);
}

std::uint64_t Cursor::number64() {
  const auto value = parse_number<std::int64_t>(take_while(is_digit));
  if (!value) fail("a number of 63 bits is missing");
  return static_cast<std::uint64_t>(value.value_or(0));
}

SequenceSet Cursor::sequence_set() {
  auto set = SequenceSet::parse(take_while(is_set_character));
  if (!set) fail(set.error().text);
  return set.value_or(SequenceSet());
}

/// d-Mon-yyyy; the day may have a blank before it (RFC 3501 §9, date-day-fixed).
std::optional<std::int64_t> Cursor::day_month_year(std::string_view text) {
  static constexpr std::string_view months = "JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDEC";
  if (text.starts_with(' ')) text.remove_prefix(1);
  const std::size_t dash = text.find('-');
  if (dash == std::string_view::npos || dash > 2 || text.size() != dash + 9 ||
      text[dash + 4] != '-')
    return {};
  const auto day = parse_number<std::uint8_t>(text.substr(0, dash));
  const std::size_t month = months.find(to_upper(text.substr(dash + 1, 3)));
  const auto year = parse_number<std::uint16_t>(text.substr(dash + 5));
  if (!day || !year || month == std::string_view::npos || month % 3 != 0) return {};
  const std::chrono::year_month_day date(std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(month / 3 + 1)),
                                         std::chrono::day(*day));
  if (!date.ok()) return {};
  return std::chrono::sys_seconds(std::chrono::sys_days(date)).time_since_epoch().count();
}

std::int64_t Cursor::date() {
  const auto value = day_month_year(astring());
  if (!value) fail("a date like 1-Feb-1994 is missing");
  return value.value_or(0);
}

std::int64_t Cursor::date_time() {
  const std::string text = quoted_string();  // dd-Mon-yyyy hh:mm:ss +zzzz
  const auto wrong = [&] {
    fail("a date like \"17-Jul-1996 02:44:25 -0700\" is missing");
    return std::int64_t{0};
  };
  if (text.size() < 25 || text.size() > 26) return wrong();
  const std::string_view view(text);
  const std::string_view clock =
      view.substr(view.size() - 15);  // " hh:mm:ss +zzzz" without its blank below
  const auto day = day_month_year(view.substr(0, view.size() - 15));
  const auto hour = parse_number<std::uint8_t>(clock.substr(1, 2));
  const auto minute = parse_number<std::uint8_t>(clock.substr(4, 2));
  const auto second = parse_number<std::uint8_t>(clock.substr(7, 2));
  const auto zone_hour = parse_number<std::uint8_t>(clock.substr(11, 2));
  const auto zone_minute = parse_number<std::uint8_t>(clock.substr(13, 2));
  const bool has_shape = clock[0] == ' ' && clock[3] == ':' && clock[6] == ':' && clock[9] == ' ' &&
                         (clock[10] == '+' || clock[10] == '-');
  if (!has_shape || !day || !hour || !minute || !second || !zone_hour || !zone_minute)
    return wrong();
  if (*hour > 23 || *minute > 59 || *second > 60 || *zone_minute > 59) return wrong();
  const std::int64_t east = (*zone_hour * 60 + *zone_minute) * 60 * (clock[10] == '+' ? 1 : -1);
  return *day + *hour * 3600 + *minute * 60 + *second - east;
}

void Cursor::fail(std::string_view why) {
  if (!error_) error_ = SyntaxError{std::string(why), position_};
  position_ = text_.size();
}

std::expected<void, SyntaxError> Cursor::finish() {
  if (!error_ && !at_end()) fail("there is more text than this command takes");
  if (error_) return std::unexpected(*error_);
  return {};
}

std::optional<std::string> decode_mailbox(std::string_view wire) {
  const bool is_ascii = std::ranges::all_of(wire, [](unsigned char c) { return c < 0x80; });
  std::string name;
  if (is_ascii) {
    const auto decoded = mail::modified_utf7_decode(wire);
    if (!decoded) return {};
    name = *decoded;
  } else {
    if (!mail::is_valid_utf8(wire)) return {};
    name = wire;
  }
  // INBOX is INBOX in any case (RFC 3501 §5.1), also as the first level of others.
  if (name.size() >= 5 && to_upper(std::string_view(name).substr(0, 5)) == "INBOX" &&
      (name.size() == 5 || name[5] == '/')) {
    name.replace(0, 5, "INBOX");
  }
  return name;
}

}  // namespace postern::imap
