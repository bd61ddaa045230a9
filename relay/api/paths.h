// relay/api/paths.h: which paths there are, and what each can be asked with.
#pragma once

#include <string>
#include <string_view>

#include "relay/http/connection.h"

namespace postern::http {

inline constexpr std::string_view queue_path = "/v1/queue", messages_path = "/v1/messages",
                                  raw_suffix = "/raw";  ///< behind an id of the queue

/// The methods that the request's path knows, as an Allow field lists them (RFC 9110 §10.2.1);
/// empty: there is no such path. HEAD is there where GET is, OPTIONS everywhere.
std::string allowed_methods(const Request& request);

/// Of a list as above.
bool allows(std::string_view allowed, std::string_view method);

/// The answer to OPTIONS (RFC 9110 §9.3.7), or 405 to what is not among the methods.
Response methods_response(const Request& request, std::string allowed);

/// Is it the server as a whole that is asked, `OPTIONS *`?
bool is_about_server(const Request& request);

}  // namespace postern::http
