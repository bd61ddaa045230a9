// policy/login_places.cc: a short list for each account, and how many lists name a place.
#include "policy/login_places.h"

#include <algorithm>

namespace postern::policy {

void LoginPlaces::note(const std::string& account, const std::string& place) {
  if (!places_.contains(account) && places_.size() >= most_accounts) {
    for (const std::string& left : places_.begin()->second) leave(left);
    places_.erase(places_.begin());
  }
  std::vector<std::string>& mine = places_[account];
  if (const auto found = std::ranges::find(mine, place); found != mine.end()) {
    std::rotate(found, found + 1, mine.end());
    return;
  }
  if (mine.size() >= most_places) {
    leave(mine.front());
    mine.erase(mine.begin());
  }
  mine.push_back(place);
  ++accounts_at_[place];
}

bool LoginPlaces::knows(const std::string& account, const std::string& place) const {
  const auto found = places_.find(account);
  return found != places_.end() && std::ranges::find(found->second, place) != found->second.end();
}

bool LoginPlaces::knows(const std::string& place) const { return accounts_at_.contains(place); }

void LoginPlaces::leave(const std::string& place) {
  if (const auto found = accounts_at_.find(place); --found->second == 0) accounts_at_.erase(found);
}

}  // namespace postern::policy
