// delivery/attempt/courier.cc: hands jobs to connections, host after host, on the loop that owns
// the next hop.
#include "delivery/attempt/courier.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "core/async/task_group.h"
#include "core/async/timer.h"
#include "delivery/attempt/attempt.h"
#include "delivery/model/sanitise.h"
#include "delivery/pace/hop.h"
#include "delivery/smtp/smtp_client.h"

namespace postern::delivery {
namespace {

constexpr std::chrono::seconds idle_limit{5};
constexpr std::size_t messages_per_connection = 100;
constexpr std::size_t addresses_limit = 10;  // tried in one attempt
constexpr int connections_limit = 4;         // to one address in one attempt
constexpr std::chrono::milliseconds longest_dead{10'000};
constexpr std::chrono::hours trouble_remembered{1};
constexpr std::size_t hops_remembered = 10'000;  // with more of them, trouble is forgotten at once

std::string place_of(const Target& target, const net::Address& address) {
  return address.text() + " " + target.host + " " + target.user +
         (target.tls_from_start ? " tls" : "");
}

Verdict connection_trouble(const Target& target, const net::Address& address, bool was_connected,
                           const IoError& error) {
  const mail::StatusCode status{4, 4, was_connected ? std::uint16_t{2} : std::uint16_t{1}};
  return our_delay(status,
                   target.host + " [" + address.text() + "]: " + sanitise(error.what(), 200),
                   target.host);
}

Task<> say_goodbye(std::unique_ptr<SmtpClient> client) { co_await client->quit(); }

}  // namespace

struct Courier::State {
  Loop& loop;
  ThreadPool& pool;
  std::shared_ptr<const Settings> settings;
  ClientSettings client_settings;
  std::unordered_map<std::string, std::shared_ptr<Hop>> hops;
  TaskGroup background;
  bool reaping = false, stopping = false;

  void configure(std::shared_ptr<const Settings> fresh);
  std::shared_ptr<Hop> hop_for(const std::string& key);
  Task<> try_hosts(Hop& hop, Attempt& attempt);
  Task<> try_address(Hop& hop, Attempt& attempt, Target target, net::Address address);
  Task<bool> try_connection(Hop& hop, Attempt& attempt, Target target, net::Address address,
                            bool may_encrypt, bool& clear_may_help);
  void keep(Hop& hop, std::string place, std::unique_ptr<SmtpClient> client);
  void dismiss(Hop::Clients clients);
  Task<> reap();
};

Courier::Courier(Loop& loop, ThreadPool& pool, std::shared_ptr<const Settings> settings)
    : state_(new State{.loop = loop, .pool = pool}) {
  state_->client_settings.opportunistic =
      net::TlsContext::client(net::TlsContext::Verify::opportunistic);
  state_->client_settings.verified = net::TlsContext::client(net::TlsContext::Verify::required);
  state_->configure(std::move(settings));
}
Courier::~Courier() = default;

Loop& Courier::loop() const { return state_->loop; }

void Courier::configure(std::shared_ptr<const Settings> settings) {
  state_->configure(std::move(settings));
}

void Courier::forget_trouble() {
  for (auto& [key, hop] : state_->hops) hop->forget_trouble();
}

Task<> Courier::stop() {
  state_->stopping = true;
  TaskGroup farewells;
  // Out of the hops before any await: they may change while we wait.
  for (auto& [key, hop] : state_->hops)
    for (std::unique_ptr<SmtpClient>& client : hop->take_all())
      farewells.spawn(say_goodbye(std::move(client)));
  co_await farewells.join();
  co_await state_->background.close();
}

Task<AttemptResult> Courier::deliver(Job job) {
  const std::shared_ptr<Hop> hop = state_->hop_for(job.key);
  Attempt attempt(state_->pool, std::move(job));
  try {
    if (hop->is_crowded()) co_return attempt.stand_back();
    co_await hop->wait_for_place();
    if (const auto why = hop->why_dead(state_->loop.now())) {
      attempt.settle_open(*why);
    } else {
      const Hop::Slot slot(hop);
      co_await state_->try_hosts(*hop, attempt);
    }
  } catch (const Cancelled&) {
    attempt.broken_off();
  }
  co_return attempt.finish();
}

void Courier::State::configure(std::shared_ptr<const Settings> fresh) {
  settings = std::move(fresh);
  client_settings.hostname = settings->hostname;
  client_settings.source = settings->source;
  client_settings.timeouts =
      settings->command_timeout
          ? ClientTimeouts::all(settings->connect_timeout, *settings->command_timeout)
          : ClientTimeouts{.connect = settings->connect_timeout};
}

std::shared_ptr<Hop> Courier::State::hop_for(const std::string& key) {
  std::shared_ptr<Hop>& place = hops[key];
  if (!place) place = std::make_shared<Hop>(settings->initial_concurrency);
  if (!stopping && !std::exchange(reaping, true)) background.spawn(reap());
  return place;
}

/// In their order, until every recipient has a verdict (RFC 5321 §5.1).
Task<> Courier::State::try_hosts(Hop& hop, Attempt& attempt) {
  std::size_t tried = 0;
  for (const Target& target : attempt.targets()) {
    for (const net::Address& address : target.addresses) {
      if (attempt.is_done() || ++tried > addresses_limit) break;
      co_await try_address(hop, attempt, target, address);
    }
  }
  if (const auto why = attempt.why_unreached()) {
    hop.press_less();
    const auto pause = std::min<std::chrono::milliseconds>(longest_dead, settings->retry.first / 4);
    hop.went_dead(*why, loop.now() + pause);
  }
}

/// One address of one host; in the clear if only the handshake failed.
Task<> Courier::State::try_address(Hop& hop, Attempt& attempt, Target target,
                                   net::Address address) {
  bool may_encrypt = true, again = true;
  for (int tries = 0; again && tries < connections_limit; ++tries) {
    bool clear_may_help = false;
    again = co_await try_connection(hop, attempt, target, address, may_encrypt, clear_may_help);
    if (clear_may_help) may_encrypt = false;
  }
}

/// A connection that is open already, or a new one. True when the same address deserves another.
Task<bool> Courier::State::try_connection(Hop& hop, Attempt& attempt, Target target,
                                          net::Address address, bool may_encrypt,
                                          bool& clear_may_help) {
  attempt.turns_to(target, address);
  const std::string place = place_of(target, address);
  std::unique_ptr<SmtpClient> client = hop.take_idle(place);
  const bool was_idle = client != nullptr;  // such a one may have died since
  bool again = false, is_busy = false, is_put_off = false, has_stalled = false;
  try {
    if (!client) client = co_await SmtpClient::open(target, address, may_encrypt, client_settings);
    co_await attempt.converse(*client);
  } catch (const queue::BodyMissing&) {
    attempt.body_is_missing();
    client.reset();  // it may be in the middle of the message: nothing else may follow on it
  } catch (const UnfitLines&) {
    again = attempt.lines_are_unfit();
  } catch (const LeaseTooOld&) {
    attempt.lease_is_too_old();
  } catch (const HostTrouble& error) {
    clear_may_help = may_encrypt && error.is(HostTrouble::Kind::handshake);
    is_busy = error.is(HostTrouble::Kind::busy);
    is_put_off = error.is(HostTrouble::Kind::sender);
    again = (was_idle && !is_put_off) || clear_may_help;
    if (is_put_off) {
      attempt.sender_put_off(error.why());
    } else {
      attempt.host_failed(error.why());
    }
  } catch (const IoError& error) {
    again = was_idle;
    has_stalled = dynamic_cast<const Timeout*>(&error) != nullptr;
    attempt.host_failed(connection_trouble(target, address, client != nullptr, error));
  }
  // It answers, whatever it makes of this message: no reason to put the others off.
  if (client && !was_idle && !has_stalled) attempt.host_answered();
  if (client && client->was_uncertain()) attempt.is_uncertain();
  is_busy = is_busy || (client && client->is_busy());
  if (is_busy) {
    hop.press_less();
  } else if (attempt.is_done() && attempt.has_reached()) {
    hop.went_well(settings->max_concurrency);
  }
  if ((attempt.is_done() || is_put_off) && client) keep(hop, place, std::move(client));
  co_return again && !attempt.is_done();
}

void Courier::State::keep(Hop& hop, std::string place, std::unique_ptr<SmtpClient> client) {
  if (!client->is_reusable()) return;
  if (stopping || client->sent() >= messages_per_connection) {
    background.spawn(say_goodbye(std::move(client)));
    return;
  }
  hop.keep_idle(std::move(place), std::move(client), loop.now());
}

void Courier::State::dismiss(Hop::Clients clients) {
  for (std::unique_ptr<SmtpClient>& client : clients)
    background.spawn(say_goodbye(std::move(client)));
}

/// Closes connections that nobody used for a while, and forgets hops that nobody needs.
Task<> Courier::State::reap() {
  while (!hops.empty()) {
    co_await sleep_for(std::chrono::seconds(1));
    const auto now = loop.now();
    const std::chrono::seconds memory =
        hops.size() > hops_remembered ? std::chrono::seconds(0) : trouble_remembered;
    for (auto at = hops.begin(); at != hops.end();) {
      dismiss(at->second->take_older(now - idle_limit));
      const bool is_needed = at->second.use_count() > 1 || !at->second->is_unused(now, memory);
      at = is_needed ? std::next(at) : hops.erase(at);
    }
  }
  reaping = false;
}

Courier& owner_of(const std::vector<Courier*>& couriers, std::string_view key) {
  return *couriers[std::hash<std::string_view>{}(key) % couriers.size()];
}

}  // namespace postern::delivery
