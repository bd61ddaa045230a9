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
  // Past either, all are forgotten: keys are what strangers say.
  static constexpr std::size_t limit = 10'000;  // answers
  static constexpr std::size_t octet_limit = 4 << 20;
  static constexpr std::size_t octets_beside = 128;  // of an answer: its node, its key's string

  /// Null when it must be asked. Good until the next call.
  const Answer* find(const std::string& key, std::uint64_t changes) {
    if (std::exchange(at_, changes) != changes) forget();
    const auto found = answers_.find(key);
    return found == answers_.end() ? nullptr : &found->second;
  }
  /// `octets`: what the answer takes on the heap.
  void keep(std::string key, Answer answer, std::uint64_t changes, std::size_t octets = 0) {
    if (changes != at_ || answers_.contains(key)) return;
    octets += octets_beside + sizeof(Answer) + key.size();
    if (octets > octet_limit) return;
    if (answers_.size() >= limit || octets_ + octets > octet_limit) forget();
    octets_ += octets;
    answers_.emplace(std::move(key), std::move(answer));
  }

 private:
  void forget() {
    answers_.clear();
    octets_ = 0;
  }

  std::unordered_map<std::string, Answer> answers_;
  std::size_t octets_ = 0;
  std::uint64_t at_ = 0;
};

}  // namespace postern::relay
