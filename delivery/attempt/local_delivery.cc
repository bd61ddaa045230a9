// delivery/attempt/local_delivery.cc: finds the account, and puts the message into its INBOX.
#include "delivery/attempt/local_delivery.h"

#include <utility>
#include <variant>

#include "core/async/offload.h"
#include "mailbox/store/hub.h"

namespace postern::delivery {
namespace {

Verdict verdict_of(const mailbox::StoreError error) {
  if (error == mailbox::StoreError::over_quota) return our_delay({4, 2, 2}, "The mailbox is full");
  return our_delay({4, 2, 0}, "The mailbox cannot take it now");
}

}  // namespace

mailbox::Content content_for_mailbox(const mail::ReversePath& sender, const queue::Body& body) {
  mailbox::Content content;
  content.prefix = "Return-Path: " + mail::path_text(sender) + "\r\n";
  if (body.is_in_memory()) {
    const auto owner = std::make_shared<queue::Body>(body);
    content.memory = {owner, &owner->bytes()};
  } else {
    content.path = body.file().string();
  }
  return content;
}

Task<AttemptResult> deliver_to_mailbox(LocalAddresses& local, const mailbox::Mailboxes& mailboxes,
                                       ThreadPool& pool, queue::Lease lease) {
  const std::size_t count = lease.recipients.size();
  const auto account =
      co_await local.account_by_id(std::get<queue::ToMailbox>(lease.next_hop).account);
  if (!account)
    co_return same_for_all(count,
                           our_verdict(Verdict::Kind::failed, {5, 1, 1}, "No such mailbox here"));
  if (lease.body.is_in_spool()) co_await offload(pool, [&lease] { lease.body.require_file(); });
  const std::string key = queue::text(lease.id) + "." + std::to_string(lease.index);
  mailbox::NewMail mail;
  mail.content = content_for_mailbox(lease.sender, lease.body);
  // 0 means "none" to the hub; no value would leave a limit that an operator has lifted.
  const auto stored = co_await mailboxes.deliver(account->id, account->quota.value_or(0), key,
                                                 "INBOX", std::move(mail));
  if (!stored) co_return same_for_all(count, verdict_of(stored.error()));
  co_return same_for_all(count,
                         our_verdict(Verdict::Kind::delivered, {2, 1, 5}, "Stored in the mailbox"));
}

}  // namespace postern::delivery
