// tests/fuzz/headers_fuzz.cc: header blocks, encoded words, dates, address lists, message ids; and
// who may send.
#include "core/mail/encodings.h"
#include "core/mail/headers.h"
#include "policy/sender_identity.h"

#include <cstdint>
#include <string>
#include <string_view>

#include "core/assert.h"

using namespace postern;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const mail::HeaderBlock block = mail::HeaderBlock::parse(input);
  std::size_t at = 0;
  for (const mail::HeaderField& field : block.fields()) {
    POSTERN_ASSERT(field.begin == at && field.end > field.begin);
    at = field.end;
    POSTERN_ASSERT(field.unfolded().find_first_of("\r\n") == std::string::npos);
  }
  POSTERN_ASSERT(block.size() <= input.size() && block.fields_size() <= block.size());
  (void)mail::message_envelope(block);
  const std::string words = mail::decode_words(input);
  POSTERN_ASSERT(mail::is_valid_utf8(words) && words.find_first_of("\r\n") == std::string::npos);
  const std::string encoded = mail::encode_words(words);
  POSTERN_ASSERT(mail::is_ascii(encoded) && mail::decode_words(encoded) == words);
  POSTERN_ASSERT(mail::unfold(mail::fold(words, 10)) == mail::unfold(words));
  if (const auto date = mail::parse_date(input)) {
    POSTERN_ASSERT(mail::parse_date(mail::format_date(date->time, date->zone)) == *date);
  }
  (void)mail::parse_address_list(input);
  (void)mail::parse_message_ids(input);
  (void)policy::check_sender_identity(block, [](const mail::EmailAddress&) { return true; });
  return 0;
}
