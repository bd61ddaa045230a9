// policy/sasl/mechanisms.cc: the table of SASL mechanisms. A new one is a row here and a file
// beside it.
#include "policy/sasl/mechanisms.h"

#include <algorithm>
#include <array>

#include "core/mail/encodings.h"

namespace postern::policy::sasl {

// Each in the file of its name.
std::unique_ptr<Exchange> start_plain(const Channel& channel);
std::unique_ptr<Exchange> start_login(const Channel& channel);

namespace {

constexpr unsigned in(auto... scopes) { return (static_cast<unsigned>(scopes) | ...); }

// clang-format off
constexpr std::array table{
    //        name     opening      offered in                                   needs_protection
    Mechanism{"PLAIN", "",          in(Scope::smtp, Scope::imap, Scope::pop3),   true, start_plain},
    Mechanism{"LOGIN", "Username:", in(Scope::smtp, Scope::imap),                true, start_login},
};
// clang-format on

}  // namespace

bool Mechanism::is_offered(const Channel& channel) const {
  return (scopes & in(channel.scope)) != 0 && (channel.is_protected || !needs_protection);
}

std::span<const Mechanism> mechanisms() { return table; }

const Mechanism* find_offered(std::string_view name, const Channel& channel) {
  const auto* found = std::ranges::find_if(table, [&](const Mechanism& mechanism) {
    return mail::equal_ignoring_case(mechanism.name, name) && mechanism.is_offered(channel);
  });
  return found == table.end() ? nullptr : found;
}

std::vector<std::string_view> offered_names(const Channel& channel) {
  std::vector<std::string_view> names;
  for (const Mechanism& mechanism : table) {
    if (mechanism.is_offered(channel)) names.push_back(mechanism.name);
  }
  return names;
}

}  // namespace postern::policy::sasl
