// tests/fuzz/sasl_fuzz.cc: every SASL mechanism against whatever a client answers.
#include <algorithm>
#include <cstdint>
#include <optional>
#include <string_view>

#include "core/assert.h"
#include "core/mail/encodings.h"
#include "policy/sasl/dialogue.h"

using namespace postern;
using namespace postern::policy;

namespace {

constexpr int steps_of_any_mechanism = 8;

/// Cuts the next line off.
std::optional<std::string_view> next_line(std::string_view& input) {
  if (input.empty()) return std::nullopt;
  const std::string_view line = input.substr(0, input.find('\n'));
  input.remove_prefix(std::min(line.size() + 1, input.size()));
  return line;
}

void check_end(const sasl::Turn& turn) {
  if (const auto* failure = std::get_if<sasl::Failure>(&turn)) {
    POSTERN_ASSERT(!failure->text.empty() && mail::is_ascii(failure->text) &&
                   !mail::has_control(failure->text));
    return;
  }
  const auto* claim = std::get_if<Claim>(&turn);
  const auto* credentials = claim != nullptr ? std::get_if<Credentials>(claim) : nullptr;
  if (credentials == nullptr) return;
  for (const std::string& field : {credentials->user, credentials->password}) {
    POSTERN_ASSERT(!field.empty() && field.find('\0') == field.npos);
  }
}

/// The first line is the initial response, unless it is "?".
void converse(const sasl::Mechanism& mechanism, const sasl::Channel& channel,
              std::string_view input) {
  sasl::Dialogue dialogue(mechanism, channel);
  auto initial = next_line(input);
  if (initial == "?") initial.reset();
  sasl::Turn turn = dialogue.begin(initial);
  int steps = 0;
  while (const auto* challenge = std::get_if<sasl::ChallengeLine>(&turn)) {
    POSTERN_ASSERT(mail::base64_decode(challenge->base64).has_value());
    POSTERN_ASSERT(++steps <= steps_of_any_mechanism);
    const auto line = next_line(input);
    if (!line) return;
    turn = dialogue.answer(*line);
  }
  check_end(turn);
}

/// The same without base64, so that the fuzzer need not find it.
void converse_in_octets(const sasl::Mechanism& mechanism, const sasl::Channel& channel,
                        std::string_view input) {
  const auto exchange = mechanism.start(channel);
  while (const auto message = next_line(input)) {
    if (!std::holds_alternative<sasl::Challenge>(exchange->step(*message))) return;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const sasl::Channel channel{.scope = Scope::imap,
                              .is_protected = true,
                              .bindings = {{"tls-exporter", std::string(32, 'x')}}};
  for (const sasl::Mechanism& mechanism : sasl::mechanisms()) {
    converse(mechanism, channel, input);
    converse_in_octets(mechanism, channel, input);
  }
  return 0;
}
