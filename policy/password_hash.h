// policy/password_hash.h: scrypt (RFC 7914) of passwords, and secrets made from randomness.
#pragma once

#include <string>
#include <string_view>

namespace postern::policy {

/// The bounds of log2 N, for records that we make and for those that we read.
inline constexpr unsigned least_hash_cost = 10, most_hash_cost = 20;

/// "scrypt$15$8$1$SALT$KEY" (log2 N, r, p, base64). Takes time and memory on purpose. A cost beyond
/// the bounds counts as the nearest one.
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
