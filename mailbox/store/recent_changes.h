// mailbox/store/recent_changes.h: which messages of an open folder were touched lately, so that
// many sessions can follow it without comparing all of it each.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "mailbox/store/types.h"

namespace postern::mailbox {

/// Remembers some changes. Whoever comes later compares the whole folder.
class RecentChanges {
 public:
  /// Counts the changes.
  std::uint64_t now() const { return now_; }
  void add(const FolderChange& change);

  struct Touched {
    std::vector<Uid> changed, expunged;  // ascending, each once
  };
  /// What was touched after `then`; none when that is forgotten.
  std::optional<Touched> since(std::uint64_t then) const;

 private:
  std::uint64_t now_ = 0;
  std::deque<Touched> last_;  // the changes up to now_
};

}  // namespace postern::mailbox
