// tests/fuzz/dkim_fuzz.cc: signing any message: clean fields, and a body hash that no packet border
// changes.
#include "core/mail/dot_stuffing.h"
#include "policy/dkim/signer.h"

#include <cstdint>
#include <string>
#include <string_view>

#include "core/assert.h"

using namespace postern;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  static const policy::DkimKey key = *policy::DkimKey::from_pem(
      "b.example", "e", policy::generate_dkim_pem(policy::DkimAlgorithm::ed25519_sha256));
  const std::string fields = policy::dkim_sign(std::span(&key, 1), input, {});
  POSTERN_ASSERT(mail::has_clean_line_ends(fields) && fields.ends_with("\r\n") &&
                 fields.find("\r\n\r\n") == std::string::npos);
  policy::BodyHasher whole, pieces;
  whole.update(input);
  for (std::size_t at = 0; at < size; at += 3) pieces.update(input.substr(at, 3));
  POSTERN_ASSERT(whole.finish() == pieces.finish());
  if (size < 2000) (void)policy::DkimKey::from_pem("b.example", "e", input);
  return 0;
}
