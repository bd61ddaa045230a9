// relay/intake/mail_intake.h: the Intake that stores: checks, signature, route, queue.
#pragma once

#include <memory>

#include "delivery/attempt/dispatcher.h"
#include "delivery/route/router.h"
#include "queue/store/queue.h"
#include "relay/config/snapshot.h"
#include "relay/intake/body_keeper.h"
#include "relay/intake/directory.h"
#include "relay/intake/intake.h"

namespace postern::mailbox {
class Mailboxes;
}

namespace postern::relay {

/// What an intake works with; all of it outlives the intake.
struct IntakeParts {
  queue::Queue& queue;
  delivery::Dispatcher& dispatcher;
  delivery::Router& router;
  Directory& directory;
  const mailbox::Mailboxes& mailboxes;
  queue::Facts facts;
  BodyKeeper::Place spool;
  ThreadPool& signing;  ///< of a thread per core: a signature is work, and waits for nothing
};

/// One for each worker.
class MailIntake final : public Intake {
 public:
  MailIntake(IntakeParts parts, std::shared_ptr<const Snapshot> snapshot);
  void configure(std::shared_ptr<const Snapshot> snapshot) { snapshot_ = std::move(snapshot); }

  Task<Permission> check_sender(const Origin& origin, const mail::ReversePath& sender) override;
  Task<std::expected<Admitted, Refused>> admit(const Origin& origin,
                                               const mail::ReversePath& sender,
                                               const mail::Recipient& recipient) override;
  std::unique_ptr<Reception> begin(Origin origin, mail::Envelope envelope,
                                   std::vector<Admitted> admitted) override;
  std::unique_ptr<Reception> begin_once(Origin origin, mail::Envelope envelope,
                                        std::vector<Admitted> admitted, Once once) override;

 private:
  IntakeParts parts_;
  std::shared_ptr<const Snapshot> snapshot_;
};

}  // namespace postern::relay
