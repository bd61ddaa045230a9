// delivery/attempt/events.h: the facts of delivery, told once each to the log, the metrics and
// whoever else listens.
#pragma once

#include <array>
#include <chrono>
#include <string>
#include <string_view>

#include "queue/model/queue_id.h"

namespace postern::delivery {

enum class Fact { attempt, delivered, deferred, bounced, expired, discarded };
inline constexpr std::array all_facts{Fact::attempt, Fact::delivered, Fact::deferred,
                                      Fact::bounced, Fact::expired,   Fact::discarded};
std::string_view name(Fact fact);

/// One fact. All remote text in it is sanitised: printable, bounded.
struct DeliveryEvent {
  Fact fact{};
  queue::QueueId id{};
  unsigned delivery = 0;  ///< index in the message
  unsigned attempt = 0;   ///< counts from 1
  std::string sender, recipient;
  std::string next_hop;       ///< the text of that in queue::Lease
  std::string host, address;  ///< who answered
  std::string tls;            ///< "TLSv1.3 verified", empty in the clear
  std::string status, reply;  ///< RFC 3463 code and the words of the remote
  std::chrono::milliseconds took{0};
};

/// Called on the worker's loop; must not block.
class EventSink {
 public:
  virtual ~EventSink() = default;
  virtual void on(const DeliveryEvent& event) = 0;
};

}  // namespace postern::delivery
