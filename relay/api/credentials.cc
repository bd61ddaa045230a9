// relay/api/credentials.cc: a name and a password out of Basic credentials.
#include "relay/api/credentials.h"

#include "core/mail/encodings.h"

namespace postern::http {

std::optional<policy::Credentials> basic_credentials(std::string_view authorization) {
  constexpr std::string_view scheme = "basic ";
  if (!mail::equal_ignoring_case(authorization.substr(0, scheme.size()), scheme)) return {};
  const auto decoded = mail::base64_decode(authorization.substr(scheme.size()));
  if (!decoded) return {};
  const std::size_t colon = decoded->find(':');
  if (colon == decoded->npos || colon == 0 || decoded->find('\0') != decoded->npos) return {};
  return policy::Credentials{decoded->substr(0, colon), decoded->substr(colon + 1)};
}

}  // namespace postern::http
