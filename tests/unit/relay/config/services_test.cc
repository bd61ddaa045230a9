// tests/unit/relay/config/services_test.cc: the table of services.
#include "relay/config/services.h"

#include <catch2/catch.hpp>
#include <set>

using namespace postern;
using namespace postern::relay;

TEST_CASE("no two services share a name or a port") {
  std::set<std::string_view> names;
  std::set<std::uint16_t> ports;
  for (const ServiceRow& row : services) {
    CHECK(names.insert(row.name).second);
    CHECK(ports.insert(row.port).second);
    CHECK(name(row.service) == row.name);
  }
}

TEST_CASE("a service with implicit TLS offers nothing else, and a password needs TLS by default") {
  for (const ServiceRow& row : services) {
    INFO(row.name);
    if (row.has_implicit_tls) CHECK(row.tls == net::TlsOffer::required);
    const bool has_login = row.protocol == Protocol::submission || row.protocol == Protocol::imap ||
                           row.protocol == Protocol::pop3;
    if (has_login) CHECK_FALSE(net::lets_log_in(row.tls, false));
  }
}

TEST_CASE("what a door offers decides about STARTTLS and logins in one place") {
  using net::TlsOffer;
  CHECK(net::offers_start_tls(TlsOffer::required, true, false));
  CHECK(net::offers_start_tls(TlsOffer::optional, true, false));
  CHECK_FALSE(net::offers_start_tls(TlsOffer::off, true, false));
  CHECK_FALSE(net::offers_start_tls(TlsOffer::required, false, false));
  CHECK_FALSE(net::offers_start_tls(TlsOffer::optional, true, true));
  CHECK(net::lets_log_in(TlsOffer::optional, false));
  CHECK_FALSE(net::lets_log_in(TlsOffer::off, false));
  CHECK(net::lets_log_in(TlsOffer::off, true));
  CHECK(net::needs_tls_first(TlsOffer::required, false));
  CHECK_FALSE(net::needs_tls_first(TlsOffer::required, true));
  CHECK_FALSE(net::needs_tls_first(TlsOffer::optional, false));
}
