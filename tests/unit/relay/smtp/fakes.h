// tests/unit/relay/smtp/fakes.h: what stands behind an SMTP session, without a store.
#pragma once

#include "policy/authenticator.h"
#include "relay/intake/intake.h"
#include "relay/smtp/replies.h"

namespace postern::smtp {

/// A message as it was handed on.
struct Taken {
  relay::Origin origin;
  mail::Envelope envelope;
  std::vector<relay::Admitted> admitted;
  std::string content;
};

class FakeReception : public relay::Reception {
 public:
  FakeReception(Taken taken, std::vector<Taken>& all) : taken_(std::move(taken)), all_(all) {}
  Task<> write(std::string_view octets) override {
    taken_.content += octets;
    co_return;
  }
  Task<std::vector<relay::Acceptance>> finish() override {
    const std::size_t count = taken_.origin.door == relay::Door::lmtp ? taken_.admitted.size() : 1;
    all_.push_back(std::move(taken_));
    co_return std::vector<relay::Acceptance>(count, relay::Accepted{queue::QueueId{1}});
  }

 private:
  Taken taken_;
  std::vector<Taken>& all_;
};

/// Takes mail for b.example only, and remembers it; later@b.example is put off.
class FakeIntake : public relay::Intake {
 public:
  Task<relay::Permission> check_sender(const relay::Origin&, const mail::ReversePath&) override {
    ++senders;
    co_return relay::Permission();
  }
  Task<std::expected<relay::Admitted, relay::Refused>> admit(
      const relay::Origin&, const mail::ReversePath&, const mail::Recipient& recipient) override {
    using relay::Reason;
    if (recipient.address.domain().text() != "b.example") {
      co_return std::unexpected(relay::refused(Reason::no_relay, recipient.address));
    }
    if (recipient.address.local_part() == "later")
      co_return std::unexpected(relay::refused(Reason::accounts_away));
    co_return relay::Admitted{recipient, {recipient}};
  }
  std::unique_ptr<relay::Reception> begin(relay::Origin origin, mail::Envelope envelope,
                                          std::vector<relay::Admitted> admitted) override {
    return std::make_unique<FakeReception>(
        Taken{std::move(origin), std::move(envelope), std::move(admitted), ""}, taken);
  }
  std::unique_ptr<relay::Reception> begin_once(relay::Origin origin, mail::Envelope envelope,
                                               std::vector<relay::Admitted> admitted,
                                               relay::Once) override {
    return begin(std::move(origin), std::move(envelope), std::move(admitted));
  }
  std::vector<Taken> taken;
  std::size_t senders = 0;  ///< how many were asked about
};

/// Knows "ann" with "secret".
class FakeLogins : public policy::Authenticator {
 public:
  Task<std::expected<policy::Account, policy::AuthFailure>> login(std::string user,
                                                                  std::string password,
                                                                  policy::Scope,
                                                                  net::Address) override {
    if (user != "ann" || password != "secret") {
      co_return std::unexpected(policy::AuthFailure::bad_credentials);
    }
    co_return policy::Account{.id = "1", .address = *mail::EmailAddress::parse("ann@b.example")};
  }
  bool is_live(const std::string&) const override { return live; }
  bool live = true;
};

}  // namespace postern::smtp
