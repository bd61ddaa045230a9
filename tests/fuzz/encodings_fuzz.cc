// tests/fuzz/encodings_fuzz.cc: the octet encodings; what decodes strictly must encode to the same.
#include "core/mail/charset.h"
#include "core/mail/encodings.h"
#include "core/mail/status.h"

#include <cstdint>
#include <string>
#include <string_view>

#include "core/assert.h"

using namespace postern;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  POSTERN_ASSERT(mail::base64_decode(mail::base64_encode(input)) == std::string(input));
  if (const auto bytes = mail::base64_decode(input))
    POSTERN_ASSERT(mail::base64_encode(*bytes) == input);
  POSTERN_ASSERT(mail::base64_decode_body(mail::base64_lines(input)) == input);
  POSTERN_ASSERT(mail::quoted_printable_decode(mail::quoted_printable_encode(input)) == input);
  (void)mail::quoted_printable_decode(input);
  POSTERN_ASSERT(mail::xtext_decode(mail::xtext_encode(input)) == std::string(input));
  (void)mail::xtext_decode(input);
  if (const auto name = mail::modified_utf7_decode(input)) {
    POSTERN_ASSERT(mail::is_valid_utf8(*name) && mail::modified_utf7_encode(*name) == input);
  }
  if (mail::is_valid_utf8(input))
    POSTERN_ASSERT(mail::modified_utf7_decode(mail::modified_utf7_encode(input)) ==
                   std::string(input));
  POSTERN_ASSERT(mail::is_valid_utf8(mail::guess_utf8(input)));
  for (const char* charset :
       {"utf-8", "iso-2022-jp", "gb18030", "koi8-r", "utf-7", "utf-16", "iso-2022-kr", "scsu"}) {
    if (const auto text = mail::to_utf8(charset, input)) POSTERN_ASSERT(mail::is_valid_utf8(*text));
  }
  if (const auto code = mail::StatusCode::parse(input)) POSTERN_ASSERT(code->text() == input);
  (void)mail::StatusCode::at_start(input);
  return 0;
}
