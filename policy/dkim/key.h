// policy/dkim/key.h: the private keys of DKIM, and the records that publish their other half (RFC
// 6376 §3.6, RFC 8463).
#pragma once

#include <cstddef>
#include <expected>
#include <memory>
#include <string>
#include <string_view>

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
  /// Over the SHA-256 of `data`; raw octets, always `signature_size()` of them. RSA takes about a
  /// millisecond: not for a loop.
  std::string sign(std::string_view data) const;
  std::size_t signature_size() const;

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

}  // namespace postern::policy
