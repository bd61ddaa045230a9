// relay/config/services.h: what a listener can be: every service, in one table.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <utility>

#include "core/net/tls_offer.h"

namespace postern::relay {

enum class Service { smtp, submission, submissions, lmtp, imap, imaps, pop3, pop3s, http, https };

/// What is spoken there once TLS, where it is implicit, stands.
enum class Protocol {
  smtp,        ///< mail from other hosts: RFC 5321
  submission,  ///< mail from people and programs, after a login: RFC 6409
  lmtp,        ///< RFC 2033
  imap,        ///< RFC 9051
  pop3,        ///< RFC 1939
  http,        ///< RFC 9112
};

struct ServiceRow {
  Service service;
  std::string_view name;  ///< in the configuration, in metrics
  std::uint16_t port;     ///< IANA's
  Protocol protocol;
  bool has_implicit_tls;  ///< TLS from the first octet: RFC 8314 §3
  net::TlsOffer tls;      ///< unless the configuration says otherwise
};

// clang-format off
inline constexpr std::array services{
    //         service               name           port  protocol              implicit  tls
    ServiceRow{Service::smtp,        "smtp",          25, Protocol::smtp,       false,    net::TlsOffer::optional},  // peers may use STARTTLS or not: RFC 3207 §4
    ServiceRow{Service::submission,  "submission",   587, Protocol::submission, false,    net::TlsOffer::required},
    ServiceRow{Service::submissions, "submissions",  465, Protocol::submission, true,     net::TlsOffer::required},
    ServiceRow{Service::lmtp,        "lmtp",          24, Protocol::lmtp,       false,    net::TlsOffer::optional},
    ServiceRow{Service::imap,        "imap",         143, Protocol::imap,       false,    net::TlsOffer::required},
    ServiceRow{Service::imaps,       "imaps",        993, Protocol::imap,       true,     net::TlsOffer::required},
    ServiceRow{Service::pop3,        "pop3",         110, Protocol::pop3,       false,    net::TlsOffer::required},
    ServiceRow{Service::pop3s,       "pop3s",        995, Protocol::pop3,       true,     net::TlsOffer::required},
    ServiceRow{Service::http,        "http",          80, Protocol::http,       false,    net::TlsOffer::off},       // HTTP has no STARTTLS in use
    ServiceRow{Service::https,       "https",        443, Protocol::http,       true,     net::TlsOffer::required},
};
// clang-format on

constexpr const ServiceRow& row_of(Service service) {
  return services[static_cast<std::size_t>(service)];
}
constexpr std::string_view name(Service service) { return row_of(service).name; }

static_assert(
    [] {
      for (std::size_t i = 0; i < services.size(); ++i)
        if (services[i].service != static_cast<Service>(i)) return false;
      return true;
    }(),
    "the rows stand in the order of Service");

/// The words of the configuration.
inline constexpr auto service_words = [] {
  std::array<std::pair<std::string_view, Service>, services.size()> words;
  for (std::size_t i = 0; i < services.size(); ++i)
    words[i] = {services[i].name, services[i].service};
  return words;
}();

}  // namespace postern::relay
