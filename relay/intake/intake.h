// relay/intake/intake.h: where every message enters, whatever door it came through.
#pragma once

#include <expected>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/async/task.h"
#include "core/mail/envelope.h"
#include "core/net/address.h"
#include "policy/accounts.h"
#include "relay/intake/outcome.h"

namespace postern::relay {

/// The kind of door: `mx` takes mail for us from anyone, `submission` mail from us to anyone.
enum class Door { mx, submission, lmtp };

/// Who brings a message, and how: what the Received field tells, and what permissions rest on.
struct Origin {
  Door door = Door::mx;
  net::Address peer;
  std::string hello;                       ///< what the client called itself; believed by nobody
  std::string protocol = "SMTP";           ///< RFC 3848: ESMTPSA and the like
  std::string tls;                         ///< "TLSv1.3 with cipher …", empty when in the clear
  std::optional<policy::Account> account;  ///< who logged in
  bool is_local = false;                   ///< a program on this host: to anyone
  std::set<std::string> own_addresses;     ///< of such a program, folded; none: any sender
};

/// A recipient that was let in, and the addresses that it stands for (aliases expanded).
struct Admitted {
  mail::Recipient as_given;
  std::vector<mail::Recipient> targets;
};

/// What makes a repeat harmless: the key that the client gave, and a digest of what came with it. A
/// key that comes with something else is refused.
struct Once {
  std::string key, digest;
};

/// A message on its way in. Dropping it before `finish` leaves nothing behind.
class Reception {
 public:
  virtual ~Reception() = default;
  /// Takes the next octets, CRLF line ends only. What is wrong with them is said by `finish`.
  virtual Task<> write(std::string_view octets) = 0;
  /// The message is complete: checks, signs and stores it. One outcome; for LMTP one for each
  /// admitted recipient, in their order.
  virtual Task<std::vector<Acceptance>> finish() = 0;
};

/// The checks and the storage behind all doors. One for each worker.
class Intake {
 public:
  virtual ~Intake() = default;
  /// May this origin send from `sender`?
  virtual Task<Permission> check_sender(const Origin& origin, const mail::ReversePath& sender) = 0;
  /// Is `recipient` to be taken from this origin? The single place where relaying is decided is
  /// relay_policy.h.
  virtual Task<std::expected<Admitted, Refused>> admit(const Origin& origin,
                                                       const mail::ReversePath& sender,
                                                       const mail::Recipient& recipient) = 0;
  /// Begins a message; `envelope.recipients` are ignored in favour of `admitted`.
  virtual std::unique_ptr<Reception> begin(Origin origin, mail::Envelope envelope,
                                           std::vector<Admitted> admitted) = 0;
  /// The same for a request that may be repeated: `finish` then answers as the first time.
  virtual std::unique_ptr<Reception> begin_once(Origin origin, mail::Envelope envelope,
                                                std::vector<Admitted> admitted, Once once) = 0;
};

}  // namespace postern::relay
