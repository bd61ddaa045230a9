// relay/facts/fact_log.h: the facts of messages in the log.
#pragma once

#include "queue/model/fact.h"

namespace postern::relay {

/// One line for each fact. Its event is the fact's name, but that of `relayed`, which is
/// `delivered` to those who read the log: the difference concerns reports (RFC 3461 §5.2.2).
class FactLog final : public queue::FactListener {
 public:
  void on(const queue::Fact& fact) override;
};

}  // namespace postern::relay
