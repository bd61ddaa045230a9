// policy/dkim/signer.h: DKIM signatures (RFC 6376, Ed25519: RFC 8463), relaxed/relaxed.
#pragma once

#include <chrono>
#include <span>
#include <string>
#include <string_view>

#include "policy/dkim/body_hash.h"
#include "policy/dkim/key.h"

namespace postern::policy {

/// The DKIM-Signature fields of one message, one per key, each ending in CRLF: prepend them to the
/// message. Prepared when the header is known, made when the body's hash is.
class DkimSignatures {
 public:
  /// `header_block`: the message's header as it will be sent (the empty line may be there). The
  /// keys outlive this.
  DkimSignatures(std::span<const DkimKey> keys, std::string_view header_block,
                 std::chrono::sys_seconds now);
  /// Octets that fields() will have, whatever the hash is. Signs nothing.
  std::size_t size() const;
  /// `body_hash` from BodyHasher. A millisecond for an RSA key: run it in a pool.
  std::string fields(std::string_view body_hash) const;

 private:
  std::string unsigned_value(const DkimKey& key, std::string_view body_hash) const;

  std::span<const DkimKey> keys_;
  std::chrono::sys_seconds now_;
  std::string h_tag_, signed_headers_;
};

/// The same for a message in memory.
std::string dkim_sign(std::span<const DkimKey> keys, std::string_view message,
                      std::chrono::sys_seconds now);

/// RFC 6376 §3.4.2: one header field, name and raw value, relaxed; without a line end.
std::string relaxed_header(std::string_view name, std::string_view raw_value);

}  // namespace postern::policy
