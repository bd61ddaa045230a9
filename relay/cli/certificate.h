// relay/cli/certificate.h: a self-signed certificate for a start.
#pragma once

#include <string>

namespace postern::relay {

struct SelfSigned {
  std::string certificate, key;  ///< PEM
};

/// ECDSA P-256, for ten years, for `hostname`, localhost, 127.0.0.1 and ::1. Throws IoError.
SelfSigned make_self_signed(const std::string& hostname);

}  // namespace postern::relay
