// core/sha256.cc: the digest by OpenSSL, written in digits.
#include "core/sha256.h"

#include <openssl/evp.h>
#include <openssl/sha.h>

#include <array>
#include <span>

#include "core/assert.h"

namespace postern {
namespace {

std::string in_digits(std::span<const unsigned char> octets) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string name;
  for (const unsigned char octet : octets) {
    name += digits[octet >> 4];
    name += digits[octet & 15];
  }
  return name;
}

}  // namespace

std::string sha256(std::string_view text) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> octets{};
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), octets.data());
  return in_digits(octets);
}

void Sha256::Free::operator()(evp_md_ctx_st* context) const { EVP_MD_CTX_free(context); }

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
  POSTERN_ASSERT(context_ && EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) == 1);
}

void Sha256::update(std::string_view piece) {
  EVP_DigestUpdate(context_.get(), piece.data(), piece.size());
}

std::string Sha256::finish() {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> octets{};
  EVP_DigestFinal_ex(context_.get(), octets.data(), nullptr);
  return in_digits(octets);
}

}  // namespace postern
