// relay/api/services.h: what the API asks of the gateway. It knows no worker: the server gives it
// these (relay/server/api_services.h), a test its own.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/async/task.h"
#include "policy/authenticator.h"
#include "queue/model/message.h"
#include "relay/accounts/account_operations.h"
#include "relay/http/message.h"
#include "relay/intake/intake.h"

namespace postern::http {

/// The queue as an operator sees it. On the API's loop. Methods throw IoError while Redis is away.
class QueueService {
 public:
  virtual ~QueueService() = default;
  /// Oldest first, at most `limit` (0: all).
  virtual Task<std::vector<queue::MessageRow>> list(queue::Filter filter, std::size_t limit) = 0;
  /// Also of a message that has left the queue, while its history is kept.
  virtual Task<std::optional<queue::MessageRow>> show(queue::QueueId id) = 0;
  /// The octets of a message that is in the queue.
  virtual Task<std::optional<std::string>> content(queue::QueueId id) = 0;
  virtual Task<std::optional<queue::Timeline>> history(queue::QueueId id) = 0;
  /// The newest `limit`, oldest first.
  virtual Task<std::vector<queue::Timeline>> search(queue::Sought sought, std::size_t limit) = 0;
  /// Stored when it returns.
  virtual Task<queue::ActionResult> apply(queue::Action action, queue::QueueId id) = 0;
  /// Before a retry: hosts that were in trouble are tried again at once.
  virtual void forget_trouble() = 0;
  /// After actions: something may be due now.
  virtual void wake() = 0;
};

/// The accounts as an operator changes them.
class AccountService {
 public:
  virtual ~AccountService() = default;
  /// Runs `handler` where it may block, and sees to what follows: credentials that count no longer,
  /// mailboxes that go. `request` outlives the task.
  virtual Task<Answer> run(relay::AccountHandler handler, const relay::AccountRequest& request) = 0;
};

/// The one screen of `postern status`.
struct Status {
  struct Listener {
    std::string service, address, tls;
    int sessions = 0;
  };
  /// Events in the last minute.
  struct Rates {
    std::uint64_t accepted = 0, delivered = 0, deferred = 0, bounced = 0;
  };
  struct Redis {
    std::string kind;                     ///< managed | external
    std::string trouble;                  ///< empty: it answers, and its settings are safe
    std::optional<std::uint64_t> memory;  ///< bytes; none while it does not answer
    std::uint64_t memory_limit = 0;       ///< bytes
  };
  struct Certificate {
    std::string file, subject;
    std::chrono::system_clock::time_point expires;
  };
  std::string hostname;
  std::chrono::system_clock::time_point started;
  std::string trouble;  ///< why new mail cannot be taken; empty: it can
  std::vector<Listener> listeners;
  int sessions = 0;
  std::optional<queue::Counts> queue;  ///< none while Redis does not answer
  Rates rates;
  Redis redis;
  std::vector<Certificate> certificates;
};

/// The gateway as a whole.
class ServerService {
 public:
  virtual ~ServerService() = default;
  /// Why new mail cannot be taken; empty: it can. Does not wait.
  virtual std::string trouble() const = 0;
  /// Does not throw while Redis is away: it says so.
  virtual Task<Status> status() = 0;
  /// Reads the configuration again. 422 where it is wrong: the old one stays.
  virtual Task<Answer> reload() = 0;
};

/// All of it outlives the API.
struct Services {
  QueueService& queue;
  AccountService& accounts;
  ServerService& server;
  relay::Intake& intake;
  policy::Authenticator& logins;
};

}  // namespace postern::http
