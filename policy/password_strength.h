// policy/password_strength.h: passwords that are guessed first.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/mail/address.h"

namespace postern::policy {

/// Why the password is too weak for the account of `address`, and what is allowed. None: it is not.
std::optional<std::string> weakness(const mail::EmailAddress& address, std::string_view password);

}  // namespace postern::policy
