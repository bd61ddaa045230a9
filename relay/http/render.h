// relay/http/render.h: a response as it goes on the wire. Pure but for its Date.
#pragma once

#include <string>
#include <string_view>

#include "relay/http/message.h"

namespace postern::http {

/// How a response is given.
struct Manner {
  bool keeps_alive = false, is_http_1_0 = false, is_head = false;
};

std::string render(const Response& response, Manner manner);

/// The words for a status (RFC 9110 §15).
std::string_view reason(int status);

}  // namespace postern::http
