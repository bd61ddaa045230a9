// policy/password_hash.h: scrypt (RFC 7914) of passwords, and secrets made from randomness.
#pragma once

#include <string>
#include <string_view>

namespace postern::policy {

/// "scrypt$15$8$1$SALT$KEY" (log2 N, r, p, base64). Takes time and memory on purpose.
std::string hash_password(std::string_view password, unsigned cost);
/// The same work as hash_password with the record's cost; false for a record that is none.
bool verify_password(std::string_view password, std::string_view record);

/// HMAC-SHA-256, raw.
std::string keyed_hash(std::string_view key, std::string_view text);
/// From the system's generator; throws IoError when it fails.
std::string random_bytes(std::size_t count);
/// Letters and digits without those that look alike, in groups of five with '-'.
std::string random_words(std::size_t groups);
bool equal_in_constant_time(std::string_view a, std::string_view b);

}  // namespace postern::policy
