// core/net/dns_reply.h: what an answer of the DNS says. A pure function over its octets.
#pragma once

#include <chrono>
#include <optional>
#include <span>

#include "core/net/dns.h"

namespace postern::net {

/// One record of the wanted type; which fields count depends on the type.
struct DnsRecord {
  std::uint16_t preference = 0;
  std::string text;  ///< a name (in lower case, without its last dot), or the text of a TXT
  Address address;
  Tlsa tlsa;
};

struct DnsReply {
  std::vector<DnsRecord> records;
  std::optional<DnsError> error;  ///< none exactly when there are records
  bool is_authentic = false;      ///< the AD bit
  std::chrono::seconds life{0};   ///< how long it may be kept
};

/// Reads an answer to a question for `type`. One that cannot be read whole is `temporary`.
DnsReply read_dns_reply(std::span<const std::uint8_t> octets, Resolver::Type type);

/// In lower case, without a last dot.
std::string plain_dns_name(std::string text);

}  // namespace postern::net
