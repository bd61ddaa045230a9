// delivery/route/router.cc: the patterns of routes, and how recipients are shared among next hops.
#include "delivery/route/router.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

#include "core/mail/encodings.h"

namespace postern::delivery {
namespace {

std::vector<RouteRule> rules_of(const Settings& settings) {
  std::vector<RouteRule> rules;
  for (const auto& route : settings.routes)
    rules.push_back({RoutePattern(route.to), RoutePattern(route.from), route.via});
  return rules;
}

}  // namespace

RoutePattern::RoutePattern(std::string_view text) {
  const std::size_t at = text.rfind('@');
  const std::string_view local = at == std::string_view::npos ? "" : text.substr(0, at);
  const std::string_view domain = at == std::string_view::npos ? text : text.substr(at + 1);
  domain_ = mail::lower_case(domain);
  if (domain_ == "*" || domain_.empty()) {
    kind_ = Kind::any;
  } else if (domain_.starts_with("*.")) {
    kind_ = Kind::subdomains;
    domain_.erase(0, 1);
  } else {
    kind_ = Kind::domain;
  }
  // U-labels in the configuration are compared as what addresses hold.
  if (const auto parsed =
          mail::Domain::parse(std::string_view(domain_).substr(kind_ == Kind::subdomains ? 1 : 0));
      parsed)
    domain_ = (kind_ == Kind::subdomains ? "." : "") + parsed->text();
  if (!local.empty() && local != "*") local_part_ = mail::lower_case(local);
  is_any_ = text.empty() || text == "*";
}

bool RoutePattern::matches(const mail::EmailAddress& address) const {
  if (!local_part_.empty() && mail::lower_case(address.local_part()) != local_part_) return false;
  const std::string& domain = address.domain().text();
  if (kind_ == Kind::any) return true;
  if (kind_ == Kind::subdomains) return domain.size() > domain_.size() && domain.ends_with(domain_);
  return domain == domain_;
}

bool RoutePattern::matches(const mail::ReversePath& path) const {
  return path ? matches(*path) : is_any_;
}

const queue::Via* first_match(const std::vector<RouteRule>& rules, const mail::ReversePath& sender,
                              const mail::EmailAddress& recipient) {
  const auto matches = [&](const RouteRule& rule) {
    return rule.to.matches(recipient) && rule.from.matches(sender);
  };
  const auto rule = std::ranges::find_if(rules, matches);
  return rule == rules.end() ? nullptr : &rule->via;
}

Router::Router(std::shared_ptr<const Settings> settings, LocalAddresses& local)
    : local_(local), rules_(rules_of(*settings)) {}

void Router::configure(std::shared_ptr<const Settings> settings) { rules_ = rules_of(*settings); }

Task<Route> Router::route(mail::ReversePath sender, mail::EmailAddress recipient) {
  const queue::Via* via = first_match(rules_, sender, recipient);
  if (const auto* hop = std::get_if<queue::NextHop>(via)) co_return *hop;
  const bool by_mx = via ? std::holds_alternative<queue::MxOfRecipient>(*via)
                         : !local_.is_local(recipient.domain());
  if (by_mx) co_return queue::ToMx{recipient.domain()};

  auto account = co_await local_.find_account(std::move(recipient));
  if (!account) co_return std::nullopt;
  co_return queue::ToMailbox{std::move(account->id)};
}

Task<std::vector<Destination>> Router::expand(mail::ReversePath sender,
                                              mail::EmailAddress recipient) {
  std::vector<Destination> found;
  for (mail::EmailAddress& address : co_await local_.expand(std::move(recipient))) {
    Route route = co_await this->route(sender, address);
    found.push_back({std::move(address), std::move(route)});
  }
  co_return found;
}

/// The first that is not itself a mailbox that does not exist; empty when there is none.
Task<std::vector<Destination>> Router::stand_in(mail::ReversePath sender,
                                                mail::EmailAddress missing) {
  for (mail::EmailAddress& other : local_.stand_ins(missing)) {
    std::vector<Destination> found = co_await expand(sender, std::move(other));
    if (std::ranges::any_of(found, &Destination::is_reached)) co_return found;
  }
  co_return std::vector<Destination>();
}

Task<std::vector<Destination>> Router::destinations(mail::ReversePath sender,
                                                    mail::EmailAddress recipient) {
  std::vector<Destination> all;
  for (Destination& one : co_await expand(sender, std::move(recipient))) {
    std::vector<Destination> others;
    if (one.is_missing()) others = co_await stand_in(sender, one.address);
    if (others.empty()) others.push_back(std::move(one));
    std::ranges::move(others, std::back_inserter(all));
  }
  co_return all;
}

Task<std::vector<queue::NewDelivery>> Router::plan(mail::ReversePath sender,
                                                   std::vector<mail::Recipient> recipients) {
  std::vector<queue::NewDelivery> deliveries;
  std::map<queue::NextHop, std::size_t> known;
  for (mail::Recipient& recipient : recipients) {
    Route route = co_await this->route(sender, recipient.address);
    queue::NextHop hop =
        std::move(route).value_or(queue::Reject{{5, 1, 1}, "No such mailbox here"});
    const auto [at, is_new] = known.try_emplace(hop, deliveries.size());
    if (is_new) deliveries.push_back({std::move(hop), {}});
    deliveries[at->second].recipients.push_back(std::move(recipient));
  }
  co_return deliveries;
}

}  // namespace postern::delivery
