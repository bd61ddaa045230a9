// tests/bench/load/main.cc: bench_load, an SMTP load generator and a sink in one process, with one
// clock. Neither counts against the server between them.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstring>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <unordered_map>
#include <utility>

#include "core/json.h"
#include "generator.h"
#include "sink.h"

namespace postern::bench {
namespace {

constexpr auto patience = std::chrono::seconds(60);  // without any progress

struct Options {
  std::uint16_t to = 0, sink = 0;  ///< ports of loopback; 0: none
  std::uint64_t connections = 1;
  std::uint64_t expect = 0;  ///< recipients at the sink; 0: all that are sent
  bool tls = false;
  Load load;
};

[[noreturn]] void give_up(const char* what) {
  throw std::runtime_error(std::string(what) + ": " + std::strerror(errno));
}

sockaddr_in internet_name(std::uint32_t address, std::uint16_t port) {
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_port = htons(port);
  name.sin_addr.s_addr = htonl(address);
  return name;
}

void switch_on(int descriptor, int level, int option) {
  const int on = 1;
  ::setsockopt(descriptor, level, option, &on, sizeof on);
}

/// One measurement: until every message has its reply and the sink has all.
class Bench {
 public:
  explicit Bench(Options& options);
  ~Bench() { ::close(epoll_); }
  Bench(const Bench&) = delete;
  Bench& operator=(const Bench&) = delete;
  Json measure();

 private:
  void watch(int descriptor, Party* party) const;
  void add(std::unique_ptr<Party> party);
  void listen();
  void accept();
  void connect();
  bool is_over() const;
  void turn();
  std::uint64_t facts() const { return run_.accepted + run_.refused + run_.arrived; }
  Json result(Clock::time_point begin);

  Options& options_;
  Run run_;
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_{nullptr, SSL_CTX_free};
  std::unordered_map<Party*, std::unique_ptr<Party>> parties_;
  int epoll_, listener_ = -1;
};

Bench::Bench(Options& options) : options_(options), epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
  if (options.tls) {
    context_.reset(SSL_CTX_new(TLS_client_method()));
    SSL_CTX_set_mode(context_.get(),
                     SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    options.load.implicit_tls = context_.get();
  }
  options.load.compose();
  run_.begun.resize(options.load.messages);
  run_.latencies.reserve(options.load.messages);
  if (options.expect == 0) options.expect = options.load.messages * options.load.recipients;
}

void Bench::watch(int descriptor, Party* party) const {
  epoll_event event{};
  event.events = party == nullptr ? EPOLLIN : EPOLLIN | EPOLLOUT | EPOLLET;
  event.data.ptr = party;
  if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &event) != 0) give_up("epoll");
}

void Bench::add(std::unique_ptr<Party> party) {
  switch_on(party->channel().descriptor(), IPPROTO_TCP, TCP_NODELAY);
  watch(party->channel().descriptor(), party.get());
  Party* const key = party.get();
  parties_.emplace(key, std::move(party));
}

void Bench::listen() {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  switch_on(listener_, SOL_SOCKET, SO_REUSEADDR);
  // On all of 127/8, so that every next hop can have an address of its own.
  const sockaddr_in name = internet_name(INADDR_ANY, options_.sink);
  if (::bind(listener_, reinterpret_cast<const sockaddr*>(&name), sizeof name) != 0 ||
      ::listen(listener_, SOMAXCONN) != 0)
    give_up("cannot listen");
  watch(listener_, nullptr);
}

void Bench::accept() {
  for (;;) {
    const int descriptor = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (descriptor < 0) return;
    add(std::make_unique<SinkSession>(descriptor, run_));
  }
}

void Bench::connect() {
  const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in name = internet_name(INADDR_LOOPBACK, options_.to);
  if (::connect(descriptor, reinterpret_cast<const sockaddr*>(&name), sizeof name) != 0)
    give_up("cannot connect");
  ::fcntl(descriptor, F_SETFL, O_NONBLOCK);
  add(std::make_unique<Client>(descriptor, options_.load, run_));
}

bool Bench::is_over() const {
  const bool all_sent = options_.to == 0 || run_.accepted + run_.refused == options_.load.messages;
  return all_sent && (options_.sink == 0 || run_.arrived >= options_.expect);
}

void Bench::turn() {
  constexpr int most = 256;
  epoll_event events[most];
  const int count = ::epoll_wait(epoll_, events, most, 1000);
  for (int i = 0; i < count; ++i) {
    auto* const party = static_cast<Party*>(events[i].data.ptr);
    if (party == nullptr) {
      accept();
      continue;
    }
    party->progress();
    if (party->channel().is_open()) continue;
    const bool is_client = dynamic_cast<Client*>(party) != nullptr;
    parties_.erase(party);
    if (is_client && !options_.load.is_exhausted()) connect();
  }
}

Json Bench::measure() {
  if (options_.sink != 0) listen();
  const auto begin = Clock::now();
  if (options_.to != 0) {
    for (std::uint64_t i = 0; i < std::min(options_.connections, options_.load.messages); ++i)
      connect();
  }
  auto latest = begin;
  for (std::uint64_t before = 0; !is_over();) {
    turn();
    if (std::exchange(before, facts()) != facts()) latest = Clock::now();
    if (Clock::now() - latest > patience) break;
  }
  return result(begin);
}

Json Bench::result(Clock::time_point begin) {
  const auto since = [&](Clock::time_point end) {
    return std::max(0.0, std::chrono::duration<double>(end - begin).count());
  };
  std::ranges::sort(run_.latencies);
  const auto quantile = [&](double share) {
    const auto last = static_cast<double>(run_.latencies.size()) - 1;
    return run_.latencies.empty() ? 0 : run_.latencies[static_cast<std::size_t>(share * last)];
  };
  return {
      {"accepted", run_.accepted},
      {"refused", run_.refused},
      {"arrived", run_.arrived},
      {"complete", is_over()},
      {"accepted_seconds", since(run_.last_accepted)},
      {"arrived_seconds", since(run_.last_arrived)},
      {"latency_ms", {{"median", quantile(0.5)}, {"p90", quantile(0.9)}, {"p99", quantile(0.99)}}}};
}

void add_options(CLI::App& app, Options& options) {
  app.add_option("--to", options.to, "port of the server under load, on 127.0.0.1");
  app.add_option("--sink", options.sink, "port to take mail on, on all addresses");
  app.add_option("--connections", options.connections, "clients at a time");
  app.add_option("--expect", options.expect, "recipients to wait for at the sink");
  app.add_flag("--tls", options.tls, "TLS from the first octet");
  app.add_option("--messages", options.load.messages, "messages in all");
  app.add_option("--size", options.load.size, "octets of a message, about");
  app.add_option("--recipients", options.load.recipients,
                 "of a message, each in a domain of its own");
  app.add_option("--per-connection", options.load.per_connection,
                 "messages before QUIT; 0: no limit");
  app.add_option("--user", options.load.user, "login, and the sender's address");
  app.add_option("--password", options.load.password);
  app.add_flag("--pipeline", options.load.pipelines, "MAIL, RCPT and DATA in one write");
}

}  // namespace
}  // namespace postern::bench

int main(int argc, char** argv) {
  CLI::App app("An SMTP load generator and sink; prints what it measured as JSON.");
  postern::bench::Options options;
  postern::bench::add_options(app, options);
  CLI11_PARSE(app, argc, argv);
  try {
    postern::bench::Bench bench(options);
    std::cout << bench.measure().dump() << "\n";
  } catch (const std::exception& error) {
    std::cerr << "bench_load: " << error.what() << "\n";
    return 1;
  }
  return 0;
}
