// mailbox/imap/grammar/flags.cc: names of flags, and INTERNALDATE.
#include "mailbox/imap/grammar/flags.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>

namespace postern::imap {
namespace {

struct SystemFlag {
  std::string_view upper, written;
  std::uint8_t bit;
};
// clang-format off
constexpr std::array system_flags_by_name{
    SystemFlag{"ANSWERED", "\\Answered", mailbox::flag::answered},
    SystemFlag{"FLAGGED",  "\\Flagged",  mailbox::flag::flagged},
    SystemFlag{"DELETED",  "\\Deleted",  mailbox::flag::deleted},
    SystemFlag{"SEEN",     "\\Seen",     mailbox::flag::seen},
    SystemFlag{"DRAFT",    "\\Draft",    mailbox::flag::draft},
};
// clang-format on

}  // namespace

std::optional<std::uint8_t> system_flag(std::string_view upper_name) {
  for (const SystemFlag& flag : system_flags_by_name) {
    if (flag.upper == upper_name) return flag.bit;
  }
  return {};
}

std::string write_flags(std::uint8_t system_flags, mailbox::KeywordBits keywords,
                        const std::vector<std::string>& keyword_names, bool is_recent) {
  std::string out = "(";
  const auto add = [&](std::string_view name) {
    if (out.size() > 1) out += ' ';
    out += name;
  };
  for (const SystemFlag& flag : system_flags_by_name) {
    if (system_flags & flag.bit) add(flag.written);
  }
  if (is_recent) add("\\Recent");
  for (std::size_t bit = 0; bit < keyword_names.size() && bit < mailbox::keyword_limit; ++bit) {
    if (keywords >> bit & 1) add(keyword_names[bit]);
  }
  return out + ")";
}

std::string write_internal_date(mailbox::Seconds time) {
  // A zone can take a date past the years that the grammar has room for.
  using std::chrono::sys_days;
  static constexpr std::chrono::sys_seconds first =
      sys_days(std::chrono::year(1) / std::chrono::January / 1);
  static constexpr std::chrono::sys_seconds end =
      sys_days(std::chrono::year(10'000) / std::chrono::January / 1);
  static constexpr std::array months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto point = std::clamp(std::chrono::sys_seconds(std::chrono::seconds(time)), first,
                                end - std::chrono::seconds(1));
  const auto day = std::chrono::floor<std::chrono::days>(point);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(point - day);
  return fmt::format("\"{:2}-{}-{:04} {:02}:{:02}:{:02} +0000\"", static_cast<unsigned>(date.day()),
                     months[static_cast<unsigned>(date.month()) - 1], static_cast<int>(date.year()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count());
}

}  // namespace postern::imap
