// policy/sasl/login.cc: LOGIN: the name, then the password, each asked for (no RFC; the challenges
// are those that old clients compare).
#include <memory>
#include <optional>
#include <utility>

#include "policy/sasl/exchange.h"

namespace postern::policy::sasl {
namespace {

std::optional<Failure> wrong_in(std::string_view field) {
  if (field.empty()) return Failure{Why::malformed, "empty name or password"};
  if (field.find('\0') != field.npos) return Failure{Why::malformed, "NUL in a name or password"};
  return std::nullopt;
}

class Login final : public Exchange {
 public:
  Step step(std::string_view response) override {
    if (const auto wrong = wrong_in(response)) return *wrong;
    if (!user_.empty()) return Claim(Credentials{std::move(user_), std::string(response)});
    user_ = response;
    return Challenge{"Password:"};
  }

 private:
  std::string user_;
};

}  // namespace

std::unique_ptr<Exchange> start_login(const Channel&) { return std::make_unique<Login>(); }

}  // namespace postern::policy::sasl
