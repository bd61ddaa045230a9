// core/net/dns_reply.cc: read with libresolv, for c-ares 1.18 gives no TTL for MX and TXT.
#include "core/net/dns_reply.h"

#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <resolv.h>

#include <algorithm>
#include <cstring>

namespace postern::net {

namespace {

constexpr std::chrono::seconds longest_life{86'400};
constexpr std::chrono::seconds longest_negative_life{900};

std::optional<std::string> read_name(const ns_msg& message, const std::uint8_t* at,
                                     const std::uint8_t* end) {
  char name[NS_MAXDNAME];
  if (at >= end ||
      ns_name_uncompress(ns_msg_base(message), ns_msg_end(message), at, name, sizeof name) < 0)
    return std::nullopt;
  return plain_dns_name(name);
}

std::optional<DnsRecord> read_record(const ns_msg& message, const ns_rr& rr) {
  const std::uint8_t* const data = ns_rr_rdata(rr);
  const std::size_t size = ns_rr_rdlen(rr);
  DnsRecord record;
  switch (static_cast<Resolver::Type>(ns_rr_type(rr))) {
    case Resolver::Type::a: {
      if (size != 4) return std::nullopt;
      sockaddr_in address{};
      address.sin_family = AF_INET;
      std::memcpy(&address.sin_addr, data, size);
      record.address = Address::from_sockaddr(reinterpret_cast<sockaddr*>(&address));
      return record;
    }
    case Resolver::Type::aaaa: {
      if (size != 16) return std::nullopt;
      sockaddr_in6 address{};
      address.sin6_family = AF_INET6;
      std::memcpy(&address.sin6_addr, data, size);
      record.address = Address::from_sockaddr(reinterpret_cast<sockaddr*>(&address));
      return record;
    }
    case Resolver::Type::mx: {
      if (size < 3) return std::nullopt;
      record.preference = static_cast<std::uint16_t>(ns_get16(data));
      auto name = read_name(message, data + 2, data + size);
      if (!name) return std::nullopt;
      record.text = std::move(*name);
      return record;
    }
    case Resolver::Type::ptr: {
      auto name = read_name(message, data, data + size);
      if (!name) return std::nullopt;
      record.text = std::move(*name);
      return record;
    }
    case Resolver::Type::txt:
      for (std::size_t at = 0; at < size;) {
        const std::size_t length = data[at++];
        if (length > size - at) return std::nullopt;
        record.text.append(reinterpret_cast<const char*>(data + at), length);
        at += length;
      }
      return record;
    case Resolver::Type::tlsa:
      if (size < 4) return std::nullopt;
      record.tlsa = {data[0], data[1], data[2],
                     std::string(reinterpret_cast<const char*>(data + 3), size - 3)};
      return record;
  }
  return std::nullopt;
}

/// How long "there is none" may be believed: RFC 2308 §5.
std::chrono::seconds negative_life(ns_msg& message) {
  for (int i = 0; i < ns_msg_count(message, ns_s_ns); ++i) {
    ns_rr rr;
    if (ns_parserr(&message, ns_s_ns, i, &rr) < 0) break;
    if (ns_rr_type(rr) != ns_t_soa || ns_rr_rdlen(rr) < 20) continue;
    const std::uint32_t minimum =
        static_cast<std::uint32_t>(ns_get32(ns_rr_rdata(rr) + ns_rr_rdlen(rr) - 4));
    return std::min(std::chrono::seconds(std::min<std::uint32_t>(minimum, ns_rr_ttl(rr))),
                    longest_negative_life);
  }
  return std::chrono::seconds(0);
}

}  // namespace

std::string plain_dns_name(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; });
  if (text.ends_with('.')) text.pop_back();
  return text;
}

DnsReply read_dns_reply(std::span<const std::uint8_t> bytes, Resolver::Type type) {
  DnsReply reply;
  reply.error = DnsError::temporary;
  ns_msg message;
  if (ns_initparse(bytes.data(), static_cast<int>(bytes.size()), &message) < 0) return reply;
  const int code = ns_msg_getflag(message, ns_f_rcode);
  if (code != ns_r_noerror && code != ns_r_nxdomain) return reply;
  reply.is_authentic = ns_msg_getflag(message, ns_f_ad) != 0;
  std::chrono::seconds life = longest_life;
  for (int i = 0; i < ns_msg_count(message, ns_s_an); ++i) {
    ns_rr rr;
    if (ns_parserr(&message, ns_s_an, i, &rr) < 0) return reply;
    life = std::min(life, std::chrono::seconds(ns_rr_ttl(rr)));  // a CNAME on the way counts
    if (ns_rr_type(rr) != static_cast<int>(type)) continue;
    auto record = read_record(message, rr);
    if (!record) return reply;
    reply.records.push_back(std::move(*record));
  }
  if (reply.records.empty()) {
    reply.error = code == ns_r_nxdomain ? DnsError::no_such_name : DnsError::no_data;
    reply.life = negative_life(message);
  } else {
    reply.error.reset();
    reply.life = life;
  }
  return reply;
}

}  // namespace postern::net
