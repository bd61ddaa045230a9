// tests/fuzz/dsn_fuzz.cc: reports on any original and any remote text: three parts, clean lines,
// nothing breaks out.
#include "core/mail/dot_stuffing.h"
#include "core/mail/encodings.h"
#include "core/mail/mime.h"
#include "delivery/model/sanitise.h"
#include "delivery/report/dsn.h"

#include <cstdint>
#include <string>
#include <string_view>

#include "core/assert.h"

using namespace postern;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t half = size / 2;
  delivery::DsnInput in{.reporting_mta = "mx.b.example",
                        .postmaster = "postmaster@b.example",
                        .to = *mail::EmailAddress::parse("ann@b.example"),
                        .message_id = "<1@mx.b.example>",
                        .queue_id = "0123456789ABC"};
  in.recipients.push_back({.recipient = {.address = *mail::EmailAddress::parse("bob@y.example")},
                           .reply = std::string(input.substr(0, half)),
                           .remote_host = std::string(input.substr(0, half))});
  in.original = input.substr(half);
  in.original_size = in.original.size();
  in.options.ret = mail::Ret::full;
  in.options.smtputf8 = size % 2 == 1;
  const std::string report = delivery::compose_dsn(in);
  POSTERN_ASSERT(mail::has_clean_line_ends(report));
  const mail::MimeStructure structure = mail::MimeStructure::parse(report);
  POSTERN_ASSERT(structure.root().children.size() == 3);
  const std::string safe = delivery::sanitise(input, 100, false);
  POSTERN_ASSERT(safe.size() <= 100 && mail::is_valid_utf8(safe) && !mail::has_control(safe));
  return 0;
}
