// relay/api/message_request.h: a message as it is handed in over HTTP (docs/control-api.md).
#pragma once

#include <array>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "core/mail/address.h"
#include "relay/http/json_fields.h"
#include "relay/http/message.h"

namespace postern::http {

struct Submission {
  mail::ReversePath sender;
  std::vector<mail::EmailAddress> recipients;
  std::string content;  ///< CRLF line ends
  /// Equal for two requests that say the same: envelope and content, of JSON whatever its layout.
  std::string digest;
};

/// Of a message that is given as JSON.
inline constexpr std::array message_fields{
    JsonField{"from", JsonKind::text_or_texts},
    JsonField{"to", JsonKind::text_or_texts},
    JsonField{"cc", JsonKind::text_or_texts},
    JsonField{"bcc", JsonKind::text_or_texts},
    JsonField{"reply_to", JsonKind::text_or_texts},
    JsonField{"subject", JsonKind::text},
    JsonField{"text", JsonKind::text},
    JsonField{"html", JsonKind::text},
    JsonField{"headers", JsonKind::object},
    JsonField{"attachments", JsonKind::list},
};

/// The envelope of a message/rfc822, in the query.
inline constexpr std::array envelope_parameters{JsonField{"from", JsonKind::text},
                                                JsonField{"to", JsonKind::texts}};

/// `body` as the message, whatever its line ends.
Submission as_submission(mail::ReversePath sender, std::vector<mail::EmailAddress> recipients,
                         std::string_view body);

/// message/rfc822, with the envelope in the query; or why not.
std::expected<Submission, Problem> read_rfc822(const Request& request);

/// Of the Content-Type field: in lower case, without parameters.
std::string media_type(const Request& request);

/// JSON, from which a message of `now` is composed; or why not: 400 where it is not understood, 422
/// where no message can be made of it.
std::expected<Submission, Problem> read_json_message(const Request& request,
                                                     std::chrono::system_clock::time_point now);

}  // namespace postern::http
