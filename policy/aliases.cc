// policy/aliases.cc: where mail for an address goes, and which addresses lead to an account.
#include <deque>

#include "policy/accounts_database.h"

namespace postern::policy {

AccountResult<> Accounts::add_alias(const mail::EmailAddress& from,
                                    const std::vector<mail::EmailAddress>& to) {
  if (to.empty()) return refuse(Kind::invalid, "an alias needs a target");
  if (to.size() > most_targets) return refuse(Kind::invalid, "an alias has 1000 targets at most");
  const std::string source = from.folded();
  const std::scoped_lock lock(impl_->mutex);
  Transaction transaction(impl_->database);
  if (impl_->is_alias(source)) {
    return refuse(Kind::exists, "there is an alias " + from.text() + " already: remove it first");
  }
  std::set<std::string> seen;
  std::deque<mail::EmailAddress> open(to.begin(), to.end());
  const bool keeps_copy = impl_->find(from).has_value();
  for (std::size_t i = 0; !open.empty(); ++i) {
    const mail::EmailAddress address = std::move(open.front());
    open.pop_front();
    const std::string key = impl_->key_of(address);
    const bool is_itself = key == source || without_detail(address) == source;
    if (is_itself && !(keeps_copy && i < to.size())) {
      return refuse(Kind::invalid, "that would lead back to " + from.text() + ": a loop");
    }
    if (is_itself || !seen.insert(key).second) continue;
    if (seen.size() > most_targets) {
      return refuse(Kind::invalid, "that alias would lead to more than 1000 addresses");
    }
    for (auto& next : impl_->targets(key)) {
      if (next.folded() != key) open.push_back(std::move(next));
    }
  }
  std::int64_t place = 0;
  for (const mail::EmailAddress& target : to) {
    impl_->database.run("INSERT INTO alias VALUES (?, ?, ?, ?, ?)", source, place++, from.text(),
                        target.folded(), target.text());
  }
  impl_->changed();
  transaction.commit();
  return {};
}

AccountResult<> Accounts::remove_alias(const mail::EmailAddress& from) {
  const std::scoped_lock lock(impl_->mutex);
  Transaction transaction(impl_->database);
  if (impl_->database.run("DELETE FROM alias WHERE source = ?", from.folded()) == 0) {
    return refuse(Kind::not_found, "there is no alias " + from.text());
  }
  impl_->changed();
  transaction.commit();
  return {};
}

std::vector<Alias> Accounts::aliases() {
  const std::scoped_lock lock(impl_->mutex);
  std::vector<Alias> all;
  auto rows = impl_->database.query(
      "SELECT source_address, target_address FROM alias ORDER BY source, place");
  while (rows.next()) {
    auto from = mail::EmailAddress::parse(rows.text(0));
    auto to = mail::EmailAddress::parse(rows.text(1));
    if (!from || !to) continue;
    if (all.empty() || all.back().from != *from) all.push_back({std::move(*from), {}});
    all.back().to.push_back(std::move(*to));
  }
  return all;
}

std::vector<mail::EmailAddress> Accounts::expand(const mail::EmailAddress& address) {
  const std::scoped_lock lock(impl_->mutex);
  std::vector<mail::EmailAddress> ends;
  std::set<std::string> seen, ended;
  std::deque<mail::EmailAddress> open{address};
  while (!open.empty() && ends.size() < most_targets) {
    const mail::EmailAddress one = std::move(open.front());
    open.pop_front();
    const std::string key = impl_->key_of(one);
    const auto next = seen.contains(key) ? std::vector<mail::EmailAddress>() : impl_->targets(key);
    const bool was_seen = !seen.insert(key).second;
    for (const auto& target : next) open.push_back(target);
    // What was seen already is an end only as the account that keeps a copy.
    const auto account = impl_->find_where("folded", key);
    const bool is_end = next.empty() && (!was_seen || account.has_value());
    if (is_end && ended.insert(key).second)
      ends.push_back(account ? account->account.address : one);
  }
  return ends;
}

std::set<std::string> Accounts::addresses_of(std::string_view account_id) {
  const std::scoped_lock lock(impl_->mutex);
  std::set<std::string> all;
  const auto found = impl_->find_where("id", account_id);
  if (!found) return all;
  std::deque<std::string> open{found->account.address.folded()};
  while (!open.empty()) {
    const std::string one = std::move(open.front());
    open.pop_front();
    if (!all.insert(one).second) continue;
    auto rows = impl_->database.query("SELECT source FROM alias WHERE target = ?", one);
    while (rows.next()) open.push_back(rows.text(0));
  }
  return all;
}

}  // namespace postern::policy
