// relay/intake/mail_intake.cc: who may send, and to whom.
#include "relay/intake/mail_intake.h"

#include "core/log.h"
#include "delivery/report/rights.h"
#include "policy/sender_identity.h"
#include "relay/config/config.h"
#include "relay/intake/reception.h"
#include "relay/intake/relay_policy.h"

namespace postern::relay {

MailIntake::MailIntake(IntakeParts parts, std::shared_ptr<const Snapshot> snapshot)
    : parts_(std::move(parts)),
      snapshot_(std::move(snapshot)),
      fullness_(parts_.directory, parts_.mailboxes) {}

Task<Permission> MailIntake::check_sender(const Origin& origin, const mail::ReversePath& sender) {
  if (!origin.account) co_return Permission();
  try {
    const auto own = co_await parts_.directory.addresses_of(origin.account->id);
    const auto verdict = policy::check_envelope_sender(
        sender, [&](const mail::EmailAddress& address) { return own->contains(address.folded()); });
    if (verdict) co_return Permission();
    log::info("sender_refused",
              {{"account", origin.account->address.text()}, {"sender", mail::path_text(sender)}});
    co_return std::unexpected(refused_because(Reason::identity, verdict.error().text));
  } catch (const IoError&) {
    co_return std::unexpected(refused(Reason::accounts_away));
  }
}

namespace {

/// The alias's own list, where that is what its targets are: many names may stand for one.
Task<delivery::SharedAddresses> shared(Directory& directory, mail::EmailAddress alias,
                                       std::vector<mail::EmailAddress> targets) {
  if (targets.size() > 1) {
    auto list = co_await directory.expand(std::move(alias));
    if (*list == targets) co_return list;
  }
  co_return std::make_shared<const std::vector<mail::EmailAddress>>(std::move(targets));
}

}  // namespace

/// What a recipient stands for: itself, or what its alias and the catch-all lead to; or the
/// refusal. Of an alias that reaches somebody the other targets bounce (Router::plan), and of one
/// that somebody has room for the others wait.
Task<std::expected<delivery::SharedAddresses, Refused>> MailIntake::find_targets(
    const mail::ReversePath& sender, const mail::EmailAddress& recipient, std::uint64_t octets) {
  std::vector<mail::EmailAddress> targets;
  Refused refusal = refused(Reason::no_mailbox, recipient);
  bool reaches_somebody = false, has_room = false;
  for (delivery::Destination& one : co_await parts_.router.destinations(sender, recipient)) {
    if (const auto* reject = one.reject()) {
      refusal = refused_because(Reason::by_rule, reject->words);
      refusal.status = reject->status;
    }
    if (one.is_reached()) {
      reaches_somebody = true;
      has_room = has_room || !co_await fullness_.is_full(*one.route, octets);
    }
    targets.push_back(std::move(one.address));
  }
  if (!reaches_somebody) co_return std::unexpected(std::move(refusal));
  if (!has_room) co_return std::unexpected(refused(Reason::mailbox_full, recipient));
  co_return co_await shared(parts_.directory, recipient, std::move(targets));
}

/// Neither logged in nor known by its address. LMTP is spoken to those whom the operator trusts.
bool MailIntake::is_stranger(const Origin& origin) const {
  return origin.door == Door::mx && !origin.account && !origin.is_local &&
         !net::is_within(snapshot_->config->trusted_networks, origin.peer);
}

Task<std::expected<Admitted, Refused>> MailIntake::admit(const Origin& origin,
                                                         const mail::ReversePath& sender,
                                                         const mail::Recipient& recipient) {
  const auto carriage =
      decide_relay({.recipient = recipient.address,
                    .peer = origin.peer,
                    .is_logged_in = origin.account.has_value() || origin.is_local,
                    .is_local_domain = parts_.directory.is_local(recipient.address.domain()),
                    .may_relay = origin.door != Door::lmtp,
                    .trusted_networks = snapshot_->config->trusted_networks});
  if (!carriage) {
    log::info("relay_refused",
              {{"peer", origin.peer.text()}, {"recipient", recipient.address.text()}});
    const auto why = origin.door == Door::lmtp ? Reason::not_local : Reason::no_relay;
    co_return std::unexpected(refused(why, recipient.address));
  }
  try {
    auto targets = co_await find_targets(sender, recipient.address, origin.announced);
    if (!targets) co_return std::unexpected(targets.error());
    Admitted admitted{recipient, std::move(*targets)};
    if (is_stranger(origin)) admitted.as_given.notify = delivery::failures_only(recipient.notify);
    co_return admitted;
  } catch (const IoError& error) {
    log::warn("recipient_check_failed", {{"error", error.what()}});
  }
  co_return std::unexpected(refused(Reason::accounts_away));
}

std::unique_ptr<Reception> MailIntake::begin(Origin origin, mail::Envelope envelope,
                                             std::vector<Admitted> admitted) {
  return begin_once(std::move(origin), std::move(envelope), std::move(admitted), {});
}

std::unique_ptr<Reception> MailIntake::begin_once(Origin origin, mail::Envelope envelope,
                                                  std::vector<Admitted> admitted, Once once) {
  return std::make_unique<MailReception>(parts_, snapshot_, std::move(origin), std::move(envelope),
                                         std::move(admitted), std::move(once));
}

}  // namespace postern::relay
