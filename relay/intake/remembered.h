// relay/intake/remembered.h: answers that hold until the accounts change.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <utility>

namespace postern::relay {

/// Answers by key, for one loop. `changes` is policy::Accounts::changes() as it was before the
/// accounts were asked: a change in between makes the answer stale, never the other way round.
template <class Answer>
class Remembered {
 public:
  static constexpr std::size_t limit = 10'000;  // answers; then all are forgotten

  /// Null when it must be asked. Good until the next call.
  const Answer* find(const std::string& key, std::uint64_t changes) {
    if (std::exchange(at_, changes) != changes) answers_.clear();
    const auto found = answers_.find(key);
    return found == answers_.end() ? nullptr : &found->second;
  }
  void keep(std::string key, Answer answer, std::uint64_t changes) {
    if (changes != at_) return;
    if (answers_.size() >= limit) answers_.clear();
    answers_.insert_or_assign(std::move(key), std::move(answer));
  }

 private:
  std::unordered_map<std::string, Answer> answers_;
  std::uint64_t at_ = 0;
};

}  // namespace postern::relay
