// policy/sasl/dialogue.cc: base64 off and on, and the client's "*" and "=".
#include "policy/sasl/dialogue.h"

#include <utility>

#include "core/mail/encodings.h"

namespace postern::policy::sasl {
namespace {

std::expected<std::string, Failure> decode(std::string_view response) {
  if (response == "=") return std::string();  // no octets: RFC 4954 §4, RFC 4959 §3, RFC 5034 §4
  if (response.size() > response_limit) {
    return std::unexpected(Failure{Why::too_long, "response too long"});
  }
  auto octets = mail::base64_decode(response);
  // Two texts for one secret are one too many.
  if (!octets) return std::unexpected(Failure{Why::not_base64, "invalid base64"});
  return *std::move(octets);
}

}  // namespace

Turn Dialogue::begin(std::optional<std::string_view> initial) {
  if (!initial) return ChallengeLine{mail::base64_encode(opening_)};
  return take(*initial);
}

Turn Dialogue::answer(std::string_view line) {
  if (line == "*") return Failure{Why::cancelled, "cancelled"};  // RFC 4954 §4, RFC 3501 §6.2.2
  return take(line);
}

Turn Dialogue::take(std::string_view response) {
  const auto octets = decode(response);
  if (!octets) return octets.error();
  Step step = exchange_->step(*octets);
  if (const auto* challenge = std::get_if<Challenge>(&step)) {
    return ChallengeLine{mail::base64_encode(challenge->octets)};
  }
  if (const auto* failure = std::get_if<Failure>(&step)) return *failure;
  return std::get<Claim>(std::move(step));
}

}  // namespace postern::policy::sasl
