// policy/password_hash.cc: OpenSSL's scrypt, HMAC and generator.
#include "policy/password_hash.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <algorithm>

#include "core/error.h"
#include "core/mail/encodings.h"
#include "core/metrics.h"
#include "core/number.h"

namespace postern::policy {

namespace {

constexpr std::size_t salt_size = 16, key_size = 32;
constexpr unsigned block = 8, lanes = 1;

struct Record {
  unsigned cost = 0;
  std::string salt, key;
};

metrics::Counter& hashes_made() {
  static metrics::Counter& counter =
      metrics::counter("postern_password_hashes_total", "Runs of the slow password hash (scrypt)");
  return counter;
}

std::string derive(std::string_view password, std::string_view salt, unsigned cost) {
  std::string key(key_size, '\0');
  const std::uint64_t n = 1ULL << cost;
  // OpenSSL counts 128·N·r and some more against this limit, 32 MiB by default.
  const std::uint64_t memory = 128 * n * block + (1 << 20);
  const int done =
      EVP_PBE_scrypt(password.data(), password.size(),
                     reinterpret_cast<const unsigned char*>(salt.data()), salt.size(), n, block,
                     lanes, memory, reinterpret_cast<unsigned char*>(key.data()), key.size());
  hashes_made().add();
  if (done != 1) throw IoError("scrypt failed, most likely for want of memory");
  return key;
}

std::string_view next_piece(std::string_view& text) {
  const std::size_t end = text.find('$');
  const std::string_view piece = text.substr(0, end);
  text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  return piece;
}

std::optional<Record> parse(std::string_view text) {
  if (next_piece(text) != "scrypt") return std::nullopt;
  Record record;
  record.cost = parse_number<unsigned>(next_piece(text)).value_or(0);
  if (record.cost < least_hash_cost || record.cost > most_hash_cost) return std::nullopt;
  if (next_piece(text) != "8" || next_piece(text) != "1") return std::nullopt;
  const auto salt = mail::base64_decode(next_piece(text));
  const auto key = mail::base64_decode(next_piece(text));
  if (!salt || !key || key->size() != key_size) return std::nullopt;
  record.salt = *salt;
  record.key = *key;
  return record;
}

}  // namespace

std::string hash_password(std::string_view password, unsigned asked) {
  const unsigned cost = std::clamp(asked, least_hash_cost, most_hash_cost);
  const std::string salt = random_bytes(salt_size);
  return "scrypt$" + std::to_string(cost) + "$8$1$" + mail::base64_encode(salt) + "$" +
         mail::base64_encode(derive(password, salt, cost));
}

bool verify_password(std::string_view password, std::string_view text) {
  const auto record = parse(text);
  return record &&
         equal_in_constant_time(derive(password, record->salt, record->cost), record->key);
}

std::string keyed_hash(std::string_view key, std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data(), &size);
  return {reinterpret_cast<const char*>(digest.data()), size};
}

std::string random_bytes(std::size_t count) {
  std::string bytes(count, '\0');
  if (RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(count)) != 1) {
    throw IoError("the system gives no random numbers");
  }
  return bytes;
}

std::string random_words(std::size_t groups) {
  constexpr std::string_view letters = "abcdefghjkmnpqrstuvwxyz23456789";  // 31
  constexpr unsigned fair = 248;  // 8 × 31: no letter more likely
  std::string text;
  while (text.size() < groups * 6 - 1) {
    for (const char byte : random_bytes(32)) {
      const auto value = static_cast<unsigned char>(byte);
      if (value >= fair || text.size() >= groups * 6 - 1) continue;
      text += letters[value % letters.size()];
      if (text.size() % 6 == 5 && text.size() < groups * 6 - 1) text += '-';
    }
  }
  return text;
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace postern::policy
