// policy/dkim/signer.h: DKIM signatures (RFC 6376, Ed25519: RFC 8463), relaxed/relaxed, body hashed
// as it streams by.
#pragma once

#include <chrono>
#include <expected>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace postern::policy {

enum class DkimAlgorithm { rsa_sha256, ed25519_sha256 };

/// A private key with the place where its public half is published. Cheap to copy, safe to share
/// between threads.
class DkimKey {
 public:
  /// From a PEM file or text (PKCS#8 or PKCS#1); the error says what is wrong. RSA below 1024 bits
  /// is refused (RFC 8301).
  static std::expected<DkimKey, std::string> load(std::string domain, std::string selector,
                                                  const std::string& path);
  static std::expected<DkimKey, std::string> from_pem(std::string domain, std::string selector,
                                                      std::string_view pem);

  const std::string& domain() const { return domain_; }
  const std::string& selector() const { return selector_; }
  DkimAlgorithm algorithm() const { return algorithm_; }
  std::string dns_name() const { return selector_ + "._domainkey." + domain_; }
  std::string dns_record()
      const;  // "v=DKIM1; k=rsa; p=…": one text; split it into strings of 255 for a zone file
  std::string sign(std::string_view data)
      const;  // over SHA-256 of `data`; raw bytes. RSA takes about a millisecond

 private:
  DkimKey() = default;
  std::string domain_, selector_;
  DkimAlgorithm algorithm_ = DkimAlgorithm::rsa_sha256;
  std::shared_ptr<void> key_;  // EVP_PKEY
};

/// A new private key as PKCS#8 PEM; RSA with 2048 bits.
std::string generate_dkim_pem(DkimAlgorithm algorithm);
/// A zone file's record: `p1._domainkey.example. IN TXT ( "…" "…" )`.
std::string dkim_zone_line(const DkimKey& key);

/// The SHA-256 of a body under relaxed canonicalisation (RFC 6376 §3.4.4), fed in pieces of any
/// size.
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

  std::shared_ptr<void> digest_;  // EVP_MD_CTX
  std::string buffer_;
  std::size_t empty_lines_ = 0;
  bool blank_ = false, after_cr_ = false, in_line_ = false;
};

/// The DKIM-Signature fields, one per key, each ending in CRLF: prepend them to the message.
/// `header_block` is the message's header as it will be sent (the empty line may be there),
/// `body_hash` from BodyHasher.
std::string dkim_signature_fields(std::span<const DkimKey> keys, std::string_view header_block,
                                  std::string_view body_hash, std::chrono::sys_seconds now);
/// The same for a message in memory.
std::string dkim_sign(std::span<const DkimKey> keys, std::string_view message,
                      std::chrono::sys_seconds now);

/// RFC 6376 §3.4.2: one header field, name and raw value, relaxed; without a line end.
std::string relaxed_header(std::string_view name, std::string_view raw_value);

}  // namespace postern::policy
