// mailbox/store/keywords.cc: looks keywords up, and finds room for new ones.
#include "mailbox/store/keywords.h"

#include <algorithm>
#include <bit>

namespace postern::mailbox {

namespace {

bool is_keyword(std::string_view name) {
  // An atom: RFC 3501 §9, flag-keyword.
  return !name.empty() && name.size() <= keyword_length_limit &&
         std::ranges::all_of(name, [](char c) {
           return c > ' ' && c < 0x7F &&
                  std::string_view("(){%*\"\\]").find(c) == std::string_view::npos;
         });
}

bool same_keyword(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) {
    return (x >= 'A' && x <= 'Z' ? x + 32 : x) == (y >= 'A' && y <= 'Z' ? y + 32 : y);
  });
}

KeywordBits mask(std::size_t bit) { return KeywordBits{1} << bit; }

}  // namespace

KeywordBits KeywordTable::known(std::span<const std::string> keywords) {
  KeywordBits bits = 0;
  for (const std::string& keyword : keywords) {
    if (const auto bit = find(keyword)) bits |= mask(*bit);
  }
  taken_ |= bits;
  return bits;
}

std::expected<KeywordBits, StoreError> KeywordTable::take(const std::string& keyword) {
  if (!is_keyword(keyword)) return std::unexpected(StoreError::bad_keyword);
  std::optional<std::size_t> bit = find(keyword);
  if (!bit) {
    bit = free_bit();
    if (!bit) return std::unexpected(StoreError::too_many_keywords);
    database_.run("INSERT OR REPLACE INTO keywords VALUES (?, ?)", *bit, std::string_view(keyword));
    names_.resize(std::max(names_.size(), *bit + 1));
    names_[*bit] = keyword;
  }
  taken_ |= mask(*bit);
  return mask(*bit);
}

std::optional<std::size_t> KeywordTable::find(std::string_view keyword) const {
  const auto found = std::ranges::find_if(
      names_, [&](const std::string& name) { return same_keyword(name, keyword); });
  if (found == names_.end()) return std::nullopt;
  return static_cast<std::size_t>(found - names_.begin());
}

std::optional<std::size_t> KeywordTable::free_bit() {
  if (names_.size() < keyword_limit) return names_.size();
  if (!used_) used_ = used_by_messages();
  const KeywordBits occupied = *used_ | taken_;
  if (occupied == ~KeywordBits{0}) return std::nullopt;
  return static_cast<std::size_t>(std::countr_one(occupied));
}

KeywordBits KeywordTable::used_by_messages() {
  KeywordBits used = 0;
  auto rows = database_.query("SELECT DISTINCT keywords FROM messages");
  while (rows.next()) used |= static_cast<KeywordBits>(rows.integer());
  return used;
}

}  // namespace postern::mailbox
