// tests/fuzz/address_fuzz.cc: addresses, paths and DSN parameters; what parses must print and parse
// again.
#include "core/mail/address.h"
#include "core/mail/envelope.h"

#include <cstdint>
#include <string>
#include <string_view>

#include "core/assert.h"

using namespace postern;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  if (const auto address = mail::EmailAddress::parse(input)) {
    const auto again = mail::EmailAddress::parse(address->text());
    POSTERN_ASSERT(again.has_value() && *again == *address);
    POSTERN_ASSERT(address->text().find_first_of("\r\n") == std::string::npos);
    (void)address->domain().unicode();
  }
  if (const auto domain = mail::Domain::parse(input))
    POSTERN_ASSERT(*mail::Domain::parse(domain->text()) == *domain);
  (void)mail::split_path(input);
  if (const auto notify = mail::parse_notify(input))
    POSTERN_ASSERT(mail::parse_notify(mail::notify_text(*notify)) == *notify);
  if (const auto orcpt = mail::parse_orcpt(input))
    POSTERN_ASSERT(mail::orcpt_text(*orcpt).size() > 0);
  (void)mail::parse_envid(input);
  return 0;
}
