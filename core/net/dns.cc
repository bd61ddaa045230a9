// core/net/dns.cc: queries through c-ares, and the cache.
#include "core/net/dns.h"

#include <ares.h>
#include <arpa/inet.h>
#include <arpa/nameser.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <sstream>
#include <unordered_map>

#include "core/async/sync.h"
#include "core/net/dns_reply.h"

namespace postern::net {

namespace {

using Clock = std::chrono::steady_clock;
constexpr std::size_t cache_bound = 20'000;
constexpr int query_timeout_ms = 3000;
constexpr int query_tries = 3;
constexpr int edns_size = 1232;  // fits a packet everywhere (DNS flag day 2020)

std::multimap<std::string, Address> read_hosts() {
  std::multimap<std::string, Address> hosts;
  std::ifstream file("/etc/hosts");
  for (std::string line; hosts.size() < 10'000 && std::getline(file, line);) {
    std::istringstream words(line.substr(0, line.find('#')));
    std::string ip, name;
    words >> ip;
    const auto address = Address::parse_ip(ip);
    while (address && words >> name) hosts.emplace(plain_dns_name(name), *address);
  }
  return hosts;
}

std::string reverse_name(const Address& address) {
  std::string name;
  const auto bytes = address.bytes();
  constexpr std::string_view digits = "0123456789abcdef";
  for (auto byte = bytes.rbegin(); byte != bytes.rend(); ++byte) {
    if (address.is_ipv4())
      name += std::to_string(*byte) + ".";
    else
      name += {digits[*byte & 15], '.', digits[*byte >> 4], '.'};
  }
  return name + (address.is_ipv4() ? "in-addr.arpa" : "ip6.arpa");
}

}  // namespace

struct Resolver::State final : private TimerHook {
  using Key = std::pair<std::string, Type>;
  struct Entry {
    std::shared_ptr<const DnsReply> reply;
    Clock::time_point until;
  };
  /// A query that is under way. c-ares holds it until its callback has come.
  struct Query {
    State* state;
    Key key;
    std::shared_ptr<const DnsReply> reply;
    Event done;
  };
  struct Watch {
    State* state;
    ares_socket_t socket;
    uv_poll_t poll{};
  };

  State(Loop& home, std::vector<Address> servers) : loop(home) {
    ares_options options{};
    options.timeout = query_timeout_ms;
    options.tries = query_tries;
    options.sock_state_cb = [](void* self, ares_socket_t socket, int readable, int writable) {
      static_cast<State*>(self)->watch(socket, readable != 0, writable != 0);
    };
    options.sock_state_cb_data = this;
    options.lookups = const_cast<char*>("b");
    if (ares_init_options(&channel, &options,
                          ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB |
                              ARES_OPT_LOOKUPS) != ARES_SUCCESS)
      throw IoError("cannot set up DNS");
    if (servers.empty()) {
      hosts = read_hosts();
      // c-ares falls to 127.0.0.1 when the system names no server.
      ares_addr_port_node* nodes = nullptr;
      ares_get_servers_ports(channel, &nodes);
      is_local = nodes != nullptr;
      for (const auto* node = nodes; node != nullptr; node = node->next) {
        char ip[INET6_ADDRSTRLEN] = "";
        inet_ntop(node->family, &node->addr, ip, sizeof ip);
        const auto address = Address::parse_ip(ip);
        is_local = is_local && address && address->is_loopback();
      }
      ares_free_data(nodes);
      return;
    }
    std::string list;
    for (const Address& server : servers) list += (list.empty() ? "" : ",") + server.text();
    is_local = std::all_of(servers.begin(), servers.end(),
                           [](const Address& server) { return server.is_loopback(); });
    if (ares_set_servers_ports_csv(channel, list.c_str()) != ARES_SUCCESS) {
      ares_destroy(channel);
      throw IoError("cannot use the DNS servers " + list);
    }
  }

  ~State() {
    ares_destroy(channel);  // calls every pending query back
    while (!watches.empty()) drop(watches.begin());
  }

  void watch(ares_socket_t socket, bool readable, bool writable) {
    const auto found = watches.find(socket);
    if (!readable && !writable) {
      if (found != watches.end()) drop(found);
      return;
    }
    Watch* entry = found != watches.end() ? found->second : nullptr;
    if (entry == nullptr) {
      entry = new Watch{this, socket};
      if (uv_poll_init_socket(loop.uv(), &entry->poll, socket) < 0) {
        delete entry;
        return;  // the query runs into its time-out
      }
      entry->poll.data = entry;
      watches.emplace(socket, entry);
    }
    uv_poll_start(&entry->poll, (readable ? UV_READABLE : 0) | (writable ? UV_WRITABLE : 0),
                  [](uv_poll_t* poll, int status, int events) {
                    const Watch& ready = *static_cast<Watch*>(poll->data);
                    // In error both: c-ares finds out by reading.
                    const bool reads = status < 0 || (events & UV_READABLE) != 0,
                               writes = status < 0 || (events & UV_WRITABLE) != 0;
                    State& self = *ready.state;
                    ares_process_fd(self.channel, reads ? ready.socket : ARES_SOCKET_BAD,
                                    writes ? ready.socket : ARES_SOCKET_BAD);
                    self.arm();
                  });
  }

  void drop(std::map<ares_socket_t, Watch*>::iterator found) {
    uv_close(reinterpret_cast<uv_handle_t*>(&found->second->poll),
             [](uv_handle_t* handle) { delete static_cast<Watch*>(handle->data); });
    watches.erase(found);
  }

  void arm() {
    timeval most{}, wait{};
    most.tv_sec = query_timeout_ms / 1000;
    const timeval* const next = ares_timeout(channel, &most, &wait);
    if (under_way.empty() || next == nullptr) return stop();
    start(std::chrono::milliseconds(next->tv_sec * 1000 + next->tv_usec / 1000 + 1));
  }

  void time_is_up() override {
    ares_process_fd(channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    arm();
  }

  Task<std::shared_ptr<const DnsReply>> ask(std::string name, Type type) {
    const Key key(plain_dns_name(std::move(name)), type);
    if (const auto found = cache.find(key); found != cache.end()) {
      if (found->second.until > loop.now()) co_return found->second.reply;
      cache.erase(found);
    }
    std::shared_ptr<Query> query;
    if (const auto found = under_way.find(key); found != under_way.end())
      query = found->second;
    else
      query = send(key);
    if (query->reply == nullptr) co_await query->done.wait();
    co_return query->reply;
  }

  std::shared_ptr<Query> send(const Key& key) {
    auto query = std::make_shared<Query>(this, key);
    unsigned char* bytes = nullptr;
    int length = 0;
    if (key.first.empty() ||
        ares_create_query(key.first.c_str(), ns_c_in, static_cast<int>(key.second), 0, 1, &bytes,
                          &length, edns_size) != ARES_SUCCESS) {
      DnsReply reply;
      reply.error = DnsError::no_such_name;  // no name that DNS could have
      query->reply = std::make_shared<const DnsReply>(std::move(reply));
      return query;
    }
    bytes[3] |= 0x20;  // a resolver sets AD only if the query does (RFC 6840 §5.7)
    under_way.emplace(key, query);
    ares_send(
        channel, bytes, length,
        [](void* argument, int status, int, unsigned char* answer, int size) {
          auto* const asked = static_cast<Query*>(argument);
          asked->state->answered(*asked, status,
                                 {answer, answer != nullptr ? static_cast<std::size_t>(size) : 0});
        },
        query.get());
    ares_free_string(bytes);
    arm();
    return query;
  }

  void answered(Query& query, int status, std::span<const std::uint8_t> answer) {
    DnsReply reply;
    reply.error = DnsError::temporary;
    if (status == ARES_SUCCESS) reply = read_dns_reply(answer, query.key.second);
    reply.is_authentic =
        reply.is_authentic && is_local;  // over a network anyone could have set the bit
    query.reply = std::make_shared<const DnsReply>(std::move(reply));
    if (query.reply->life.count() > 0) keep(query);
    query.done.set();
    under_way.erase(Key(query.key));  // the last user frees the query
  }

  void keep(const Query& query) {
    const auto now = loop.now();
    if (cache.size() >= cache_bound)
      std::erase_if(cache, [&](const auto& entry) { return entry.second.until <= now; });
    while (cache.size() >= cache_bound) cache.erase(cache.begin());
    cache[query.key] = {query.reply, now + query.reply->life};
  }

  Loop& loop;
  ares_channel channel = nullptr;
  bool is_local = false;
  std::multimap<std::string, Address> hosts;
  std::map<ares_socket_t, Watch*> watches;
  std::map<Key, std::shared_ptr<Query>> under_way;
  std::map<Key, Entry> cache;
};

namespace {
template <class T, class Pick>
std::expected<std::vector<T>, DnsError> pick_all(const DnsReply& reply, Pick pick) {
  if (reply.error) return std::unexpected(*reply.error);
  std::vector<T> all;
  for (const DnsRecord& record : reply.records) all.push_back(pick(record));
  return all;
}

/// One library set-up for the process; c-ares wants it before any channel.
void initialise() {
  static const int result = ares_library_init(ARES_LIB_INIT_ALL);
  if (result != ARES_SUCCESS) throw IoError("cannot set up DNS");
}
}  // namespace

Resolver::Resolver(Loop& loop, std::vector<Address> servers) : loop_(loop) {
  initialise();
  use(std::move(servers));
}

Resolver::~Resolver() = default;

void Resolver::use(std::vector<Address> servers) {
  state_ = std::make_shared<State>(loop_, std::move(servers));
}

Resolver::Answer<Mx> Resolver::mx(std::string name) {
  const auto state = state_;
  const auto reply = co_await state->ask(std::move(name), Type::mx);
  co_return pick_all<Mx>(
      *reply, [](const DnsRecord& record) { return Mx{record.preference, record.text}; });
}

Resolver::Answer<Address> Resolver::addresses(std::string name) {
  if (const auto itself = Address::parse_ip(name)) co_return std::vector<Address>{*itself};
  name = plain_dns_name(std::move(name));
  const auto state = state_;
  std::vector<Address> all;
  const auto [first, last] = state->hosts.equal_range(name);
  for (auto entry = first; entry != last; ++entry) all.push_back(entry->second);
  if (!all.empty()) co_return all;
  if (name == "localhost")
    co_return std::vector<Address>{*Address::parse_ip("127.0.0.1"),
                                   *Address::parse_ip("::1")};  // RFC 6761 §6.3

  const auto v4 = co_await state->ask(name, Type::a);
  const auto v6 = co_await state->ask(name, Type::aaaa);
  for (const auto& reply : {v4, v6})
    for (const DnsRecord& record : reply->records) all.push_back(record.address);
  if (!all.empty()) co_return all;
  // "There is none" takes both answers.
  if (v4->error == DnsError::temporary || v6->error == DnsError::temporary)
    co_return std::unexpected(DnsError::temporary);
  co_return std::unexpected(v4->error.value_or(DnsError::no_data));
}

Resolver::Answer<std::string> Resolver::txt(std::string name) {
  const auto state = state_;
  const auto reply = co_await state->ask(std::move(name), Type::txt);
  co_return pick_all<std::string>(*reply, [](const DnsRecord& record) { return record.text; });
}

Resolver::Answer<std::string> Resolver::ptr(Address address) {
  if (address.is_unix()) co_return std::unexpected(DnsError::no_such_name);
  const auto state = state_;
  const auto reply = co_await state->ask(reverse_name(address), Type::ptr);
  co_return pick_all<std::string>(*reply, [](const DnsRecord& record) { return record.text; });
}

Resolver::Answer<Tlsa> Resolver::tlsa(std::string name) {
  const auto state = state_;
  const auto reply = co_await state->ask(std::move(name), Type::tlsa);
  co_return pick_all<Tlsa>(*reply, [](const DnsRecord& record) { return record.tlsa; });
}

Task<bool> Resolver::is_authentic(std::string name, Type type) {
  const auto state = state_;
  const auto reply = co_await state->ask(std::move(name), type);
  co_return reply->is_authentic;
}

}  // namespace postern::net
