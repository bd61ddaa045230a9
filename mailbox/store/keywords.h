// mailbox/store/keywords.h: which bit of a message stands for which keyword of its account.
#pragma once

#include <expected>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/sqlite.h"
#include "mailbox/store/types.h"

namespace postern::mailbox {

/// Finds bits for the keywords of one change, in its transaction. When all bits are given out, one
/// whose keyword no message has goes to the next new name.
class KeywordTable {
 public:
  /// `names` by bit, as the database has them; both follow what is given out.
  KeywordTable(Sqlite& database, std::vector<std::string>& names)
      : database_(database), names_(names) {}

  /// The bits of those that have one. They keep it for the whole change.
  KeywordBits known(std::span<const std::string> keywords);
  /// The bit of one, which a new keyword gets now.
  std::expected<KeywordBits, StoreError> take(const std::string& keyword);

 private:
  std::optional<std::size_t> find(std::string_view keyword) const;
  std::optional<std::size_t> free_bit();
  KeywordBits used_by_messages();

  Sqlite& database_;
  std::vector<std::string>& names_;
  KeywordBits taken_ = 0;            // by this change
  std::optional<KeywordBits> used_;  // by messages, before this change
};

}  // namespace postern::mailbox
