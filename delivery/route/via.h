// delivery/route/via.h: what a `[[route]]` may say in `via`.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace postern::delivery {

/// What `via` says, taken apart.
struct Via {
  enum class Kind { mx, smtp, smtps, submission, lmtp, lmtp_unix, mailbox, discard, reject };
  Kind kind{};
  std::string user, host;  ///< of smtp, smtps, submission, lmtp
  std::uint16_t port = 0;
  std::string path;            ///< of lmtp+unix
  std::string status, reason;  ///< of reject: "5.7.1" and the words
  /// `error` says what is allowed.
  static std::expected<Via, std::string> parse(std::string_view text);
};

}  // namespace postern::delivery
