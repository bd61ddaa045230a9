// relay/intake/lmtp_delivery.cc: LMTP delivers straight into the store, so that each 250 is a
// SQLite commit; what a recipient comes to beyond that goes on through the queue (RFC 2033 §4.2).
#include "core/async/task_group.h"
#include "core/log.h"
#include "delivery/attempt/local_delivery.h"
#include "mailbox/store/hub.h"
#include "queue/model/told.h"
#include "relay/intake/reception.h"

namespace postern::relay {

/// What became of one recipient so far, and where it leads that is no mailbox here.
struct MailReception::Share {
  Acceptance outcome = std::unexpected(refused(Reason::store_away));
  std::vector<mail::Recipient> elsewhere;
};

Task<std::vector<Acceptance>> MailReception::deliver_here() {
  std::optional<queue::Body> body = co_await complete();
  if (!body) {
    co_return std::vector<Acceptance>(admitted_.size(),
                                      std::unexpected(refused(Reason::queue_full)));
  }
  const mailbox::Content content = delivery::content_for_mailbox(envelope_.sender, *body);
  std::vector<Share> shares(admitted_.size());
  // Side by side: their commits share the disk's time.
  TaskGroup deliveries;
  for (std::size_t i = 0; i < admitted_.size(); ++i) {
    deliveries.spawn(deliver_one(content, admitted_[i], shares[i]));
  }
  co_await deliveries.join();
  const bool is_told = co_await forward(std::move(*body), shares);
  if (!is_told) tell_accepted(shares);
  std::vector<Acceptance> outcomes;
  for (Share& share : shares) outcomes.push_back(std::move(share.outcome));
  co_return outcomes;
}

/// `recipient` and `share` stay where they are: deliver_here waits.
Task<> MailReception::deliver_one(mailbox::Content content, const Admitted& recipient,
                                  Share& share) {
  try {
    share.outcome = co_await deliver_to(std::move(content), recipient, share);
  } catch (const IoError& error) {
    log::warn("delivery_failed", {{"id", queue::text(id_)}, {"error", error.what()}});
  }
}

Task<Acceptance> MailReception::deliver_to(mailbox::Content content, const Admitted& recipient,
                                           Share& share) {
  std::vector<std::string> accounts;
  for (queue::NewDelivery& delivery :
       co_await parts_.router.plan(envelope_.sender, recipient.targets)) {
    if (auto* mailbox = std::get_if<queue::ToMailbox>(&delivery.next_hop)) {
      accounts.push_back(std::move(mailbox->account));
    } else {
      std::ranges::move(delivery.recipients, std::back_inserter(share.elsewhere));
    }
  }
  // Who is refused comes again: no copy is made for one whose other part must fail.
  if (!share.elsewhere.empty() && !parts_.queue.trouble().empty())
    co_return std::unexpected(refused(Reason::queue_away));
  Acceptance outcome = Accepted{id_, recipient.as_given.address};
  for (std::string& account : accounts) {
    if (!outcome) break;
    outcome = co_await store(content, recipient.as_given.address, std::move(account));
  }
  co_return outcome;
}

Task<Acceptance> MailReception::store(mailbox::Content content, const mail::EmailAddress& recipient,
                                      std::string account) {
  const auto found = co_await parts_.directory.account_by_id(account);
  if (!found) co_return std::unexpected(refused(Reason::no_mailbox, recipient));
  mailbox::NewMail mail;
  mail.content = std::move(content);
  // The key names message and account: a second address of the account adds no second copy.
  // 0 means "no quota" to the hub; no value would leave one that the operator has lifted.
  const auto stored =
      co_await parts_.mailboxes.deliver(account, found->quota.value_or(0),
                                        queue::text(id_) + "." + account, "INBOX", std::move(mail));
  if (!stored && stored.error() == mailbox::StoreError::over_quota) {
    co_return std::unexpected(refused(Reason::mailbox_full, recipient));
  }
  if (!stored) co_return std::unexpected(refused(Reason::store_away));
  tell_delivered(recipient, account);
  co_return Accepted{id_, recipient};
}

/// One commit for all whose mailboxes have theirs. It comes last, for it cannot be taken back: what
/// it refuses is sent again by the client, and what a mailbox refused must not be on its way. Gives
/// whether the queue has accepted something, and told it.
Task<bool> MailReception::forward(queue::Body body, std::vector<Share>& shares) {
  std::vector<mail::Recipient> recipients;
  for (const Share& share : shares) {
    if (share.outcome) std::ranges::copy(share.elsewhere, std::back_inserter(recipients));
  }
  if (recipients.empty()) {
    co_await offload(parts_.spool.pool, [&] { queue::remove_spooled(body); });
    co_return false;
  }
  forget_refused(shares);
  const Acceptance outcome = co_await hand_on(std::move(body), std::move(recipients));
  for (Share& share : shares) {
    if (share.outcome && !share.elsewhere.empty()) share.outcome = outcome;
  }
  co_return outcome.has_value();
}

/// Of an alias that was refused nothing is told.
void MailReception::forget_refused(const std::vector<Share>& shares) {
  for (std::size_t i = 0; i < shares.size(); ++i) {
    if (!shares[i].outcome) admitted_[i].targets = {admitted_[i].as_given};
  }
}

void MailReception::tell_delivered(const mail::EmailAddress& recipient,
                                   const std::string& account) const {
  queue::Fact fact{.kind = queue::FactKind::delivered, .at = std::chrono::system_clock::now()};
  fact.id = id_;
  fact.sender = mail::path_text(envelope_.sender);
  fact.recipient = recipient.text();
  fact.next_hop = queue::text(queue::ToMailbox{account});
  fact.status = "2.1.5";
  fact.reply = "Stored in the mailbox";
  parts_.facts.tell(fact);
}

/// Of a message that never comes to the queue, which would tell it.
void MailReception::tell_accepted(const std::vector<Share>& shares) {
  const auto taken = std::ranges::count_if(shares, [](const Share& one) { return !!one.outcome; });
  if (taken == 0) return;
  forget_refused(shares);
  queue::NewMessage message = describe({}, {});
  message.size = keeper_.size();
  std::vector<queue::Fact> facts = queue::facts_of(message, std::chrono::system_clock::now());
  facts.front().recipients = static_cast<std::size_t>(taken);
  parts_.facts.tell(facts);
}

}  // namespace postern::relay
