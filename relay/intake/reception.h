// relay/intake/reception.h: one message on its way from the door into the queue or the store.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/async/task_group.h"
#include "core/mail/headers.h"
#include "mailbox/store/types.h"
#include "relay/intake/body_keeper.h"
#include "relay/intake/mail_intake.h"

namespace postern::relay {

/// Receives, checks, signs, stores.
class MailReception final : public Reception {
 public:
  MailReception(const IntakeParts& parts, std::shared_ptr<const Snapshot> snapshot, Origin origin,
                mail::Envelope envelope, std::vector<Admitted> admitted, Once once);

  Task<> write(std::string_view octets) override;
  Task<std::vector<Acceptance>> finish() override;

 private:
  // header.cc: what the header decides, at its end.
  Task<> end_header();
  std::optional<Refused> check_header(const mail::HeaderBlock& header) const;
  Task<std::optional<Refused>> check_identity() const;
  std::span<const policy::DkimKey> keys_for(const mail::HeaderBlock& header) const;
  std::optional<mail::EmailAddress> only_recipient() const;

  // reception.cc: the octets, and the whole at its end.
  Task<> keep(std::string_view octets);
  Task<std::optional<queue::Body>> complete();
  Task<Acceptance> enqueue();
  Task<Acceptance> hand_on(queue::Body body, std::vector<mail::Recipient> recipients);
  Task<Acceptance> commit(queue::Body body, std::vector<queue::NewDelivery> deliveries);
  Task<Acceptance> not_committed(queue::CommitError why) const;
  std::string account_id() const;
  std::vector<queue::Expansion> expansions() const;
  queue::NewMessage describe(queue::Body body, std::vector<queue::NewDelivery> deliveries) const;

  // lmtp_delivery.cc
  struct Share;
  Task<std::vector<Acceptance>> deliver_here();
  Task<> deliver_one(mailbox::Content content, const Admitted& recipient, Share& share);
  Task<Acceptance> deliver_to(mailbox::Content content, const Admitted& recipient, Share& share);
  Task<Acceptance> store(mailbox::Content content, const mail::EmailAddress& recipient,
                         std::string account);
  Task<bool> forward(queue::Body body, std::vector<Share>& shares);
  void forget_refused(const std::vector<Share>& shares);
  void tell_delivered(const mail::EmailAddress& recipient, const std::string& account) const;
  void tell_accepted(const std::vector<Share>& shares);

  const IntakeParts& parts_;
  std::shared_ptr<const Snapshot> snapshot_;
  Origin origin_;
  mail::Envelope envelope_;
  std::vector<Admitted> admitted_;
  Once once_;
  queue::QueueId id_;
  std::chrono::system_clock::time_point now_;

  std::string header_;  // as it came; from its end on, as it goes on
  bool header_ended_ = false;
  std::string trace_;  // our Received field
  std::string message_id_, subject_;
  std::span<const policy::DkimKey> keys_;
  std::optional<policy::DkimSignatures> signatures_;
  std::optional<policy::BodyHasher> hasher_;
  BodyKeeper keeper_;
  std::optional<Refused> refusal_;
};

}  // namespace postern::relay
