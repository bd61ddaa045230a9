// tests/unit/core/net/address_test.cc: addresses, networks and the table of clients.
#include "core/net/address.h"

#include <catch2/catch.hpp>

#include "core/net/address_table.h"

using namespace postern::net;
using namespace std::chrono_literals;

TEST_CASE("socket addresses are read and written") {
  const auto [text, written] = GENERATE(table<const char*, const char*>({
      {"127.0.0.1:25", "127.0.0.1:25"},
      {"[::1]:587", "[::1]:587"},
      {"[2001:DB8::0:1]:1", "[2001:db8::1]:1"},
      {"[::ffff:192.0.2.1]:25", "192.0.2.1:25"},
      {"unix:/run/postern.sock", "unix:/run/postern.sock"},
      {"0.0.0.0:0", "0.0.0.0:0"},
  }));
  const auto address = Address::parse(text);
  REQUIRE(address);
  CHECK(address->text() == written);
  CHECK(Address::parse(address->text()) == *address);
}

TEST_CASE("what is no socket address is refused") {
  const auto text = GENERATE(as<std::string>(), "", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536",
                             "127.0.0.1:-1", "::1:25", "[127.0.0.1]:25", "[::1]", "[::1:25",
                             "localhost:25", "127.0.0.1:25 ", "1.2.3:25", "unix:", "01.2.3.4:5");
  CHECK_FALSE(Address::parse(text).has_value());
  CHECK_FALSE(Address::parse("unix:/" + std::string(107, 'x')).has_value());
}

TEST_CASE("a network contains the addresses that share its first bits") {
  const auto [network, ip, inside] = GENERATE(table<const char*, const char*, bool>({
      {"192.0.2.0/24", "192.0.2.255", true},
      {"192.0.2.0/24", "192.0.3.0", false},
      {"192.0.2.0/25", "192.0.2.128", false},
      {"192.0.2.7", "192.0.2.7", true},
      {"192.0.2.7", "192.0.2.6", false},
      {"0.0.0.0/0", "203.0.113.9", true},
      {"0.0.0.0/0", "::1", false},
      {"2001:db8::/33", "2001:db8:7fff::1", true},
      {"2001:db8::/33", "2001:db8:8000::1", false},
      {"192.0.2.0/24", "::ffff:192.0.2.1", true},
      {"::ffff:192.0.2.0/120", "192.0.2.1", true},
  }));
  CAPTURE(network, ip);
  CHECK(Network::parse(network)->contains(*Address::parse_ip(ip)) == inside);
}

TEST_CASE("bad networks are refused") {
  const auto text = GENERATE("", "192.0.2.0/33", "::/129", "192.0.2.0/", "192.0.2.0/x",
                             "::ffff:1.2.3.4/95", "example.com");
  CHECK_FALSE(Network::parse(text).has_value());
}

TEST_CASE("loopback is 127/8, ::1 and unix sockets") {
  CHECK(Address::parse("127.9.9.9:1")->is_loopback());
  CHECK(Address::parse("[::1]:1")->is_loopback());
  CHECK(Address::parse("unix:/x")->is_loopback());
  CHECK_FALSE(Address::parse("128.0.0.1:1")->is_loopback());
  CHECK_FALSE(Address::parse("[::2]:1")->is_loopback());
}

TEST_CASE("connections are counted by address, IPv6 by /64, and given back at their end") {
  AddressTable table({.connections = 4, .connections_per_address = 2});
  const auto one = *Address::parse_ip("2001:db8::1"), same = *Address::parse_ip("2001:db8::ff00:2"),
             other = *Address::parse_ip("2001:db8:0:1::1");
  auto first = table.admit(one);
  {
    auto second = table.admit(same);
    REQUIRE(second);
    CHECK_FALSE(table.admit(one));
    CHECK(table.admit(other));
  }
  auto third = table.admit(same);
  CHECK(third);
  CHECK(table.connections() == 2);
  const auto v4 = *Address::parse_ip("192.0.2.1");
  auto fourth = table.admit(v4), fifth = table.admit(v4);
  CHECK(fifth);
  CHECK_FALSE(table.admit(other));  // the total
}

TEST_CASE("parallel guesses count before they are checked, and a success gives its slot back") {
  AddressTable table({.failures = 2, .window = 10min});
  const auto peer = *Address::parse_ip("192.0.2.1");
  AddressTable::Time now{};
  [[maybe_unused]] auto first = table.attempt(peer, now), second = table.attempt(peer, now);
  REQUIRE(second);
  CHECK_FALSE(table.attempt(peer, now));
  second->succeeded();
  auto third = table.attempt(peer, now + 9min);
  CHECK(third);
  CHECK_FALSE(table.attempt(peer, now + 9min));
  CHECK(table.attempt(peer, now + 10min));
}
