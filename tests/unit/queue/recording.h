// tests/unit/queue/recording.h: a listener that remembers what it heard.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "queue/model/fact.h"

namespace postern::queue {

struct Recording final : FactListener {
  std::vector<Fact> seen;
  void on(const Fact& fact) override { seen.push_back(fact); }
  std::size_t count(FactKind kind) const {
    return static_cast<std::size_t>(std::ranges::count(seen, kind, &Fact::kind));
  }
  /// "accepted attempt relayed"
  std::string names() const {
    std::string all;
    for (const Fact& fact : seen) all += (all.empty() ? "" : " ") + std::string(name(fact.kind));
    return all;
  }
};

}  // namespace postern::queue
