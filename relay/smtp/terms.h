// relay/smtp/terms.h: what one SMTP listener offers and demands, taken from the configuration.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "core/net/tls.h"
#include "core/net/tls_offer.h"
#include "relay/intake/intake.h"

namespace postern::smtp {

/// Values only, so that a session keeps the terms that it began under through a reload.
struct Terms {
  relay::Door door = relay::Door::mx;
  net::TlsOffer tls = net::TlsOffer::optional;
  bool implicit_tls = false;                       ///< `submissions`
  std::shared_ptr<const net::TlsContext> context;  ///< none: no certificate, TLS is not offered
  std::string hostname = "localhost";
  std::uint64_t message_size = 50'000'000;
  std::size_t recipients = 1000;
  bool is_trusted = false;            ///< the client's address is known to the operator
  std::size_t errors = 20;            ///< after so many refused commands the conversation is over
  std::size_t errors_of_known = 100;  ///< of a client that is trusted or logged in: people mistype
  std::size_t overshoot = 1000;       ///< recipients over the limit that are no errors yet
  std::chrono::milliseconds command_timeout = std::chrono::minutes(5);  ///< RFC 5321 §4.5.3.2.7
  std::chrono::milliseconds data_timeout = std::chrono::minutes(10);

  /// How long the transfer of a message may take: who sends it more slowly than 200 octets a
  /// second, on the average, holds us up on purpose.
  std::chrono::milliseconds time_for(std::uint64_t octets) const {
    return data_timeout + std::chrono::seconds(octets / 200);
  }
};

}  // namespace postern::smtp
