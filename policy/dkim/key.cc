// policy/dkim/key.cc: reads, makes and publishes keys, and signs with them, by OpenSSL.
#include "policy/dkim/key.h"

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <array>
#include <fstream>
#include <iterator>
#include <utility>

#include "core/assert.h"
#include "core/mail/encodings.h"

namespace postern::policy {
namespace {

EVP_PKEY* pkey(const std::shared_ptr<void>& key) { return static_cast<EVP_PKEY*>(key.get()); }

std::string sha256(std::string_view data) {
  std::array<unsigned char, 32> out{};
  POSTERN_ASSERT(EVP_Digest(data.data(), data.size(), out.data(), nullptr, EVP_sha256(), nullptr) ==
                 1);
  return {reinterpret_cast<const char*>(out.data()), out.size()};
}

std::string bio_text(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return {data, static_cast<std::size_t>(size)};
}

}  // namespace

std::expected<DkimKey, std::string> DkimKey::load(std::string domain, std::string selector,
                                                  const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::unexpected(fmt::format("cannot read the DKIM key {}", path));
  std::string pem(std::istreambuf_iterator<char>(file), {});
  auto key = from_pem(std::move(domain), std::move(selector), pem);
  if (!key) return std::unexpected(fmt::format("{}: {}", path, key.error()));
  return key;
}

std::expected<DkimKey, std::string> DkimKey::from_pem(std::string domain, std::string selector,
                                                      std::string_view pem) {
  if (pem.size() > 64 * 1024) return std::unexpected("is no PEM key: it is too long");
  const std::unique_ptr<BIO, decltype([](BIO* bio) { BIO_free(bio); })> bio(
      BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  // A callback of ours, or OpenSSL would ask the terminal for a passphrase.
  EVP_PKEY* raw = PEM_read_bio_PrivateKey(
      bio.get(), nullptr, [](char*, int, int, void*) { return 0; }, nullptr);
  if (raw == nullptr)
    return std::unexpected("is no private key in PEM form, or it has a passphrase");
  DkimKey key;
  key.key_ = std::shared_ptr<void>(raw, [](void* p) { EVP_PKEY_free(static_cast<EVP_PKEY*>(p)); });
  key.domain_ = std::move(domain);
  key.selector_ = std::move(selector);
  switch (EVP_PKEY_get_base_id(raw)) {
    case EVP_PKEY_RSA:
      if (EVP_PKEY_get_bits(raw) < 1024)
        return std::unexpected(
            "is an RSA key of less than 1024 bits, which verifiers ignore (RFC 8301)");
      key.algorithm_ = DkimAlgorithm::rsa_sha256;
      return key;
    case EVP_PKEY_ED25519:
      key.algorithm_ = DkimAlgorithm::ed25519_sha256;
      return key;
    default:
      return std::unexpected("is neither an RSA nor an Ed25519 key");
  }
}

std::string DkimKey::dns_record() const {
  if (algorithm_ == DkimAlgorithm::ed25519_sha256) {
    std::array<unsigned char, 32> raw{};
    std::size_t size = raw.size();
    POSTERN_ASSERT(EVP_PKEY_get_raw_public_key(pkey(key_), raw.data(), &size) == 1);
    return "v=DKIM1; k=ed25519; p=" +
           mail::base64_encode({reinterpret_cast<const char*>(raw.data()), size});  // RFC 8463 §4.2
  }
  unsigned char* der = nullptr;
  const int size = i2d_PUBKEY(pkey(key_), &der);
  POSTERN_ASSERT(size > 0);
  std::string record =
      "v=DKIM1; k=rsa; p=" +
      mail::base64_encode({reinterpret_cast<const char*>(der), static_cast<std::size_t>(size)});
  OPENSSL_free(der);
  return record;
}

std::string DkimKey::sign(std::string_view data) const {
  const std::unique_ptr<EVP_MD_CTX, decltype([](EVP_MD_CTX* p) { EVP_MD_CTX_free(p); })> signing(
      EVP_MD_CTX_new());
  // Ed25519 signs the SHA-256 of the text, not the text (RFC 8463 §3).
  const bool rsa = algorithm_ == DkimAlgorithm::rsa_sha256;
  const std::string hash = rsa ? std::string() : sha256(data);
  const std::string_view input = rsa ? data : std::string_view(hash);
  std::size_t size = 0;
  const auto* bytes = reinterpret_cast<const unsigned char*>(input.data());
  POSTERN_ASSERT(EVP_DigestSignInit(signing.get(), nullptr, rsa ? EVP_sha256() : nullptr, nullptr,
                                    pkey(key_)) == 1);
  POSTERN_ASSERT(EVP_DigestSign(signing.get(), nullptr, &size, bytes, input.size()) == 1);
  std::string signature(size, '\0');
  POSTERN_ASSERT(EVP_DigestSign(signing.get(), reinterpret_cast<unsigned char*>(signature.data()),
                                &size, bytes, input.size()) == 1);
  signature.resize(size);
  return signature;
}

std::size_t DkimKey::signature_size() const {
  return static_cast<std::size_t>(EVP_PKEY_get_size(pkey(key_)));
}

std::string generate_dkim_pem(DkimAlgorithm algorithm) {
  EVP_PKEY* raw = algorithm == DkimAlgorithm::rsa_sha256
                      ? EVP_RSA_gen(2048)
                      : EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
  POSTERN_ASSERT(raw != nullptr);
  const std::unique_ptr<EVP_PKEY, decltype([](EVP_PKEY* p) { EVP_PKEY_free(p); })> key(raw);
  const std::unique_ptr<BIO, decltype([](BIO* bio) { BIO_free(bio); })> bio(BIO_new(BIO_s_mem()));
  POSTERN_ASSERT(PEM_write_bio_PKCS8PrivateKey(bio.get(), key.get(), nullptr, nullptr, 0, nullptr,
                                               nullptr) == 1);
  return bio_text(bio.get());
}

std::string dkim_zone_line(const DkimKey& key) {
  const std::string record = key.dns_record();
  std::string out = key.dns_name() + ". IN TXT (";
  for (std::size_t at = 0; at < record.size(); at += 250)
    out += fmt::format(" \"{}\"", record.substr(at, 250));
  return out + " )";
}

}  // namespace postern::policy
