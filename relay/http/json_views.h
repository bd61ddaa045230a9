// relay/http/json_views.h: the queue's values as the API shows them (docs/control-api.md). Include
// in .cc files only.
#pragma once

#include <nlohmann/json.hpp>

#include "queue/message.h"
#include "relay/http/connection.h"

namespace postern::http {

nlohmann::json view(const queue::MessageRow& row);          ///< a row of the listing
nlohmann::json view_in_full(const queue::MessageRow& row);  ///< with its deliveries
nlohmann::json view(const queue::Timeline& timeline);
nlohmann::json head_of(const queue::MessageRow& row);  ///< one find of GET /v1/messages
std::string time_text(std::chrono::system_clock::time_point time);  ///< RFC 3339, UTC
/// Whatever octets peers sent, the text is valid JSON.
Response json_response(const nlohmann::json& body, int status = 200);

}  // namespace postern::http
