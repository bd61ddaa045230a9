// policy/dkim/body_hash.h: the hash of a body, which a signature covers (RFC 6376 §3.4.4, §3.7).
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace postern::policy {

/// The SHA-256 of a body under relaxed canonicalisation (RFC 6376 §3.4.4), fed in pieces of any
/// size. Holds some KiB, whatever comes.
class BodyHasher {
 public:
  BodyHasher();
  ~BodyHasher();
  BodyHasher(BodyHasher&&) noexcept;
  BodyHasher& operator=(BodyHasher&&) noexcept;

  void update(std::string_view bytes);
  std::string finish();  // base64; call once

 private:
  void out(std::string_view bytes);
  void start_text();
  void pass_on_if_full();

  std::shared_ptr<void> digest_;  // EVP_MD_CTX
  std::string buffer_;
  std::size_t empty_lines_ = 0;
  bool blank_ = false, after_cr_ = false, in_line_ = false;
};

}  // namespace postern::policy
