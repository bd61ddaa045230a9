// delivery/attempt/conclusion.h: what an attempt means for the queue and for the sender. Pure.
#pragma once

#include <vector>

#include "delivery/model/outcome.h"
#include "delivery/report/report.h"
#include "queue/model/message.h"
#include "queue/model/retry_schedule.h"

namespace postern::delivery {

struct Conclusion {
  queue::Settlement settlement;     ///< but for its report
  std::vector<Reportable> reports;  ///< as far as the sender may want them
};

/// Who is done, when the others are tried again, what the sender is told. `dice` is uniform in [0,
/// 1).
Conclusion conclude(const queue::Lease& lease, const AttemptResult& result,
                    const queue::RetrySchedule& schedule, double dice);

}  // namespace postern::delivery
