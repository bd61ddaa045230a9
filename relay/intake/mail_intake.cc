// relay/intake/mail_intake.cc: who may send, and to whom.
#include "relay/intake/mail_intake.h"

#include "core/log.h"
#include "policy/sender_identity.h"
#include "relay/config/config.h"
#include "relay/intake/reception.h"
#include "relay/intake/relay_policy.h"

namespace postern::relay {

MailIntake::MailIntake(IntakeParts parts, std::shared_ptr<const Snapshot> snapshot)
    : parts_(std::move(parts)), snapshot_(std::move(snapshot)) {}

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

/// What a recipient stands for: itself, or what its alias and the catch-all lead to; or the
/// refusal. Of an alias that reaches somebody the other targets bounce (Router::plan).
Task<std::expected<std::vector<mail::Recipient>, Refused>> find_targets(
    const IntakeParts& parts, const mail::ReversePath& sender, const mail::Recipient& recipient) {
  std::vector<mail::Recipient> targets;
  Refused refusal = refused(Reason::no_mailbox, recipient.address);
  bool reaches_somebody = false;
  for (delivery::Destination& one : co_await parts.router.destinations(sender, recipient.address)) {
    if (const auto* reject = one.reject()) {
      refusal = refused_because(Reason::by_rule, reject->words);
      refusal.status = reject->status;
    }
    reaches_somebody = reaches_somebody || one.is_reached();
    mail::Recipient target = recipient;
    if (target.orcpt.empty() && one.address != recipient.address) {
      target.orcpt = mail::original_recipient(recipient.address);
    }
    target.address = std::move(one.address);
    targets.push_back(std::move(target));
  }
  if (!reaches_somebody) co_return std::unexpected(std::move(refusal));
  co_return targets;
}

}  // namespace

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
    auto targets = co_await find_targets(parts_, sender, recipient);
    if (!targets) co_return std::unexpected(targets.error());
    co_return Admitted{recipient, std::move(*targets)};
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
