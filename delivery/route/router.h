// delivery/route/router.h: where each recipient's mail goes: the first [[route]], else a mailbox
// here, else MX.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/async/task.h"
#include "core/mail/envelope.h"
#include "delivery/model/local_addresses.h"
#include "delivery/settings.h"
#include "queue/model/message.h"

namespace postern::delivery {

/// `to` or `from` of a route: a domain, "*.domain" (not the domain itself), an address, "*@domain",
/// "*" or "" (any).
class RoutePattern {
 public:
  explicit RoutePattern(std::string_view text);
  bool matches(const mail::EmailAddress& address) const;
  /// The null reverse-path matches "*" only.
  bool matches(const mail::ReversePath& path) const;

 private:
  enum class Kind { any, domain, subdomains } kind_ = Kind::any;
  std::string local_part_, domain_;  // an empty local part stands for all
  bool is_any_ = false;              // "*" or ""
};

struct RouteRule {
  RoutePattern to, from;
  queue::Via via;
};

/// Where one recipient's mail goes; none: to a mailbox here that does not exist.
using Route = std::optional<queue::NextHop>;

/// A final address, and where its mail goes.
struct Destination {
  mail::EmailAddress address;
  Route route;
  bool is_missing() const { return !route; }
  /// Why a route refuses it; null when none does.
  const queue::Reject* reject() const {
    return route ? std::get_if<queue::Reject>(&*route) : nullptr;
  }
  bool is_reached() const { return route && !reject(); }
};

/// The via of the first rule that matches, a part of `rules`; null when none does. Pure.
const queue::Via* first_match(const std::vector<RouteRule>& rules, const mail::ReversePath& sender,
                              const mail::EmailAddress& recipient);

/// One for each worker.
class Router {
 public:
  Router(std::shared_ptr<const Settings> settings, LocalAddresses& local);

  /// Of a final address.
  Task<Route> route(mail::ReversePath sender, mail::EmailAddress recipient);
  /// What a recipient comes to: aliases are expanded, and what would be a mailbox that does not
  /// exist goes to its stand-in. For RCPT time, where a refusal is told to the client at once.
  Task<std::vector<Destination>> destinations(mail::ReversePath sender,
                                              mail::EmailAddress recipient);
  /// Recipients with final addresses, grouped by next hop; one delivery for each account and for
  /// each destination. Who is refused by now gets the next hop Reject, which bounces.
  Task<std::vector<queue::NewDelivery>> plan(mail::ReversePath sender,
                                             std::vector<mail::Recipient> recipients);
  void configure(std::shared_ptr<const Settings> settings);

 private:
  Task<std::vector<Destination>> expand(mail::ReversePath sender, mail::EmailAddress recipient);
  Task<std::vector<Destination>> stand_in(mail::ReversePath sender, mail::EmailAddress missing);

  LocalAddresses& local_;
  std::vector<RouteRule> rules_;
};

}  // namespace postern::delivery
