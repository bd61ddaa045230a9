// delivery/model/job.h: one delivery as the courier that owns its next hop gets it.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/mail/envelope.h"
#include "delivery/model/outcome.h"
#include "queue/model/body.h"

namespace postern::delivery {

/// One delivery to be tried now. Moves between loops by value.
struct Job {
  std::string key;              ///< of the owner: the text of a smarthost, or the MX hosts
  std::vector<Target> targets;  ///< hosts to try in this order
  mail::Envelope envelope;      ///< its recipients are those still open
  queue::Body body;
  std::function<bool()> lease_is_fresh;
  std::function<std::string(std::string_view)> resign;
};

}  // namespace postern::delivery
