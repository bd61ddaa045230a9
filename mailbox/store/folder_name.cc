// mailbox/store/folder_name.cc: folder names, checked code point by code point.
#include "mailbox/store/folder_name.h"

#include <strings.h>
#include <unicode/utf8.h>

#include <algorithm>

namespace postern::mailbox {

namespace {

bool is_clean_utf8(std::string_view text) {
  const auto length = static_cast<std::int32_t>(text.size());
  for (std::int32_t at = 0; at < length;) {
    UChar32 point = 0;
    U8_NEXT(text.data(), at, length, point);
    if (point < 0x20 || (point >= 0x7F && point < 0xA0)) return false;  // negative: not UTF-8
    if (point == 0x2028 || point == 0x2029) return false;               // they end lines
  }
  return true;
}

bool is_inbox(std::string_view level) {
  return level.size() == 5 && ::strncasecmp(level.data(), "INBOX", 5) == 0;
}

}  // namespace

std::optional<std::string> normal_folder_name(std::string_view name) {
  if (name.empty() || name.size() > folder_name_limit) return std::nullopt;
  if (name.front() == '/' || name.back() == '/' || name.find("//") != std::string_view::npos) {
    return std::nullopt;
  }
  if (static_cast<std::size_t>(std::ranges::count(name, '/')) >= folder_level_limit) {
    return std::nullopt;
  }
  if (!is_clean_utf8(name)) return std::nullopt;
  std::string normal(name);
  const std::string_view first = name.substr(0, name.find('/'));
  if (is_inbox(first)) normal.replace(0, first.size(), "INBOX");
  return normal;
}

std::vector<std::string> parents_of(std::string_view name) {
  std::vector<std::string> parents;
  for (std::size_t at = name.find('/'); at != std::string_view::npos; at = name.find('/', at + 1)) {
    parents.emplace_back(name.substr(0, at));
  }
  return parents;
}

}  // namespace postern::mailbox
