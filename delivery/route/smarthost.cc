#include "delivery/route/smarthost.h"

namespace postern::delivery {

std::optional<Target> smarthost_of(const Via& via, TlsDemand fallback) {
  Target target{.host = via.host, .port = via.port, .tls = fallback, .user = via.user};
  switch (via.kind) {
    case Via::Kind::smtp:
      break;
    case Via::Kind::smtps:
      target.tls_from_start = true;
      [[fallthrough]];
    case Via::Kind::submission:
      target.tls = TlsDemand::required;
      break;
    case Via::Kind::lmtp:
      target.protocol = Protocol::lmtp;
      break;
    case Via::Kind::lmtp_unix:
      target.host = via.path;
      target.protocol = Protocol::lmtp;
      target.tls = TlsDemand::off;
      target.addresses = {net::Address::unix_socket(via.path)};
      break;
    default:
      return std::nullopt;
  }
  if (!target.user.empty()) target.tls = TlsDemand::verified;
  return target;
}

}  // namespace postern::delivery
