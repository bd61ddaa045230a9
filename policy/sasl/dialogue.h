// policy/sasl/dialogue.h: an exchange as lines of base64, the form in which SMTP (RFC 4954 §4),
// IMAP (RFC 3501 §6.2.2, RFC 4959) and POP3 (RFC 5034 §4) carry it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "policy/sasl/exchange.h"
#include "policy/sasl/mechanisms.h"

namespace postern::policy::sasl {

/// No response of a client is longer (octets of base64).
inline constexpr std::size_t response_limit = 4096;

/// A challenge as it stands on its line, behind "334 " or "+ ".
struct ChallengeLine {
  std::string base64;
};

/// How one line leads on. The last two are final.
using Turn = std::variant<ChallengeLine, Claim, Failure>;

/// One authentication over one connection. The driver of a protocol writes the challenges, reads
/// the answers, and puts the end in its own words.
class Dialogue {
 public:
  Dialogue(const Mechanism& mechanism, const Channel& channel)
      : opening_(mechanism.opening), exchange_(mechanism.start(channel)) {}

  /// The first turn. `initial`: the response that came with the command, if one did; one to a
  /// mechanism whose server speaks first answers what it would have said, as clients of LOGIN mean
  /// it.
  Turn begin(std::optional<std::string_view> initial);
  /// The client's answer to a challenge; "*" gives up.
  Turn answer(std::string_view line);

 private:
  Turn take(std::string_view response);

  std::string_view opening_;
  std::unique_ptr<Exchange> exchange_;
};

}  // namespace postern::policy::sasl
