// policy/login_allowance.cc: counting under one lock.
#include "policy/login_allowance.h"

#include <algorithm>
#include <utility>

#include "core/mail/address.h"
#include "core/sha256.h"

namespace postern::policy {
namespace {

constexpr std::size_t most_counts = 100'000;

/// Fits into a string without memory of its own; nobody finds two of one name.
std::string digest(char kind, std::string_view a, std::string_view b = {}) {
  std::string text(1, kind);
  text.append(a).append(1, '\0').append(b);
  return sha256(text).substr(0, 15);
}

std::string_view octets(const net::Address& peer, std::size_t most) {
  const auto bytes = peer.bytes();
  return {reinterpret_cast<const char*>(bytes.data()), std::min(bytes.size(), most)};
}

}  // namespace

LoginAllowance::Names LoginAllowance::names_of(const net::Address& peer, std::string_view login) {
  const auto address = mail::EmailAddress::parse(login);
  const std::string account = address ? address->folded() : std::string(login);
  const std::string_view place = octets(peer, 8);
  return {.pair = digest('p', place, account),
          .place = digest('h', place),
          .account = digest('a', account),
          .site = peer.is_ipv6() ? digest('s', octets(peer, 6)) : std::string()};
}

LoginAllowance::Allowances LoginAllowance::allowances(const Names& names) const {
  return {{{&names.pair, limits_.failures},
           {&names.place, limits_.failures},
           {&names.account, account_factor * limits_.failures},
           {&names.site, site_factor * limits_.failures}}};
}

void LoginAllowance::set_limits(Limits limits) {
  const std::lock_guard lock(mutex_);
  limits_ = limits;
}

LoginAllowance::Count& LoginAllowance::count_of(const std::string& name, Time now) {
  Count& count = counts_[name];
  const bool is_new = count.failed == 0 && count.pending == 0;
  if (is_new || now - count.since >= limits_.window) {
    count.failed = 0;
    count.since = now;
  }
  return count;
}

std::size_t LoginAllowance::failed(const std::string& name, Time now) const {
  const auto found = counts_.find(name);
  if (found == counts_.end() || now - found->second.since >= limits_.window) return 0;
  return found->second.failed;
}

/// What is refused unchecked counts where there was no allowance left: see may_recall.
std::optional<LoginAllowance::Refusal> LoginAllowance::refusal(const Allowances& all, Time now) {
  std::optional<Refusal> why;
  for (const auto& [name, limit] : all) {
    if (name->empty()) continue;
    Count& count = count_of(*name, now);
    if (count.failed >= limit) {
      ++count.failed;
      why = Refusal::exhausted;
    } else if (count.failed + count.pending >= limit && !why) {
      why = Refusal::crowded;
    }
  }
  return why;
}

/// Past its limit, one password at a time is checked.
std::optional<LoginAllowance::Refusal> LoginAllowance::refusal_of_familiar(const Allowance& pair,
                                                                           Time now) {
  const Count& count = count_of(*pair.name, now);
  const std::size_t most_pending = count.failed < pair.limit ? pair.limit - count.failed : 1;
  if (count.pending >= most_pending) return Refusal::crowded;
  return std::nullopt;
}

FairPool::Rank LoginAllowance::rank(const Names& names, Time now) const {
  const bool is_familiar = places_.knows(names.account, names.place);
  if (is_familiar && failed(names.pair, now) < limits_.failures) return FairPool::Rank::familiar;
  if (!is_familiar && places_.knows(names.place)) return FairPool::Rank::harmless;
  return failed(names.place, now) == 0 ? FairPool::Rank::harmless : FairPool::Rank::doubtful;
}

std::expected<LoginAllowance::Attempt, LoginAllowance::Refusal> LoginAllowance::attempt(
    const net::Address& peer, std::string_view login, Time now) {
  Names names = names_of(peer, login);
  const std::lock_guard lock(mutex_);
  if (counts_.size() >= most_counts) forget_old(now);
  const Allowances all = allowances(names);
  const bool is_familiar = places_.knows(names.account, names.place);
  const auto why = is_familiar ? refusal_of_familiar(all.front(), now) : refusal(all, now);
  if (why) return std::unexpected(*why);
  const bool is_past_limit = failed(names.pair, now) >= limits_.failures;
  const FairPool::Rank its_rank = rank(names, now);
  for (const auto& [name, limit] : all) {
    if (!name->empty()) ++count_of(*name, now).pending;
  }
  return Attempt(*this, std::move(names), its_rank, is_past_limit);
}

bool LoginAllowance::may_recall(const net::Address& peer, std::string_view login, Time now) const {
  const Names names = names_of(peer, login);
  const std::lock_guard lock(mutex_);
  if (places_.knows(names.account, names.place)) return true;
  return std::ranges::all_of(allowances(names), [&](const Allowance& one) {
    return failed(*one.name, now) < recall_factor * one.limit;
  });
}

void LoginAllowance::recalled(const net::Address& peer, std::string_view login) {
  const Names names = names_of(peer, login);
  const std::lock_guard lock(mutex_);
  places_.note(names.account, names.place);
}

void LoginAllowance::conclude(const Names& names, bool has_failed) {
  for (const auto& [name, limit] : allowances(names)) {
    const auto found = counts_.find(*name);
    if (found == counts_.end() || found->second.pending == 0) continue;
    --found->second.pending;
    if (has_failed) ++found->second.failed;
    if (found->second.pending == 0 && found->second.failed == 0) counts_.erase(found);
  }
}

void LoginAllowance::forget_old(Time now) {
  std::erase_if(counts_, [&](const auto& entry) {
    return entry.second.pending == 0 && now - entry.second.since >= limits_.window;
  });
  // A flood from everywhere: better to forgive some than to grow, or to come back here each time.
  while (counts_.size() >= most_counts / 10 * 9) counts_.erase(counts_.begin());
}

LoginAllowance::Attempt::Attempt(Attempt&& other) noexcept
    : allowance_(std::exchange(other.allowance_, nullptr)),
      names_(std::move(other.names_)),
      rank_(other.rank_),
      is_past_limit_(other.is_past_limit_) {}

LoginAllowance::Attempt::~Attempt() {
  if (allowance_ == nullptr) return;
  const std::lock_guard lock(allowance_->mutex_);
  allowance_->conclude(names_, true);
}

void LoginAllowance::Attempt::succeeded() {
  const std::lock_guard lock(allowance_->mutex_);
  allowance_->conclude(names_, false);
  allowance_->places_.note(names_.account, names_.place);
  allowance_ = nullptr;
}

void LoginAllowance::Attempt::excuse() {
  const std::lock_guard lock(allowance_->mutex_);
  allowance_->conclude(names_, false);
  allowance_ = nullptr;
}

}  // namespace postern::policy
