#include "delivery/courier.h"

#include <algorithm>
#include <cmath>
#include <list>
#include <unordered_map>
#include <utility>

#include "core/async/offload.h"
#include "core/async/sync.h"
#include "core/async/task_group.h"
#include "core/async/timer.h"
#include "core/mail/encodings.h"
#include "core/mail/seven_bit.h"
#include "delivery/dsn.h"
#include "delivery/smtp_client.h"

namespace postern::delivery {
namespace {

constexpr std::chrono::seconds idle_limit{5};
constexpr std::size_t messages_per_connection = 100;
constexpr std::size_t addresses_limit = 10;                   // tried in one attempt
constexpr std::uint64_t conversion_limit = 64 * 1024 * 1024;  // octets converted to 7 bit in memory

using Clock = std::chrono::steady_clock;

struct Idle {
  std::string place;
  std::unique_ptr<SmtpClient> client;
  Clock::time_point since;
};

/// A next hop: how many conversations it bears, and those that wait for the next message.
struct Hop {
  double window = 1;
  std::size_t active = 0;
  WaitList waiting;
  std::list<Idle> idle;
  Clock::time_point dead_until{};
  std::optional<Verdict> dead_why;
};

/// A place in a hop's window, given back at the end.
class Slot {
 public:
  explicit Slot(std::shared_ptr<Hop> hop) : hop_(std::move(hop)) { ++hop_->active; }
  ~Slot() {
    --hop_->active;
    hop_->waiting.wake_one();
  }
  Slot(const Slot&) = delete;
  Slot& operator=(const Slot&) = delete;

 private:
  std::shared_ptr<Hop> hop_;
};

std::string place_of(const Target& target, const net::Address& address) {
  return address.text() + " " + target.host + " " + target.user +
         (target.tls_from_start ? " tls" : "");
}

Verdict make_verdict(Verdict::Kind kind, mail::StatusCode status, std::string text) {
  return {.kind = kind, .status = status, .reply = std::move(text), .is_ours = true};
}

bool has_header_utf8(std::string_view message) {
  return !mail::is_ascii(message.substr(0, std::min(message.find("\r\n\r\n"), message.size())));
}

}  // namespace

struct Courier::State {
  Loop& loop;
  ThreadPool& pool;
  std::shared_ptr<const Settings> settings;
  ClientSettings client_settings;
  std::unordered_map<std::string, std::shared_ptr<Hop>> hops;
  TaskGroup background;
  bool reaping = false, stopping = false;

  void configure(std::shared_ptr<const Settings> fresh) {
    settings = std::move(fresh);
    client_settings.hostname = settings->hostname;
    client_settings.source = settings->source;
    client_settings.timeouts =
        settings->command_timeout
            ? ClientTimeouts::all(settings->connect_timeout, *settings->command_timeout)
            : ClientTimeouts{.connect = settings->connect_timeout};
  }

  std::shared_ptr<Hop> hop_for(const std::string& key) {
    std::shared_ptr<Hop>& place = hops[key];
    if (!place) {
      place = std::make_shared<Hop>();
      place->window = static_cast<double>(std::max<std::size_t>(1, settings->initial_concurrency));
    }
    return place;
  }

  std::unique_ptr<SmtpClient> take_idle(Hop& hop, const std::string& place) {
    const auto found = std::ranges::find(hop.idle, place, &Idle::place);
    if (found == hop.idle.end()) return nullptr;
    std::unique_ptr<SmtpClient> client = std::move(found->client);
    hop.idle.erase(found);
    return client;
  }

  void keep(Hop& hop, std::string place, std::unique_ptr<SmtpClient> client) {
    if (!client->is_reusable()) return;
    if (stopping || client->sent() >= messages_per_connection) {
      background.spawn(say_goodbye(std::move(client)));
      return;
    }
    hop.idle.push_front({std::move(place), std::move(client), loop.now()});
    if (!std::exchange(reaping, true)) background.spawn(reap());
  }

  static Task<> say_goodbye(std::unique_ptr<SmtpClient> client) { co_await client->quit(); }

  /// Closes connections that nobody used for a while, and forgets hops that nobody needs.
  Task<> reap() {
    while (!hops.empty()) {
      co_await sleep_for(std::chrono::seconds(1));
      const auto now = loop.now();
      for (auto at = hops.begin(); at != hops.end();) {
        Hop& hop = *at->second;
        while (!hop.idle.empty() && now - hop.idle.back().since >= idle_limit) {
          background.spawn(say_goodbye(std::move(hop.idle.back().client)));
          hop.idle.pop_back();
        }
        const bool is_unused =
            at->second.use_count() == 1 && hop.idle.empty() && now >= hop.dead_until;
        at = is_unused ? hops.erase(at) : std::next(at);
      }
    }
    reaping = false;
  }

  void went_well(Hop& hop) const {
    hop.dead_why.reset();
    hop.window = std::min(hop.window + 1 / std::max(1.0, hop.window),
                          static_cast<double>(std::max<std::size_t>(1, settings->max_concurrency)));
    hop.waiting.wake_one();
  }
  static void press_less(Hop& hop) { hop.window = std::max(1.0, hop.window / 2); }
};

namespace {

/// One attempt: over the hosts, until every recipient has a verdict.
struct Attempt {
  ThreadPool& pool;
  Job& job;
  std::vector<std::optional<Verdict>> verdicts;
  AttemptResult result;
  Verdict trouble = make_verdict(Verdict::Kind::deferred, {4, 4, 1}, "No host could be tried");
  std::optional<std::string> seven_bit;  // the converted message, made when a host needs it

  std::vector<std::size_t> open_recipients() const {
    std::vector<std::size_t> open;
    for (std::size_t at = 0; at < verdicts.size(); ++at)
      if (!verdicts[at]) open.push_back(at);
    return open;
  }
  void settle_open(const Verdict& verdict) {
    for (auto& place : verdicts)
      if (!place) place = verdict;
  }
  bool is_done() const {
    return std::ranges::all_of(verdicts, [](const auto& v) { return v.has_value(); });
  }

  /// Makes the message fit for what the host can take. False when it has settled everything
  /// instead.
  Task<bool> fit(const SmtpClient& client, bool& eight_bit, bool& smtputf8) {
    const Extensions& offered = client.extensions();
    if (smtputf8 && !offered.smtputf8) {
      const auto is_utf8 = [](const mail::Recipient& r) { return r.address.needs_smtputf8(); };
      bool needed = (job.sender && job.sender->needs_smtputf8()) ||
                    std::ranges::any_of(job.recipients, is_utf8);
      if (!needed) {
        const std::string head = co_await first_piece();
        needed = has_header_utf8(head);
      }
      if (needed) {
        trouble = make_verdict(Verdict::Kind::failed, {5, 6, 7},
                               "The host does not take internationalised mail (SMTPUTF8)");
        co_return false;
      }
      smtputf8 = false;
    }
    if (offered.eight_bit_mime || seven_bit) co_return true;
    if (job.body.size() > conversion_limit) {
      eight_bit = eight_bit || job.body.is_in_spool();
      if (!eight_bit) co_return true;
      trouble = make_verdict(Verdict::Kind::failed, {5, 6, 3},
                             "The host takes 7 bit only, and the message is too large to convert");
      co_return false;
    }
    const bool converted = co_await offload(pool, [this] { return convert(); });
    if (!converted)
      trouble = make_verdict(Verdict::Kind::failed, {5, 6, 3},
                             "The host takes 7 bit only, and the message cannot be converted");
    co_return converted;
  }

  Task<std::string> first_piece() {
    queue::BodyReader reader(job.body);
    co_return co_await offload(pool, [&reader] { return std::string(reader.next()); });
  }

  bool convert() {
    const std::string message = job.body.read();
    if (!mail::needs_eight_bit(message)) return true;
    seven_bit = mail::to_seven_bit(message);
    if (seven_bit && job.resign) *seven_bit = job.resign(*seven_bit) + *seven_bit;
    return seven_bit.has_value();
  }

  Task<> converse(SmtpClient& client) {
    bool eight_bit = job.eight_bit || job.body.is_in_spool(), smtputf8 = job.smtputf8;
    if (job.body.is_in_memory() && !eight_bit) eight_bit = !mail::is_ascii(job.body.bytes());
    if (!co_await fit(client, eight_bit, smtputf8)) {
      settle_open(trouble);
      co_return;
    }
    const Letter letter{job.sender,
                        job.recipients,
                        seven_bit ? seven_bit->size() : job.body.size(),
                        eight_bit && !seven_bit,
                        smtputf8,
                        job.envid,
                        job.ret,
                        job.lease_is_fresh};
    while (!is_done()) {
      std::vector<std::size_t> batch = open_recipients();
      if (batch.size() > SmtpClient::recipients_limit) batch.resize(SmtpClient::recipients_limit);
      const queue::Body body = seven_bit ? queue::Body::in_memory(*seven_bit) : job.body;
      queue::BodyReader reader(body);
      co_await client.send(
          letter, std::move(batch),
          [this, &reader, &body] { return next_piece(reader, body.is_in_memory()); }, verdicts);
      result.reached = true;
      if (!client.is_reusable() && !is_done()) throw HostTrouble(trouble, false, client.is_busy());
    }
  }

  Task<std::string_view> next_piece(queue::BodyReader& reader, bool in_memory) {
    if (in_memory) co_return reader.next();
    co_return co_await offload(pool, [&reader] { return reader.next(); });
  }
};

}  // namespace

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

Task<> Courier::stop() {
  state_->stopping = true;
  std::list<Idle> idle;  // out of the hops first: they may change while we wait
  for (auto& [key, hop] : state_->hops) idle.splice(idle.end(), hop->idle);
  TaskGroup farewells;
  for (Idle& one : idle) farewells.spawn(State::say_goodbye(std::move(one.client)));
  co_await farewells.join();
  co_await state_->background.close();
}

/// One address of one host: on a connection that is open already, or a new one; in the clear if
/// only the handshake failed.
static Task<> try_address(Courier::State& state, Hop& hop, Attempt& attempt, Target target,
                          net::Address address) {
  const std::string place = place_of(target, address);
  bool may_encrypt = true;
  for (int tries = 0; tries < 4; ++tries) {
    std::unique_ptr<SmtpClient> client = state.take_idle(hop, place);
    const bool was_idle = client != nullptr;
    bool again = false, missing = false, busy = false;
    try {
      if (!client)
        client = co_await SmtpClient::open(target, address, may_encrypt, state.client_settings);
      attempt.result.host = target.host;
      attempt.result.address = address.text();
      attempt.result.tls = client->tls_text();
      co_await attempt.converse(*client);
    } catch (const queue::BodyMissing&) {
      missing = true;
    } catch (const HostTrouble& error) {
      again = (error.handshake_failed() && std::exchange(may_encrypt, false)) || was_idle;
      busy = error.is_busy();
      attempt.trouble = error.why();
    } catch (const IoError& error) {
      again = was_idle;
      attempt.trouble = make_verdict(
          Verdict::Kind::deferred, {4, 4, client ? std::uint16_t{2} : std::uint16_t{1}},
          target.host + " [" + address.text() + "]: " + sanitise(error.what(), 200));
      attempt.trouble.remote_host = target.host;
    }
    if (client) {
      attempt.result.uncertain |= client->was_uncertain();
      busy |= client->is_busy();
    }
    if (busy && !was_idle) Courier::State::press_less(hop);
    if (missing) {
      attempt.result.body_missing = true;
      attempt.settle_open(make_verdict(Verdict::Kind::deferred, {4, 3, 0},
                                       "The message's body is missing from the spool"));
    }
    if (attempt.is_done()) {
      if (client) state.keep(hop, place, std::move(client));
      co_return;
    }
    if (!again) co_return;
  }
}

Task<AttemptResult> Courier::deliver(Job job) {
  const std::shared_ptr<Hop> hop = state_->hop_for(job.key);
  Attempt attempt{
      state_->pool, job, std::vector<std::optional<Verdict>>(job.recipients.size()), {}};
  try {
    while (static_cast<double>(hop->active) >= std::floor(hop->window))
      co_await hop->waiting.wait();
    const Slot slot(hop);
    if (hop->dead_why && state_->loop.now() < hop->dead_until) {
      attempt.settle_open(*hop->dead_why);
    } else {
      std::size_t tried = 0;
      for (const Target& target : job.targets) {
        for (const net::Address& address : target.addresses) {
          if (attempt.is_done() || ++tried > addresses_limit) break;
          co_await try_address(*state_, *hop, attempt, target, address);
        }
      }
      if (attempt.is_done() && attempt.result.reached) {
        state_->went_well(*hop);
      } else if (!attempt.result.reached && !attempt.result.body_missing) {
        State::press_less(*hop);
        hop->dead_why = attempt.trouble;
        hop->dead_until =
            state_->loop.now() + std::min<std::chrono::milliseconds>(
                                     std::chrono::seconds(10), state_->settings->retry.first / 4);
      }
    }
  } catch (const Cancelled&) {
    attempt.result.broken_off = true;
    attempt.trouble =
        make_verdict(Verdict::Kind::deferred, {4, 3, 2}, "Broken off: this gateway is stopping");
  }
  attempt.settle_open(attempt.trouble);
  for (auto& verdict : attempt.verdicts) attempt.result.verdicts.push_back(std::move(*verdict));
  co_return std::move(attempt.result);
}

void Courier::forget_trouble() {
  for (auto& [key, hop] : state_->hops) hop->dead_until = {};
}

Courier& owner_of(const std::vector<Courier*>& couriers, std::string_view key) {
  return *couriers[std::hash<std::string_view>{}(key) % couriers.size()];
}

}  // namespace postern::delivery
