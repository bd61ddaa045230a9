// policy/password_strength.cc: what every guesser tries is refused.
#include "policy/password_strength.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/mail/encodings.h"

namespace postern::policy {
namespace {

constexpr std::ptrdiff_t least_characters = 8;

std::ptrdiff_t characters(std::string_view utf8) {
  return std::ranges::count_if(utf8, [](char octet) { return (octet & 0xc0) != 0x80; });
}

}  // namespace

std::optional<std::string> weakness(const mail::EmailAddress& address, std::string_view password) {
  const bool is_name = mail::equal_ignoring_case(password, address.text()) ||
                       mail::equal_ignoring_case(password, address.local_part());
  if (characters(password) >= least_characters && !is_name) return std::nullopt;
  return fmt::format(
      "this password is easily guessed: one of {} characters or more is allowed that is neither "
      "the address nor what stands before its @; without one, a strong password is made",
      least_characters);
}

}  // namespace postern::policy
