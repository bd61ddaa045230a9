// relay/api/message_request.h: a message as it is handed in over HTTP (docs/control-api.md).
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "core/mail/address.h"
#include "relay/http/connection.h"

namespace postern::http {

struct Submission {
  mail::ReversePath sender;
  std::vector<mail::EmailAddress> recipients;
  std::string content;  ///< CRLF line ends
  /// Equal for two requests that say the same: envelope and content, of JSON whatever its layout.
  std::string digest;
};

/// 400 for what is not understood, 422 for what cannot be done.
Response refuse(int status, std::string_view why);

/// `body` as the message, whatever its line ends.
Submission as_submission(mail::ReversePath sender, std::vector<mail::EmailAddress> recipients,
                         std::string_view body);

/// message/rfc822, with the envelope in the query; or why not.
std::expected<Submission, Response> read_rfc822(const Request& request);

/// Of the Content-Type field: in lower case, without parameters.
std::string media_type(const Request& request);

/// JSON, from which a message of `now` is composed; or why not: 400 where it is not understood, 422
/// where no message can be made of it.
std::expected<Submission, Response> read_json_message(const Request& request,
                                                      std::chrono::system_clock::time_point now);

}  // namespace postern::http
