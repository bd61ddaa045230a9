// core/mail/date.cc: dates of header fields (RFC 5322 §3.3, §4.3); see headers.h.
#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <utility>

#include "core/mail/encodings.h"
#include "core/mail/headers.h"

namespace postern::mail {
namespace {

using namespace std::chrono;

constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::array<std::string_view, 7> days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array<std::pair<std::string_view, int>, 11> zones{{{"UT", 0},
                                                                  {"GMT", 0},
                                                                  {"UTC", 0},
                                                                  {"EST", -5},
                                                                  {"EDT", -4},
                                                                  {"CST", -6},
                                                                  {"CDT", -5},
                                                                  {"MST", -7},
                                                                  {"MDT", -6},
                                                                  {"PST", -8},
                                                                  {"PDT", -7}}};

/// Words, numbers and single signs of a date; comments and blanks are passed over.
class DateScanner {
 public:
  explicit DateScanner(std::string_view text) : text_(text.substr(0, 200)) {}

  bool take(char c) {
    skip();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  std::string_view word() {
    skip();
    const std::size_t begin = at_;
    while (at_ < text_.size() &&
           ((text_[at_] >= 'a' && text_[at_] <= 'z') || (text_[at_] >= 'A' && text_[at_] <= 'Z')))
      ++at_;
    return text_.substr(begin, at_ - begin);
  }
  std::optional<int> number(std::size_t most_digits) {
    skip();
    const std::size_t begin = at_;
    int value = 0;
    while (at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9' &&
           at_ - begin < most_digits)
      value = value * 10 + (text_[at_++] - '0');
    digits_ = at_ - begin;
    return digits_ == 0 ? std::nullopt : std::optional(value);
  }
  std::size_t digits() const { return digits_; }

 private:
  void skip() {
    int depth = 0;
    for (; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == '(') ++depth;
      if (depth == 0 && c != ' ' && c != '\t' && c != '\r' && c != '\n') return;
      if (c == '\\' && depth > 0) ++at_;
      if (c == ')' && depth > 0) --depth;
    }
    at_ = std::min(at_, text_.size());
  }

  std::string_view text_;
  std::size_t at_ = 0, digits_ = 0;
};

minutes zone_of(DateScanner& scan) {
  const bool plus = scan.take('+');
  if (plus || scan.take('-')) {
    const int value = scan.number(4).value_or(0);
    const int offset = std::min(value / 100, 23) * 60 + std::min(value % 100, 59);
    return minutes(plus ? offset : -offset);
  }
  const std::string_view name = scan.word();
  for (const auto& [known, hours] : zones) {
    if (equal_ignoring_case(name, known)) return minutes(hours * 60);
  }
  return minutes(0);  // military and unknown names count as -0000: RFC 5322 §4.3
}

}  // namespace

std::optional<DateTime> parse_date(std::string_view text) {
  DateScanner scan(text);
  if (!scan.word().empty())
    (void)(scan.take(',') || scan.take('.'));  // the day's name, not looked at
  const auto day_number = scan.number(2);
  scan.take('-');
  const std::string_view month_name = scan.word();
  scan.take('-');
  auto year_number = scan.number(4);
  if (!day_number || !year_number || month_name.size() < 3) return std::nullopt;
  if (scan.digits() <= 2) {
    *year_number += *year_number < 50 ? 2000 : 1900;
  } else if (scan.digits() == 3) {
    *year_number += 1900;
  }
  unsigned month_number = 0;
  for (unsigned i = 0; i < 12; ++i) {
    if (equal_ignoring_case(month_name.substr(0, 3), months[i])) month_number = i + 1;
  }
  const year_month_day date{year(*year_number), month(month_number),
                            day(static_cast<unsigned>(*day_number))};
  if (!date.ok() || *year_number < 1900) return std::nullopt;

  const auto hour = scan.number(2);
  if (!hour || !scan.take(':')) return std::nullopt;
  const auto minute = scan.number(2);
  std::optional<int> second = 0;
  if (scan.take(':')) second = scan.number(2);
  if (!minute || !second || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  const minutes zone = zone_of(scan);
  const sys_seconds local = sys_days(date) + hours(*hour) + minutes(*minute) + seconds(*second);
  return DateTime{local - zone, zone};
}

std::string format_date(sys_seconds time, minutes zone) {
  const sys_seconds local = time + zone;
  const auto day_point = floor<std::chrono::days>(local);
  const year_month_day date(day_point);
  const hh_mm_ss clock(local - day_point);
  const auto offset = std::chrono::abs(zone).count();
  return fmt::format("{}, {} {} {} {:02}:{:02}:{:02} {}{:02}{:02}",
                     days[weekday(day_point).c_encoding()], static_cast<unsigned>(date.day()),
                     months[static_cast<unsigned>(date.month()) - 1], static_cast<int>(date.year()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
                     zone.count() < 0 ? '-' : '+', offset / 60, offset % 60);
}

}  // namespace postern::mail
