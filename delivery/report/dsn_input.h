// delivery/report/dsn_input.h: what a delivery report is made from.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/mail/address.h"
#include "core/mail/envelope.h"
#include "core/mail/message_options.h"
#include "core/mail/status.h"

namespace postern::delivery {

/// `relayed`: handed on to a host that promises no report (RFC 3464 §2.3.3); `expanded`: an alias
/// with several targets took it.
enum class DsnKind { failed, delayed, delivered, relayed, expanded };

struct DsnRecipient {
  mail::Recipient recipient;
  DsnKind kind = DsnKind::failed;
  mail::StatusCode status;  // of this outcome; 0.0.0 becomes 5.0.0, 4.0.0 or 2.0.0
  std::string
      reply;  // the remote's words, such as "550 5.1.1 No such user"; untrusted, may be empty
  std::string reason;  // our own words when there was no reply: "no host answered"; shown to people
  std::string remote_host;  // who said so; empty when it was us
  std::optional<std::chrono::sys_seconds> last_attempt;
  std::optional<std::chrono::sys_seconds> will_retry_until;  // for delayed
};

struct DsnInput {
  std::string reporting_mta;  // our hostname
  std::string postmaster;     // From: "Mail Delivery System <postmaster>"; an address
  mail::EmailAddress to;      // the envelope sender of the original
  std::string message_id;  // of the report, with brackets: derive it from the queue id, so that a
                           // repeat is the same
  std::string queue_id;    // of the original
  mail::MessageOptions options;  // of the original; SMTPUTF8: message/global-* forms (RFC 6533)
  std::chrono::sys_seconds arrival;
  std::chrono::sys_seconds now;
  std::vector<DsnRecipient> recipients;  // at least one
  /// The original: its header block, or all of it when RET=FULL asks for it and it is a failure.
  /// Only what is needed is copied.
  std::string_view original;
  std::size_t original_size =
      0;  // of the whole message; when `original` is cut, only headers are returned
  std::size_t full_limit = 256 * 1024;  // beyond: headers only
};

}  // namespace postern::delivery
