// tests/fuzz/compose_fuzz.cc: whatever goes into the composer, it refuses or builds a message that
// reads back.
#include "core/mail/compose.h"
#include "core/mail/dot_stuffing.h"
#include "core/mail/headers.h"
#include "core/mail/mime.h"

#include <cstdint>
#include <string>
#include <string_view>

#include "core/assert.h"

using namespace postern;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t third = size / 3;
  mail::Composer composer;
  composer.from({{std::string(input.substr(0, third)), *mail::EmailAddress::parse("a@b.example")}});
  composer.subject(input.substr(third, third)).field("X-Free", input.substr(third, third));
  composer.text(std::string(input.substr(2 * third))).html(std::string(input.substr(2 * third)));
  composer.attach({std::string(input.substr(0, third)), "application/pdf", std::string(input), ""});
  if (const auto message = composer.build("u")) {
    POSTERN_ASSERT(mail::has_clean_line_ends(*message));
    const mail::HeaderBlock headers = mail::HeaderBlock::parse(*message);
    POSTERN_ASSERT(headers.fields().size() == 5 && !headers.has_malformed_line());
    POSTERN_ASSERT(mail::unfold(mail::decode_words(*headers.value("Subject"))) ==
                   mail::unfold(input.substr(third, third)));
    const mail::AddressList from = mail::parse_address_list(headers.find("From")->value);
    POSTERN_ASSERT(from.is_clean && from.entries.size() == 1 &&
                   from.entries[0].address() == "a@b.example");
    const mail::MimeStructure structure = mail::MimeStructure::parse(*message);
    POSTERN_ASSERT(structure.parts.size() == 5);
  }
  return 0;
}
