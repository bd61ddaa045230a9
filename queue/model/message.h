// queue/model/message.h: what the queue stores and gives back: messages, deliveries, leases,
// settlements.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/mail/envelope.h"
#include "core/mail/message_options.h"
#include "core/mail/status.h"
#include "queue/model/body.h"
#include "queue/model/fact.h"
#include "queue/model/next_hop.h"
#include "queue/model/queue_id.h"

namespace postern::queue {

/// What is known of a message beside its bytes and its recipients.
struct MessageInfo {
  QueueId id{};
  mail::ReversePath sender;
  bool signed_here = false;  ///< our DKIM signature stands on it: a conversion may make it anew
  mail::MessageOptions options;
  std::string account;     ///< id of who submitted it, or empty
  std::string client;      ///< address that it came from
  std::string message_id;  ///< with its brackets
  std::string subject;     ///< as it stands in the header
  std::uint64_t size = 0;
  WallTime received;
};

/// Recipients that travel together: the unit of leasing, retrying and finishing.
struct NewDelivery {
  NextHop next_hop;
  std::vector<mail::Recipient> recipients;
};

/// An alias among the recipients, and what it stood for when it was looked up.
struct Expansion {
  mail::EmailAddress alias;
  std::vector<mail::EmailAddress> targets;
};

/// How a message came in, as far as the queue only tells it on.
struct Arrival {
  std::string protocol;  ///< RFC 3848: "ESMTPSA"
  std::string login;     ///< address of who logged in
};

struct NewMessage : MessageInfo {
  Body body;
  std::vector<NewDelivery> deliveries;
  std::string idempotency_key;  ///< counts within `account`; empty: none
  std::string request_digest;   ///< of what came with the key, in a word; empty: equals all others
  Arrival arrival;
  std::vector<Expansion> expansions;
};

/// The right to try one delivery, until the node's heartbeat stops. Other nodes' times are queue
/// time: use `age`, not a difference to `received`.
struct Lease : MessageInfo {
  unsigned index = 0;       ///< of the delivery in its message
  std::uint64_t fence = 0;  ///< grows with each lease of the delivery
  NextHop next_hop;
  unsigned attempts = 0;                    ///< that have failed so far
  std::chrono::milliseconds age{0};         ///< of the message when it was leased
  WallTime created;                         ///< in queue time
  std::vector<mail::Recipient> recipients;  ///< still open
  Body body;
  std::string last_error;  ///< of the last attempt: for an expiry's report
  bool warned = false;     ///< the sender has been told of the delay
  bool bounce = false;     ///< an operator wants it returned: don't try, settle as bounced
};

/// What became of a try. Recipients that are not in `done` stay open.
struct Settlement {
  struct Done {
    std::size_t recipient = 0;  ///< index into Lease::recipients
    FactKind outcome = FactKind::delivered;
    mail::StatusCode status;
    std::string reply;
    std::string remote_host;
  };
  struct PutOff {
    std::size_t recipient = 0;
    mail::StatusCode status;
    std::string reply;
  };
  /// How the try itself went.
  struct Tried {
    mail::StatusCode status;
    std::string reply;
    std::chrono::milliseconds took{0};
  };
  std::optional<Tried> tried;  ///< none: it was not
  std::vector<Done> done;
  std::vector<PutOff> put_off;  ///< of those still open: why
  /// For those still open; none puts them back at once without counting an attempt (shutdown).
  std::optional<std::chrono::milliseconds> retry_in;
  bool counts = true;  ///< as an attempt; if not, it only waits in line
  bool hold = false;   ///< those still open wait for an operator: a body is missing
  std::string last_error;
  std::string host, address, tls;  ///< who was talked to, for the timeline
  bool uncertain = false;          ///< the connection broke after the dot: may have been delivered
  bool warned = false;
  /// A DSN or what an alias expanded to, stored in the same script. Leased to us like a commit.
  std::optional<NewMessage> report;
};

struct SettleResult {
  bool ours = false;           ///< false: the lease was lost; nothing was changed
  std::vector<Lease> report;   ///< leases of Settlement::report, but those at their hop's limit
  bool more_is_ready = false;  ///< for the same next hop: claim
  explicit operator bool() const { return ours; }
};

enum class CommitError : std::uint8_t {
  full,        ///< 452: memory_limit or disk_reserve
  duplicate,   ///< the idempotency key was used for the same: Queue::find_by_key
  key_reused,  ///< the idempotency key was used for something else
};

enum class State : std::uint8_t { ready, active, deferred, held };
std::string_view name(State state);
std::optional<State> parse_state(std::string_view text);

/// One delivery of a listing.
struct DeliveryRow {
  unsigned index = 0;
  State state = State::ready;
  std::expected<NextHop, std::string> next_hop;  ///< or what stands there and cannot be read
  std::vector<mail::Recipient> recipients;       ///< still open
  unsigned attempts = 0;
  std::optional<WallTime> due;  ///< next attempt, when deferred
  std::string last_error;
};
struct MessageRow : MessageInfo {
  WallTime created;
  std::optional<WallTime> completed;  ///< has left the queue
  std::vector<DeliveryRow> deliveries;
};

struct Timeline : MessageRow {
  std::vector<Fact> events;  ///< oldest first; of a long life the newest 1,000
};

/// Whose timelines are wanted. Empty members match everything, but one of the first two is given.
struct Sought {
  std::string message_id;  ///< with its angle brackets
  std::string address;     ///< of the sender or a recipient, any case
  std::string account;     ///< id: of what it handed in
  bool matches(const Timeline& timeline) const;
};

/// Empty members match everything.
struct Filter {
  std::optional<State> state;
  std::string sender;     ///< address, any case; "<>" is the null sender
  std::string recipient;  ///< address
  std::string domain;     ///< of a recipient
  std::string account;    ///< id
  bool matches(const MessageRow& row) const;
};

struct Counts {
  std::uint64_t ready = 0, active = 0, deferred = 0, held = 0;  ///< deliveries
  std::uint64_t messages = 0;
};

enum class Action : std::uint8_t { retry, hold, release, remove, bounce };
/// Of deliveries: done now, or when the try that is under way is over.
struct ActionResult {
  bool found = false;
  unsigned now = 0;
  unsigned after_try = 0;
};

}  // namespace postern::queue
