// core/sha256.cc: SHA-256 by OpenSSL, as hexadecimal text.
#include "core/sha256.h"

#include <openssl/sha.h>

#include <array>

namespace postern {

std::string sha256(std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::array<unsigned char, SHA256_DIGEST_LENGTH> octets{};
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), octets.data());
  std::string name;
  for (const unsigned char octet : octets) {
    name += digits[octet >> 4];
    name += digits[octet & 15];
  }
  return name;
}

}  // namespace postern
