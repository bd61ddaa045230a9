// queue/model/fact.h: what happens to a message, told once: the same to its timeline, the log, the
// metrics and whoever else listens.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "queue/model/queue_id.h"

namespace postern::queue {

using WallTime = std::chrono::system_clock::time_point;

enum class FactKind : std::uint8_t {
  accepted,   ///< it is our responsibility: who brought it has been, or is being, told so
  expanded,   ///< of one recipient have become others (RFC 3461 §5.2.7: of an alias, a list)
  attempt,    ///< a delivery was tried
  delivered,  ///< lies in its mailbox
  relayed,    ///< the next host has it
  deferred,   ///< will be tried again
  uncertain,  ///< a try broke off where nobody knows whether it was delivered
  bounced,    ///< refused for good
  expired,    ///< given up after its time
  discarded,  ///< dropped, as a route says
  held,       ///< waits for an operator
  released,   ///< by an operator: held no more
  retried,    ///< by an operator: tried at once
  returned,   ///< by an operator: to be bounced
  removed,    ///< by an operator: dropped
};
inline constexpr std::array all_fact_kinds{
    FactKind::accepted, FactKind::expanded,  FactKind::attempt,   FactKind::delivered,
    FactKind::relayed,  FactKind::deferred,  FactKind::uncertain, FactKind::bounced,
    FactKind::expired,  FactKind::discarded, FactKind::held,      FactKind::released,
    FactKind::retried,  FactKind::returned,  FactKind::removed};

/// As it stands in the timeline and in `trace`.
std::string_view name(FactKind kind);
std::optional<FactKind> parse_fact_kind(std::string_view text);

/// One fact. What does not apply is empty. Remote text in it is sanitised: printable, bounded.
struct Fact {
  FactKind kind{};
  WallTime at{};
  unsigned delivery = 0;  ///< index in the message
  unsigned attempt = 0;   ///< counts from 1; 0: of no try
  std::string recipient{};
  std::string status{}, reply{};  ///< RFC 3463 code, and the words of the remote or ours
  std::string host{}, address{};  ///< who answered; of `accepted` whom it came from
  std::string tls{};              ///< "TLSv1.3 verified", empty in the clear

  // What a timeline need not repeat, for it stands with its message.
  QueueId id{};
  std::string sender{};               ///< a path: "<a@b.example>", "<>"
  std::string account{};              ///< id of who submitted it
  std::string next_hop{};             ///< as in Lease
  std::chrono::milliseconds took{0};  ///< of an attempt
  std::size_t recipients = 0;         ///< of `accepted`: how many; of `expanded`: into how many
  std::uint64_t size = 0;             ///< of `accepted`, with the next three
  std::string message_id{};
  std::string protocol{};  ///< "ESMTPSA", "LMTP", "HTTP"
  std::string login{};     ///< address of who logged in
};

/// Hears of every fact once, when it is durable. Called on the loop of who tells, so by several
/// threads; must neither block nor throw.
class FactListener {
 public:
  virtual ~FactListener() = default;
  virtual void on(const Fact& fact) = 0;
};

/// All who listen. A value: cheap to copy; the listeners outlive it.
class Facts {
 public:
  Facts() = default;
  Facts(std::vector<FactListener*> listeners) : listeners_(std::move(listeners)) {}
  bool has_listeners() const { return !listeners_.empty(); }
  void tell(const Fact& fact) const {
    for (FactListener* listener : listeners_) listener->on(fact);
  }
  void tell(const std::vector<Fact>& facts) const {
    for (const Fact& fact : facts) tell(fact);
  }

 private:
  std::vector<FactListener*> listeners_;
};

}  // namespace postern::queue
