// tests/fuzz/dns_reply_fuzz.cc: answers of name servers. The first octet chooses the question.
#include <array>

#include "core/assert.h"
#include "core/net/dns_reply.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace postern::net;
  using Type = Resolver::Type;
  if (size < 1) return 0;
  constexpr std::array types{Type::a, Type::ptr, Type::mx, Type::txt, Type::aaaa, Type::tlsa};
  const Type type = types[data[0] % types.size()];
  const DnsReply reply = read_dns_reply({data + 1, size - 1}, type);
  POSTERN_ASSERT(reply.error.has_value() == reply.records.empty() ||
                 reply.error == DnsError::temporary);
  POSTERN_ASSERT(reply.life.count() >= 0 && reply.life <= std::chrono::hours(24));
  for (const DnsRecord& record : reply.records) {
    if (type != Type::mx && type != Type::ptr) continue;
    POSTERN_ASSERT(record.text.size() < 1025 && record.text.find('\0') == std::string::npos);
  }
  return 0;
}
