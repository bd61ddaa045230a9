// core/async/guarded.h: one of many, whose failure is nobody else's.
#pragma once

#include <string_view>

#include "core/async/task.h"
#include "core/error.h"
#include "core/log.h"

namespace postern {

/// Awaits `task`; what it throws ends here, in the log as `event`. Only Cancelled passes.
inline Task<> guarded(Task<> task, std::string_view event) {
  try {
    co_await std::move(task);
  } catch (const Cancelled&) {
    throw;
  } catch (const std::exception& error) {
    log::error(event, {{"error", error.what()}});
  }
}

}  // namespace postern
