// relay/intake/admitted.cc: recipients, what they stand for, and how many that may be.
#include "relay/intake/admitted.h"

#include <algorithm>
#include <iterator>
#include <unordered_set>
#include <utility>

#include "delivery/report/rights.h"

namespace postern::relay {

Admitted Admitted::itself(mail::Recipient recipient) {
  auto targets = std::make_shared<const std::vector<mail::EmailAddress>>(1, recipient.address);
  return {std::move(recipient), std::move(targets)};
}

bool Admitted::is_alias() const {
  return is_list() || targets->front().folded() != as_given.address.folded();
}

std::vector<mail::Recipient> Admitted::recipients() const {
  std::vector<mail::Recipient> all;
  all.reserve(targets->size());
  for (const mail::EmailAddress& target : *targets) {
    mail::Recipient one{target, as_given.orcpt, as_given.notify};
    if (is_list()) one.notify = delivery::without_success(one.notify);
    if (one.orcpt.empty() && target != as_given.address)
      one.orcpt = mail::original_recipient(as_given.address);
    all.push_back(std::move(one));
  }
  return all;
}

std::vector<mail::Recipient> recipients_of(const std::vector<Admitted>& admitted) {
  std::vector<mail::Recipient> all;
  std::unordered_set<const void*> seen;
  for (const Admitted& one : admitted)
    if (seen.insert(one.targets.get()).second)
      std::ranges::move(one.recipients(), std::back_inserter(all));
  return all;
}

bool Admissions::add(Admitted one) {
  const bool is_known =
      one.is_list() && std::ranges::find(all_, one.targets, &Admitted::targets) != all_.end();
  const std::size_t more = is_known ? 0 : one.targets->size();
  if (targets_ + more > most_targets) return false;
  targets_ += more;
  all_.push_back(std::move(one));
  return true;
}

std::vector<Admitted> Admissions::take() {
  targets_ = 0;
  return std::exchange(all_, {});
}

}  // namespace postern::relay
