#include "delivery/dispatcher.h"

#include <algorithm>
#include <fstream>
#include <random>
#include <utility>

#include "core/async/offload.h"
#include "core/async/on_loop.h"
#include "core/async/sync.h"
#include "core/async/task_group.h"
#include "core/async/timer.h"
#include "core/net/dns.h"
#include "delivery/courier.h"
#include "delivery/dsn.h"
#include "delivery/mx_hosts.h"
#include "delivery/report.h"
#include "delivery/smarthost.h"
#include "mailbox/store/hub.h"

namespace postern::delivery {
namespace {

constexpr std::size_t in_flight_limit = 1000, claim_batch = 64, hops_limit = 100;
constexpr std::chrono::milliseconds claim_interval{250}, redis_pause{1000};
constexpr std::size_t original_limit =
    256 * 1024;  // octets of a message that a report is made from

Verdict own_verdict(Verdict::Kind kind, mail::StatusCode status, std::string text) {
  return {.kind = kind, .status = status, .reply = std::move(text), .is_ours = true};
}

AttemptResult same_for_all(const queue::Lease& lease, const Verdict& verdict) {
  AttemptResult result;
  result.verdicts.assign(lease.recipients.size(), verdict);
  return result;
}

double dice() {
  thread_local std::minstd_rand generator{std::random_device{}()};
  return std::uniform_real_distribution<double>(0, 1)(generator);
}

std::string first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  if (!std::getline(file, line)) throw IoError("cannot read the password in " + path);
  if (line.ends_with('\r')) line.pop_back();
  return line;
}

std::vector<std::string> interface_ips() {
  std::vector<std::string> ips;
  uv_interface_address_t* list = nullptr;
  int count = 0;
  if (uv_interface_addresses(&list, &count) != 0) return ips;
  for (int at = 0; at < count; ++at)
    ips.push_back(
        net::Address::from_sockaddr(reinterpret_cast<const sockaddr*>(&list[at].address)).ip());
  uv_free_interface_addresses(list, count);
  return ips;
}

OwnIdentity own_identity(const Settings& settings) {
  OwnIdentity own;
  own.names = {settings.hostname};
  own.is_own = [listeners = settings.own_listeners,
                ips = interface_ips()](const net::Address& address) {
    return std::ranges::any_of(listeners, [&](const net::Address& listener) {
      if (listener.port() != address.port()) return false;
      const bool is_wildcard = listener.ip() == "0.0.0.0" || listener.ip() == "::";
      return listener.ip() == address.ip() ||
             (is_wildcard &&
              (address.is_loopback() || std::ranges::find(ips, address.ip()) != ips.end()));
    });
  };
  return own;
}

}  // namespace

struct Dispatcher::State {
  DispatcherParts parts;
  std::shared_ptr<const Settings> settings;
  queue::RetrySchedule schedule;
  OwnIdentity own;
  TaskGroup group;        // claim loop and deliveries
  CancelScope break_off;  // of the attempts, not of their settling
  Event work, idle;
  std::size_t in_flight = 0;
  bool stopping = false;

  State(DispatcherParts given, std::shared_ptr<const Settings> fresh)
      : parts(std::move(given)),
        settings(std::move(fresh)),
        schedule(settings->retry),
        own(own_identity(*settings)) {}

  Task<> claim_loop();
  Task<> deliver(queue::Lease lease);
  Task<AttemptResult> attempt(queue::Lease lease);
  Task<AttemptResult> attempt_remote(queue::Lease lease);
  Task<AttemptResult> attempt_mailbox(queue::Lease lease);
  Task<std::expected<std::pair<std::string, std::vector<Target>>, Verdict>> find_targets(
      queue::Lease lease);
  Task<std::vector<Target>> smarthost(std::string via);
  Task<queue::Settlement> conclude(queue::Lease lease, AttemptResult result);
  Task<std::optional<queue::NewMessage>> report(queue::Lease lease,
                                                std::vector<Reportable> reports);
  void tell(const queue::Lease& lease, std::size_t recipient, Fact fact, const Verdict& verdict,
            const AttemptResult& result, std::chrono::milliseconds took = {});
};

Dispatcher::Dispatcher(DispatcherParts parts, std::shared_ptr<const Settings> settings)
    : state_(new State(std::move(parts), std::move(settings))) {}
Dispatcher::~Dispatcher() = default;

void Dispatcher::start() { state_->group.spawn(state_->claim_loop()); }
bool Dispatcher::has_room() const {
  return !state_->stopping && state_->in_flight < in_flight_limit;
}
void Dispatcher::wake() { state_->work.set(); }

void Dispatcher::take(std::vector<queue::Lease> leases) {
  for (queue::Lease& lease : leases) {
    ++state_->in_flight;
    state_->group.spawn(state_->deliver(std::move(lease)));
  }
}

void Dispatcher::configure(std::shared_ptr<const Settings> settings) {
  state_->settings = std::move(settings);
  state_->schedule = queue::RetrySchedule(state_->settings->retry);
  state_->own = own_identity(*state_->settings);
}

Task<> Dispatcher::stop(std::chrono::milliseconds grace) {
  state_->stopping = true;
  state_->work.set();
  try {
    while (state_->in_flight > 0) {
      state_->idle.reset();
      co_await with_timeout(grace, state_->idle.wait());
    }
  } catch (const Timeout&) {
    state_->break_off.cancel();
  }
  co_await state_->group.join();
}

Task<> Dispatcher::State::claim_loop() {
  while (!stopping) {
    work.reset();
    std::size_t claimed = 0;
    bool is_away = false;
    if (in_flight < in_flight_limit) {
      try {
        std::vector<queue::Lease> leases = co_await parts.queue.claim(claim_batch);
        claimed = leases.size();
        for (queue::Lease& lease : leases) {
          ++in_flight;
          group.spawn(deliver(std::move(lease)));
        }
      } catch (const IoError&) {
        is_away = true;  // Redis comes back, and the queue reconnects by itself
      }
    }
    if (claimed == claim_batch || stopping) continue;
    try {
      co_await with_timeout(is_away ? redis_pause : claim_interval, work.wait());
    } catch (const Timeout&) {  // look again: something may be due
    }
  }
}

/// One lease from its first look-up to its settling.
Task<> Dispatcher::State::deliver(queue::Lease lease) {
  const auto begin = parts.loop.now();
  AttemptResult result;
  std::optional<std::string> trouble;
  try {
    Task<AttemptResult> task = attempt(lease);
    task.handle().promise().scope = &break_off;
    result = co_await std::move(task);
  } catch (const queue::BodyMissing& error) {
    result = same_for_all(lease, own_verdict(Verdict::Kind::deferred, {4, 3, 0}, error.what()));
    result.body_missing = true;
  } catch (const IoError& error) {
    result = same_for_all(
        lease, own_verdict(Verdict::Kind::deferred, {4, 3, 0}, sanitise(error.what(), 300)));
  } catch (const Cancelled&) {
    result = same_for_all(lease, own_verdict(Verdict::Kind::deferred, {4, 3, 2},
                                             "Broken off: this gateway is stopping"));
    result.broken_off = true;
  }
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(parts.loop.now() - begin);
  if (!result.verdicts.empty())
    tell(lease, 0, Fact::attempt, result.verdicts.front(), result, took);
  try {
    queue::Settlement settlement = co_await conclude(lease, std::move(result));
    queue::SettleResult settled =
        co_await parts.queue.settle(std::move(lease), std::move(settlement));
    if (settled.more_is_ready) work.set();
    for (queue::Lease& report : settled.report) {
      ++in_flight;
      group.spawn(deliver(std::move(report)));
    }
  } catch (const IoError&) {  // the lease runs out, and the delivery is tried again
  }
  if (--in_flight == 0) idle.set();
  if (in_flight + claim_batch == in_flight_limit) work.set();
}

Task<AttemptResult> Dispatcher::State::attempt(queue::Lease lease) {
  if (lease.bounce) {
    const std::string why = lease.last_error.empty() ? "" : "; last: " + lease.last_error;
    co_return same_for_all(
        lease, own_verdict(Verdict::Kind::failed, {5, 7, 1}, "Returned by the operator" + why));
  }
  if (lease.next_hop == "discard")
    co_return same_for_all(lease, own_verdict(Verdict::Kind::delivered, {2, 0, 0}, "Discarded"));
  if (lease.next_hop.starts_with("reject ")) {
    const std::string_view rest = std::string_view(lease.next_hop).substr(7);
    const auto status = mail::StatusCode::at_start(rest).value_or(mail::StatusCode{5, 7, 1});
    co_return same_for_all(
        lease, own_verdict(Verdict::Kind::failed, status,
                           std::string(rest.substr(std::min(rest.size(), rest.find(' ') + 1)))));
  }
  if (lease.next_hop.starts_with("local:")) co_return co_await attempt_mailbox(std::move(lease));
  co_return co_await attempt_remote(std::move(lease));
}

Task<AttemptResult> Dispatcher::State::attempt_mailbox(queue::Lease lease) {
  const std::string id = lease.next_hop.substr(6);
  const auto account = co_await parts.local.account_by_id(id);
  if (!account)
    co_return same_for_all(lease,
                           own_verdict(Verdict::Kind::failed, {5, 1, 1}, "No such mailbox here"));

  mailbox::NewMail mail;
  mail.content.prefix = "Return-Path: " + mail::path_text(lease.sender) + "\r\n";
  if (lease.body.is_in_memory())
    mail.content.memory = std::shared_ptr<const std::string>(
        std::make_shared<queue::Body>(lease.body), &lease.body.bytes());
  else {
    co_await offload(parts.pool, [&lease] { lease.body.require_file(); });
    mail.content.path = lease.body.file().string();
  }
  const std::string key = queue::text(lease.id) + "." + std::to_string(lease.index);
  // 0 means "none" to the hub; no value would leave a limit that an operator has lifted.
  const auto stored = co_await parts.mailboxes.deliver(account->id, account->quota.value_or(0), key,
                                                       "INBOX", std::move(mail));
  if (stored)
    co_return same_for_all(
        lease, own_verdict(Verdict::Kind::delivered, {2, 1, 5}, "Stored in the mailbox"));
  if (stored.error() == mailbox::StoreError::over_quota)
    co_return same_for_all(lease,
                           own_verdict(Verdict::Kind::deferred, {4, 2, 2}, "The mailbox is full"));
  co_return same_for_all(
      lease, own_verdict(Verdict::Kind::deferred, {4, 2, 0}, "The mailbox cannot take it now"));
}

Task<AttemptResult> Dispatcher::State::attempt_remote(queue::Lease lease) {
  if (lease.body.is_in_memory() && count_received(lease.body.bytes()) > hops_limit)
    co_return same_for_all(lease, own_verdict(Verdict::Kind::failed, {5, 4, 6},
                                              "Too many hops: the message goes round in a loop"));
  auto found = co_await find_targets(lease);
  if (!found) co_return same_for_all(lease, found.error());
  Job job{.key = found->first,
          .targets = std::move(found->second),
          .sender = lease.sender,
          .recipients = lease.recipients,
          .eight_bit = lease.eight_bit,
          .smtputf8 = lease.smtputf8,
          .envid = lease.envid,
          .ret = lease.ret,
          .body = lease.body,
          .lease_is_fresh = parts.lease_is_fresh,
          .resign = parts.resign};
  Courier& courier = owner_of(parts.couriers, job.key);
  co_return co_await on_loop(courier.loop(), courier.deliver(std::move(job)));
}

Task<std::expected<std::pair<std::string, std::vector<Target>>, Verdict>>
Dispatcher::State::find_targets(queue::Lease lease) {
  if (!lease.next_hop.starts_with("mx:"))
    co_return std::pair(lease.next_hop, co_await smarthost(lease.next_hop));
  const auto domain = mail::Domain::parse(lease.next_hop.substr(3));
  if (!domain)
    co_return std::unexpected(own_verdict(Verdict::Kind::failed, {5, 1, 2}, "Not a domain"));
  const auto hosts = co_await find_hosts(parts.resolver, *domain, settings->port, own);
  if (!hosts) {
    const NoHosts& why = hosts.error();
    co_return std::unexpected(own_verdict(
        why.is_permanent ? Verdict::Kind::failed : Verdict::Kind::deferred,
        mail::StatusCode::parse(why.status).value_or(mail::StatusCode{4, 4, 3}), why.text));
  }
  std::vector<Target> targets;
  for (const MxHost& host : *hosts)
    targets.push_back({.host = host.host,
                       .port = settings->port,
                       .addresses = host.addresses,
                       .tls = settings->tls});
  co_return std::pair(group_key(*hosts), std::move(targets));
}

/// Throws IoError when it cannot be used now: the delivery waits.
Task<std::vector<Target>> Dispatcher::State::smarthost(std::string via) {
  auto target = parse_via(via, settings->tls);
  if (!target) throw IoError("the route's via cannot be read: " + target.error().text);
  if (!target->user.empty()) {
    const auto route = std::ranges::find_if(settings->routes, [&](const RouteSettings& r) {
      return r.via == via && !r.password_file.empty();
    });
    if (route == settings->routes.end())
      throw IoError("no [[route]] has a password_file for " + via);
    const std::string path = route->password_file;
    target->password = co_await offload(parts.pool, [&path] { return first_line(path); });
  }
  if (target->addresses.empty()) {
    const auto found = co_await parts.resolver.addresses(target->host);
    if (!found || found->empty()) throw IoError("cannot look up the host " + target->host);
    for (const net::Address& address : *found)
      target->addresses.push_back(address.with_port(target->port));
  }
  co_return std::vector{std::move(*target)};
}

/// Turns verdicts into what the queue stores: who is done, when the others are tried again, what
/// the sender is told.
Task<queue::Settlement> Dispatcher::State::conclude(queue::Lease lease, AttemptResult result) {
  queue::Settlement settlement{.host = result.host,
                               .address = result.address,
                               .tls = result.tls,
                               .uncertain = result.uncertain};
  const auto wait = schedule.next_wait(lease.attempts + 1, lease.age, dice());
  const bool is_final = !wait && !result.broken_off && !result.body_missing;
  const bool warn = !is_final && !result.broken_off && !result.body_missing &&
                    schedule.should_warn(lease.age, lease.warned);
  std::vector<Reportable> reports;
  for (std::size_t at = 0; at < result.verdicts.size(); ++at) {
    Verdict& verdict = result.verdicts[at];
    if (verdict.kind == Verdict::Kind::deferred && !is_final) {
      settlement.last_error = verdict.reply;
      tell(lease, at, Fact::deferred, verdict, result);
      if (warn) reports.push_back({at, DsnKind::delayed, verdict});
      continue;
    }
    const bool expired = verdict.kind == Verdict::Kind::deferred;
    const bool discarded = lease.next_hop == "discard";
    const auto outcome = discarded                                  ? queue::Outcome::discarded
                         : expired                                  ? queue::Outcome::expired
                         : verdict.kind == Verdict::Kind::failed    ? queue::Outcome::bounced
                         : verdict.kind == Verdict::Kind::delivered ? queue::Outcome::delivered
                                                                    : queue::Outcome::relayed;
    if (expired && verdict.is_ours)
      verdict.reply = "Given up after many tries; the last one: " + verdict.reply;
    settlement.done.push_back({at, outcome, verdict.status, verdict.reply, verdict.remote_host});
    tell(lease, at,
         discarded              ? Fact::discarded
         : expired              ? Fact::expired
         : verdict.is_success() ? Fact::delivered
                                : Fact::bounced,
         verdict, result);
    if (verdict.kind == Verdict::Kind::transferred || discarded) continue;
    const auto kind = !verdict.is_success()                      ? DsnKind::failed
                      : verdict.kind == Verdict::Kind::delivered ? DsnKind::delivered
                                                                 : DsnKind::relayed;
    reports.push_back({at, kind, verdict});
  }
  settlement.retry_in = wait;
  if (result.broken_off) settlement.retry_in.reset();
  settlement.hold = result.body_missing;
  settlement.warned = warn;
  // What was delivered must not be tried again because the accounts cannot be asked where the
  // report goes: ask again.
  for (bool is_made = false; !is_made;) {
    try {
      settlement.report = co_await report(lease, reports);
      is_made = true;
    } catch (const IoError&) {
      if (stopping) throw;
    }
    if (!is_made) co_await sleep_for(redis_pause);
  }
  co_return settlement;
}

Task<std::optional<queue::NewMessage>> Dispatcher::State::report(queue::Lease lease,
                                                                 std::vector<Reportable> reports) {
  reports = wanted_reports(lease, std::move(reports));
  const auto to = report_recipient(lease, reports, *settings);
  if (!to) co_return std::nullopt;
  std::string beginning;
  if (!lease.body.is_in_memory()) {
    try {
      beginning = co_await offload(parts.pool, [&lease] {
        return std::string(queue::BodyReader(lease.body, original_limit).next());
      });
    } catch (const IoError&) {  // a report without the original is better than none
    }
  }
  const std::string_view original = lease.body.is_in_memory() ? std::string_view(lease.body.bytes())
                                                              : std::string_view(beginning);
  queue::NewMessage message =
      make_report(lease, reports, *to, original, *settings, std::chrono::system_clock::now());
  std::vector<mail::Recipient> recipients;
  for (const mail::EmailAddress& address : co_await parts.local.expand(*to))
    recipients.push_back({.address = address, .orcpt = {}, .notify = {}});
  message.deliveries = co_await parts.router.plan(std::nullopt, std::move(recipients));
  co_return message;
}

void Dispatcher::State::tell(const queue::Lease& lease, std::size_t recipient, Fact fact,
                             const Verdict& verdict, const AttemptResult& result,
                             std::chrono::milliseconds took) {
  parts.events.on({.fact = fact,
                   .id = lease.id,
                   .delivery = lease.index,
                   .attempt = lease.attempts + 1,
                   .sender = mail::path_text(lease.sender),
                   .recipient = lease.recipients[recipient].address.text(),
                   .next_hop = lease.next_hop,
                   .host = result.host,
                   .address = result.address,
                   .tls = result.tls,
                   .status = verdict.status.text(),
                   .reply = verdict.reply,
                   .took = took});
}

}  // namespace postern::delivery
