// relay/facts/rates.cc: which meter counts which fact.
#include "relay/facts/rates.h"

namespace postern::relay {

void Rates::on(const queue::Fact& fact) {
  const auto now = std::chrono::steady_clock::now();
  switch (fact.kind) {
    case queue::FactKind::accepted:
      return accepted.add(now);
    case queue::FactKind::delivered:
    case queue::FactKind::relayed:
      return delivered.add(now);
    case queue::FactKind::deferred:
      return deferred.add(now);
    case queue::FactKind::bounced:
      return bounced.add(now);
    default:
      return;
  }
}

}  // namespace postern::relay
