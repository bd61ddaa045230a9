// relay/api/json_views.h: the queue's values as the API shows them (docs/control-api.md). Include
// in .cc files only.
#pragma once

#include "core/json.h"
#include "queue/model/message.h"

namespace postern::http {

Json view(const queue::MessageRow& row);          ///< a row of the listing
Json view_in_full(const queue::MessageRow& row);  ///< with its deliveries
Json view(const queue::Timeline& timeline);
std::string time_text(std::chrono::system_clock::time_point time);  ///< RFC 3339, UTC

}  // namespace postern::http
