// policy/login_places.h: from where each account has logged in.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

namespace postern::policy {

/// Accounts and places are names of the caller's choice, short ones. Bounded by account, so that
/// nobody's travels make another's places forgotten.
class LoginPlaces {
 public:
  static constexpr std::size_t most_places = 16;  ///< of an account: the latest
  static constexpr std::size_t most_accounts = 20'000;

  void note(const std::string& account, const std::string& place);
  bool knows(const std::string& account, const std::string& place) const;
  bool knows(const std::string& place) const;  ///< of any account

 private:
  void leave(const std::string& place);

  std::unordered_map<std::string, std::vector<std::string>> places_;  // the latest last
  std::unordered_map<std::string, std::size_t> accounts_at_;          // by place; none is 0
};

}  // namespace postern::policy
