// tests/unit/core/net/address_test.cc: addresses, networks and the table of clients.
#include "core/net/address.h"

#include <catch2/catch.hpp>

#include "core/net/address_kinds.h"
#include "core/net/address_table.h"

using namespace postern::net;

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

TEST_CASE("what is loopback, private, link-local, multicast or none is not of the world") {
  for (const char* ip : {"0.0.0.0",
                         "0.255.0.1",
                         "10.0.0.1",
                         "10.255.255.255",
                         "172.16.0.1",
                         "172.31.255.255",
                         "192.168.0.1",
                         "100.64.0.1",
                         "100.127.255.255",
                         "127.0.0.1",
                         "127.255.0.1",
                         "169.254.0.1",
                         "169.254.169.254",
                         "192.0.0.1",
                         "224.0.0.1",
                         "239.255.255.255",
                         "240.0.0.1",
                         "255.255.255.255",
                         "::",
                         "::1",
                         "::7f00:1",
                         "fc00::1",
                         "fd00:ec2::254",
                         "fe80::1",
                         "febf::1",
                         "fec0::1",
                         "ff02::1",
                         "::ffff:127.0.0.1",
                         "::ffff:10.0.0.1",
                         "::ffff:169.254.169.254",
                         "64:ff9b::10.0.0.1",
                         "64:ff9b::127.0.0.1",
                         "64:ff9b:1::1",
                         "2002:7f00:1::1",
                         "2002:a00:1::1"}) {
    CAPTURE(ip);
    CHECK_FALSE(is_public(*Address::parse_ip(ip)));
  }
  for (const char* ip :
       {"1.1.1.1", "9.255.255.255", "11.0.0.1", "172.15.0.1", "172.32.0.1", "192.167.0.1",
        "192.169.0.1", "100.63.0.1", "100.128.0.1", "126.0.0.1", "128.0.0.1", "169.253.0.1",
        "169.255.0.1", "223.255.255.255", "2001:db8::1", "2a00::1", "::ffff:1.1.1.1",
        "64:ff9b::1.1.1.1", "2002:101:101::1"}) {
    CAPTURE(ip);
    CHECK(is_public(*Address::parse_ip(ip)));
  }
  CHECK_FALSE(is_public(Address::unix_socket("/x")));
}

TEST_CASE("a host has one address of IPv4 and a /64 of IPv6") {
  CHECK(host_of(*Address::parse("192.0.2.1:25")) == *Address::parse("192.0.2.1:25"));
  CHECK(host_of(*Address::parse("[2001:db8::1]:25")) == *Address::parse("[2001:db8::]:25"));
  CHECK(host_of(*Address::parse("[2001:db8::1]:25")) ==
        host_of(*Address::parse("[2001:db8::ffff:1]:25")));
  CHECK(host_of(*Address::parse("[2001:db8:0:1::1]:25")) !=
        host_of(*Address::parse("[2001:db8::1]:25")));
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
