// policy/sasl/exchange.h: one authentication as its SASL mechanism sees it: octets in, octets out
// (RFC 4422 §3).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "policy/authenticator.h"

namespace postern::policy::sasl {

/// What ties an exchange to the TLS session that it runs in (RFC 5056).
struct ChannelBinding {
  std::string type;  // as IANA has it: "tls-exporter" (RFC 9266), "tls-server-end-point" (RFC 5929)
  std::string data;
};

/// What an exchange may know of the connection that it runs over.
struct Channel {
  Scope scope{};              // the protocol
  bool is_protected = false;  // by TLS, or by an operator who lets passwords pass in the clear
  std::vector<ChannelBinding> bindings = {};  // none: no TLS, or TLS that cannot be bound to
};

/// Octets for the client, who owes a response to them. What a mechanism says along with its success
/// is a challenge, too, whose response is empty: none of our protocols has another place for it.
struct Challenge {
  std::string octets;
};

enum class Why : std::uint8_t {
  cancelled,         // the client gave up
  not_base64,        // or not in the canonical form (RFC 4648 §3.5)
  too_long,          // a response over the limit
  malformed,         // not a message of this mechanism
  acts_for_another,  // an authorization identity that is not the login name
};

/// How an exchange went wrong before any password was checked. `text` is for the client: printable
/// ASCII, no echo of what it sent.
struct Failure {
  Why why{};
  std::string_view text;
};

/// How one message leads on. The last two are final.
using Step = std::variant<Challenge, Claim, Failure>;

/// One authentication by one mechanism. Knows no socket and no protocol. A step may take as long as
/// a hash does: it touches nothing but the exchange, so that the caller can offload it.
class Exchange {
 public:
  virtual ~Exchange() = default;
  /// Takes the client's next message, without base64. Not called again after a final step.
  virtual Step step(std::string_view response) = 0;
};

}  // namespace postern::policy::sasl
