#include "delivery/local_delivery.h"

#include <utility>

#include "core/async/offload.h"
#include "mailbox/store/hub.h"

namespace postern::delivery {
namespace {

/// The message as it lies in the mailbox (RFC 5321 §4.4: the last server adds Return-Path).
mailbox::NewMail mail_of(const queue::Lease& lease) {
  mailbox::NewMail mail;
  mail.content.prefix = "Return-Path: " + mail::path_text(lease.sender) + "\r\n";
  if (lease.body.is_in_memory())
    mail.content.memory = std::shared_ptr<const std::string>(
        std::make_shared<queue::Body>(lease.body), &lease.body.bytes());
  else
    mail.content.path = lease.body.file().string();
  return mail;
}

Verdict verdict_of(const mailbox::StoreError error) {
  if (error == mailbox::StoreError::over_quota) return our_delay({4, 2, 2}, "The mailbox is full");
  return our_delay({4, 2, 0}, "The mailbox cannot take it now");
}

}  // namespace

Task<AttemptResult> deliver_to_mailbox(LocalAddresses& local, const mailbox::Mailboxes& mailboxes,
                                       ThreadPool& pool, queue::Lease lease) {
  const std::size_t count = lease.recipients.size();
  const auto account = co_await local.account_by_id(lease.next_hop.substr(sizeof "local:" - 1));
  if (!account)
    co_return same_for_all(count,
                           our_verdict(Verdict::Kind::failed, {5, 1, 1}, "No such mailbox here"));
  if (lease.body.is_in_spool()) co_await offload(pool, [&lease] { lease.body.require_file(); });
  const std::string key = queue::text(lease.id) + "." + std::to_string(lease.index);
  // 0 means "none" to the hub; no value would leave a limit that an operator has lifted.
  const auto stored = co_await mailboxes.deliver(account->id, account->quota.value_or(0), key,
                                                 "INBOX", mail_of(lease));
  if (!stored) co_return same_for_all(count, verdict_of(stored.error()));
  co_return same_for_all(count,
                         our_verdict(Verdict::Kind::delivered, {2, 1, 5}, "Stored in the mailbox"));
}

}  // namespace postern::delivery
