// relay/config/webhook.h: [[webhook]]: who is told of events.
#pragma once

#include <string>
#include <vector>

#include "core/config/types.h"

namespace postern::relay {

/// A `[[webhook]]`
struct Webhook {
  std::string url;
  std::vector<std::string> events;
  config::Path secret_file;
};

/// Reads one `[[webhook]]`.
Webhook read_webhook(config::Section section);

}  // namespace postern::relay
