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
  Task<std::vector<smtp::Answer>> finish() override;

 private:
  // The header, at its end.
  Task<> end_header();
  Task<> keep(std::string_view octets);
  std::optional<smtp::Answer> check_header(const mail::HeaderBlock& header) const;
  std::span<const policy::DkimKey> keys_for(const mail::HeaderBlock& header) const;
  std::optional<mail::EmailAddress> only_recipient() const;

  // The whole, at its end.
  Task<std::optional<smtp::Answer>> check_identity() const;
  Task<queue::Body> complete();
  Task<smtp::Answer> enqueue();
  Task<smtp::Answer> hand_on(queue::Body body, std::vector<mail::Recipient> recipients);
  Task<smtp::Answer> commit(queue::Body body, std::vector<queue::NewDelivery> deliveries,
                            std::size_t recipients);
  std::string account_id() const;
  queue::NewMessage describe(queue::Body body, std::vector<queue::NewDelivery> deliveries) const;

  // lmtp_delivery.cc
  struct Share;
  Task<std::vector<smtp::Answer>> deliver_here();
  Task<> deliver_one(mailbox::Content content, const Admitted& recipient, Share& share);
  Task<smtp::Answer> deliver_to(mailbox::Content content, const Admitted& recipient, Share& share);
  Task<smtp::Answer> store(mailbox::Content content, const mail::EmailAddress& recipient,
                           std::string account);
  Task<> forward(queue::Body body, std::vector<Share>& shares);

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
  std::optional<smtp::Answer> refusal_;
};

}  // namespace postern::relay
