// relay/api/routes.h: the endpoints of the API.
#pragma once

#include <span>

#include "relay/api/router.h"

namespace postern::http {

/// All of them; docs/control-api.md tells them at length.
std::span<const Route> routes();

}  // namespace postern::http
