// relay/config/delivery_settings.h: what delivery is told of the configuration.
#pragma once

#include <memory>

#include "delivery/settings.h"
#include "relay/config/config.h"

namespace postern::relay {

/// Of all sections together: those of delivery, the names and listeners that are ours, and the
/// retries of `[queue]`.
std::shared_ptr<const delivery::Settings> delivery_settings(const Config& config);

}  // namespace postern::relay
