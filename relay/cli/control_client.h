// relay/cli/control_client.h: one request to the running gateway, over its control socket.
#pragma once

#include <expected>
#include <filesystem>
#include <string>
#include <string_view>

#include "relay/cli/trusted_peers.h"

namespace postern::relay {

struct ControlAnswer {
  unsigned status = 0;
  std::string body;
};

/// Nobody listens on the socket, or nobody who is trusted; `text` says which.
struct NotReachable {
  std::string text;
};

/// Blocking, at most two minutes. Nothing is sent before the peer is known to be one of `trusted`
/// (SO_PEERCRED). `path` with its query, already encoded. Throws IoError when the
/// answer breaks off or is not HTTP.
std::expected<ControlAnswer, NotReachable> ask_server(
    const std::filesystem::path& socket, const TrustedPeers& trusted, std::string_view method,
    std::string_view path, std::string_view body,
    std::string_view content_type = "application/json");

}  // namespace postern::relay
