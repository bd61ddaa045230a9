// policy/sasl/plain.cc: PLAIN: one message, [authzid] NUL authcid NUL password (RFC 4616 §2).
#include <memory>

#include "policy/sasl/exchange.h"

namespace postern::policy::sasl {
namespace {

constexpr Failure not_plain{Why::malformed, "invalid PLAIN response"};

class Plain final : public Exchange {
 public:
  Step step(std::string_view response) override {
    const std::size_t first = response.find('\0');
    if (first == response.npos) return not_plain;
    const std::size_t second = response.find('\0', first + 1);
    if (second == response.npos || response.find('\0', second + 1) != response.npos) {
      return not_plain;
    }
    const std::string_view authzid = response.substr(0, first);
    const std::string_view authcid = response.substr(first + 1, second - first - 1);
    const std::string_view password = response.substr(second + 1);
    if (authcid.empty() || password.empty()) {
      return Failure{Why::malformed, "empty name or password"};
    }
    // Nobody acts for another here (RFC 4422 §3.4.1 leaves it to us).
    if (!authzid.empty() && authzid != authcid) {
      return Failure{Why::acts_for_another, "acting for another"};
    }
    return Claim(Credentials{std::string(authcid), std::string(password)});
  }
};

}  // namespace

std::unique_ptr<Exchange> start_plain(const Channel&) { return std::make_unique<Plain>(); }

}  // namespace postern::policy::sasl
