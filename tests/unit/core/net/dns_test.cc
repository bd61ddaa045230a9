// tests/unit/core/net/dns_test.cc: the resolver against a name server of a few lines.
#include "core/net/dns.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <map>
#include <thread>

#include "core/async/task_group.h"
#include "core/async/timer.h"
#include "tests/support/eventually.h"

using namespace postern;
using namespace postern::net;
using namespace std::chrono_literals;

namespace {

std::string u16(unsigned value) {
  return {static_cast<char>(value >> 8), static_cast<char>(value)};
}
std::string u32(unsigned value) { return u16(value >> 16) + u16(value & 0xffff); }
std::string wire_name(std::string_view name) {
  std::string wire;
  while (!name.empty()) {
    const std::size_t dot = std::min(name.find('.'), name.size());
    wire += static_cast<char>(dot);
    wire += name.substr(0, dot);
    name.remove_prefix(std::min(dot + 1, name.size()));
  }
  return wire + '\0';
}

struct Zone {
  std::vector<std::string> data;  ///< RDATA of each answer
  unsigned ttl = 300;
  unsigned code = 0;
  unsigned negative_ttl = 0;  ///< a SOA with this minimum; 0: none
  bool cname_first = false;   ///< an alias of a short life before the records
};

/// Answers from a table, on a thread and a port of its own; NXDOMAIN for all else.
class NameServer {
 public:
  using Question = std::pair<std::string, unsigned>;
  explicit NameServer(std::map<Question, Zone> zones) : zones_(std::move(zones)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(bind(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    socklen_t length = sizeof address;
    getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &length);
    address_ = Address::from_sockaddr(reinterpret_cast<sockaddr*>(&address));
    thread_ = std::thread([this] { serve(); });
  }
  ~NameServer() {
    const int stopper = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    sockaddr_storage to{};
    const socklen_t length = address_.to_sockaddr(to);
    sendto(stopper, "", 1, 0, reinterpret_cast<sockaddr*>(&to), length);
    thread_.join();
    close(stopper);
    close(socket_);
  }
  const Address& address() const { return address_; }
  int queries() const { return queries_; }

 private:
  void serve() {
    char packet[1500];
    for (;;) {
      sockaddr_storage from{};
      socklen_t length = sizeof from;
      const ssize_t size =
          recvfrom(socket_, packet, sizeof packet, 0, reinterpret_cast<sockaddr*>(&from), &length);
      if (size < 17) return;
      ++queries_;
      const std::string reply = answer({packet, static_cast<std::size_t>(size)});
      sendto(socket_, reply.data(), reply.size(), 0, reinterpret_cast<sockaddr*>(&from), length);
    }
  }

  std::string answer(std::string_view query) const {
    std::string name;
    std::size_t at = 12;
    while (query[at] != 0) {
      const auto length = static_cast<unsigned char>(query[at]);
      if (!name.empty()) name += '.';
      name += query.substr(at + 1, length);
      at += 1U + length;
    }
    const unsigned type = static_cast<unsigned char>(query[at + 2]);
    const std::string_view question = query.substr(12, at + 5 - 12);
    const auto found = zones_.find({name, type});
    const Zone zone = found != zones_.end() ? found->second : Zone{.code = 3};
    const unsigned wanted_ad = static_cast<unsigned char>(query[3]) & 0x20;
    std::string body;
    if (zone.cname_first) body += u16(0xc00c) + u16(5) + u16(1) + u32(1) + u16(2) + u16(0xc00c);
    for (const std::string& data : zone.data)
      body += u16(0xc00c) + u16(type) + u16(1) + u32(zone.ttl) +
              u16(static_cast<unsigned>(data.size())) + data;
    if (zone.negative_ttl != 0) {
      const std::string soa = wire_name("") + wire_name("") + u32(1) + u32(1) + u32(1) + u32(1) +
                              u32(zone.negative_ttl);
      body +=
          u16(0xc00c) + u16(6) + u16(1) + u32(3600) + u16(static_cast<unsigned>(soa.size())) + soa;
    }
    return std::string(query.substr(0, 2)) + u16(0x8180 | wanted_ad | zone.code) + u16(1) +
           u16(static_cast<unsigned>(zone.data.size()) + (zone.cname_first ? 1 : 0)) +
           u16(zone.negative_ttl != 0 ? 1 : 0) + u16(0) + std::string(question) + body;
  }

  std::map<Question, Zone> zones_;
  int socket_ = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  Address address_;
  std::atomic<int> queries_ = 0;
  std::thread thread_;
};

}  // namespace

TEST_CASE("MX, addresses, TXT, PTR and TLSA are read from the wire") {
  NameServer server({
      {{"example.com", 15},
       {.data = {u16(20) + wire_name("B.example.com"), u16(10) + wire_name("a.example.com")}}},
      {{"null.example", 15}, {.data = {u16(0) + wire_name("")}}},
      {{"a.example.com", 1}, {.data = {"\x0a\x01\x02\x03"}}},
      {{"a.example.com", 28},
       {.data = {std::string("\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01", 16)}}},
      {{"t.example.com", 16}, {.data = {"\x03one\x04 two", std::string("\0", 1)}}},
      {{"3.2.1.10.in-addr.arpa", 12}, {.data = {wire_name("a.example.com")}}},
      {{"_25._tcp.a.example.com", 52},
       {.data = {std::string("\x03\x01\x01") + std::string(32, 'h')}}},
  });
  Loop loop;
  Resolver resolver(loop, {server.address()});
  const auto mx = loop.run_until_done(resolver.mx("Example.COM."));
  REQUIRE(mx);
  CHECK(*mx == std::vector<Mx>{{20, "b.example.com"}, {10, "a.example.com"}});
  CHECK(*loop.run_until_done(resolver.mx("null.example")) == std::vector<Mx>{{0, ""}});
  const auto addresses = loop.run_until_done(resolver.addresses("a.example.com"));
  REQUIRE(addresses);
  CHECK(*addresses ==
        std::vector<Address>{*Address::parse_ip("10.1.2.3"), *Address::parse_ip("2001:db8::1")});
  CHECK(*loop.run_until_done(resolver.txt("t.example.com")) ==
        std::vector<std::string>{"one two", ""});
  CHECK(*loop.run_until_done(resolver.ptr(*Address::parse_ip("10.1.2.3"))) ==
        std::vector<std::string>{"a.example.com"});
  CHECK(*loop.run_until_done(resolver.tlsa("_25._tcp.a.example.com")) ==
        std::vector<Tlsa>{{3, 1, 1, std::string(32, 'h')}});
  CHECK(loop.run_until_done(resolver.is_authentic("example.com", Resolver::Type::mx)));
}

TEST_CASE("no such name, no data and trouble are three things") {
  NameServer server({
      {{"empty.example", 15}, {}},
      {{"broken.example", 15}, {.code = 2}},
      {{"half.example", 1}, {.code = 2}},
      {{"half.example", 28}, {}},
      {{"garbled.example", 15}, {.data = {"\x01"}}},
  });
  Loop loop;
  Resolver resolver(loop, {server.address()});
  CHECK(loop.run_until_done(resolver.mx("nowhere.example")).error() == DnsError::no_such_name);
  CHECK(loop.run_until_done(resolver.mx("empty.example")).error() == DnsError::no_data);
  CHECK(loop.run_until_done(resolver.mx("broken.example")).error() == DnsError::temporary);
  CHECK(loop.run_until_done(resolver.mx("garbled.example")).error() == DnsError::temporary);
  CHECK(loop.run_until_done(resolver.addresses("half.example")).error() == DnsError::temporary);
  CHECK(loop.run_until_done(resolver.mx(std::string(300, 'x'))).error() == DnsError::no_such_name);
}

TEST_CASE("an answer is kept for its time to live, and so is its absence") {
  NameServer server({
      {{"kept.example", 16}, {.data = {"\x01k"}}},
      {{"fleeting.example", 16},
       {.data = {"\x01"
                 "f"},
        .ttl = 0}},
      {{"absent.example", 16}, {.code = 3, .negative_ttl = 60}},
      {{"unknown.example", 16}, {.code = 3}},
  });
  Loop loop;
  Resolver resolver(loop, {server.address()});
  const auto [name, queries] = GENERATE(table<const char*, int>({{"kept.example", 1},
                                                                 {"fleeting.example", 2},
                                                                 {"absent.example", 1},
                                                                 {"unknown.example", 2}}));
  CAPTURE(name);
  (void)loop.run_until_done(resolver.txt(name));
  (void)loop.run_until_done(resolver.txt(name));
  CHECK(server.queries() == queries);
}

TEST_CASE("equal questions at the same time share one query") {
  NameServer server({{{"busy.example", 16}, {.data = {"\x01x"}, .ttl = 0}}});
  Loop loop;
  Resolver resolver(loop, {server.address()});
  int answers = 0;
  loop.run_until_done([](Resolver* dns, int* count) -> Task<> {
    TaskGroup group;
    for (int i = 0; i < 20; ++i)
      group.spawn([](Resolver* from, int* total) -> Task<> {
        const auto found = co_await from->txt("busy.example");
        *total += found ? 1 : 0;
      }(dns, count));
    co_await group.join();
  }(&resolver, &answers));
  CHECK(answers == 20);
  CHECK(server.queries() == 1);
}

TEST_CASE("other servers are asked from then on, and what is under way is answered by the old") {
  const std::map<NameServer::Question, Zone> one{{{"a.example", 16}, {.data = {"\x03old"}}}},
      other{{{"a.example", 16}, {.data = {"\x03new"}}}};
  NameServer before(one), after(other);
  Loop loop;
  Resolver resolver(loop, {before.address()});
  std::vector<std::string> answers;
  loop.run_until_done(
      [](Resolver* dns, NameServer& old, Address to, std::vector<std::string>* heard) -> Task<> {
        const auto ask = [](Resolver* from, std::vector<std::string>* texts) -> Task<> {
          const auto found = co_await from->txt("a.example");
          texts->push_back(found ? found->front() : "nothing");
        };
        TaskGroup group;
        group.spawn(ask(dns, heard));
        co_await test::eventually("the old server is asked", [&] { return old.queries() > 0; });
        dns->use({to});
        co_await group.join();
        co_await ask(dns, heard);
      }(&resolver, before, after.address(), &answers));
  CHECK(answers == std::vector<std::string>{"old", "new"});
}

TEST_CASE("a question that is given up leaves the resolver whole") {
  // Nobody answers on this socket, and nobody refuses.
  const int silent = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  REQUIRE(bind(silent, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  socklen_t length = sizeof address;
  getsockname(silent, reinterpret_cast<sockaddr*>(&address), &length);
  Loop loop;
  {
    Resolver resolver(loop, {Address::from_sockaddr(reinterpret_cast<sockaddr*>(&address))});
    CHECK_THROWS_AS(loop.run_until_done(with_timeout(10ms, resolver.mx("example.com"))), Timeout);
  }
  close(silent);
}

TEST_CASE("an address is its own answer, and localhost needs no server") {
  Loop loop;
  Resolver resolver(loop, {*Address::parse("127.0.0.1:1")});
  CHECK(loop.run_until_done(resolver.addresses("192.0.2.1"))->front().text() == "192.0.2.1:0");
  CHECK(loop.run_until_done(resolver.addresses("localhost"))->front().is_loopback());
}
