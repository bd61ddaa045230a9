// relay/worker/worker.h: one event loop with all that it needs: its queue connection, mailboxes,
// deliveries, listeners.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/async/loop.h"
#include "core/async/task_group.h"
#include "core/net/address_table.h"
#include "core/net/dns.h"
#include "core/net/idle_sessions.h"
#include "core/net/listener.h"
#include "delivery/attempt/courier.h"
#include "delivery/attempt/dispatcher.h"
#include "delivery/route/router.h"
#include "mailbox/session_context.h"
#include "queue/model/node.h"
#include "queue/store/queue.h"
#include "relay/config/config.h"
#include "relay/config/snapshot.h"
#include "relay/facts/fact_log.h"
#include "relay/facts/fact_metrics.h"
#include "relay/facts/rates.h"
#include "relay/intake/directory.h"
#include "relay/intake/mail_intake.h"
#include "relay/smtp/session.h"
#include "relay/worker/logins.h"

namespace postern::http {
class Application;
}

namespace postern::relay {

/// Sessions by listener, over all workers.
class SessionCounts {
 public:
  std::shared_ptr<std::atomic<int>> of(const std::string& listener);
  int total() const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<std::atomic<int>>> counts_;
};

/// What all workers share; thread-safe, or constant once the loops run.
struct House {
  House(const Config& config);

  policy::Accounts accounts;
  net::AddressTable addresses;
  ThreadPool hashing;  ///< passwords
  ThreadPool store;    ///< mailboxes
  ThreadPool disk;     ///< spool, accounts, signatures
  queue::Node node;
  mailbox::Mailboxes mailboxes;
  std::vector<delivery::Courier*> couriers;
  Logins logins;
  SessionCounts sessions;
  FactLog fact_log;
  FactMetrics fact_metrics;
  Rates rates;
  queue::Facts facts{
      {&fact_log, &fact_metrics, &rates}};  ///< whoever else is to hear them stands here
  std::chrono::system_clock::time_point started;  ///< a stamp, by the clock of the system
};

net::AddressTable::Limits address_limits(const Limits& limits);

/// All methods on its own loop. Open, start, listen; then quiesce, and close in steps, for workers
/// lean on each other.
class Worker {
 public:
  Worker(Loop& loop, House& house, unsigned index);
  ~Worker();

  Loop& loop() { return loop_; }
  unsigned index() const { return index_; }
  queue::Queue& queue() { return *queue_; }
  MailIntake& intake() { return *intake_; }
  Directory& directory() { return *directory_; }
  delivery::Dispatcher& dispatcher() { return *dispatcher_; }
  delivery::Courier& courier() { return *courier_; }
  mailbox::AccountHub& hub() { return *hub_; }
  net::IdleSessions& idle_sessions() { return idle_; }

  /// What others lean on: mailboxes, courier, queue. Returns when Redis has answered.
  Task<> open(std::shared_ptr<const Snapshot> snapshot, redis::Url redis);
  /// What leans on others. `http` answers on the http listeners.
  Task<> start(http::Application& http);
  /// Brings the listeners in line with the configuration; those whose address stays keep their
  /// socket. Throws IoError when an address cannot be had: nothing has changed then.
  Task<> listen();
  Task<> configure(std::shared_ptr<const Snapshot> snapshot);

  Task<> stop_listening();
  Task<> finish_sessions(std::chrono::milliseconds grace);
  Task<> stop_deliveries(std::chrono::milliseconds grace);
  Task<> stop_courier();
  Task<> close_mailboxes();
  Task<> close();

 private:
  /// A listening address and what is done there.
  struct Door {
    Listener settings;
    std::shared_ptr<std::atomic<int>> sessions;
    std::unique_ptr<net::Listener> listener;
  };

  void open_door(const net::Address& address, const Listener& settings);
  Task<> receive(std::shared_ptr<Door> door, net::Stream stream);
  Task<> speak(const Listener& settings, net::Stream stream, std::shared_ptr<void> slot);
  Task<> speak_smtp(const Listener& settings, net::Stream stream);
  mailbox::SessionContext reader_context(const Listener& settings,
                                         std::shared_ptr<void> slot) const;
  Task<> speak_imap(const Listener& settings, net::Stream stream, std::shared_ptr<void> slot);
  Task<> speak_pop3(const Listener& settings, net::Stream stream, std::shared_ptr<void> slot);
  Task<> speak_http(const Listener& settings, net::Stream stream);
  Task<> turn_away(const Listener& settings, net::Stream stream);
  bool is_trusted(const net::Address& peer) const;
  bool may_use_lmtp(const net::Address& peer) const;

  Loop& loop_;
  House& house_;
  unsigned index_;
  std::shared_ptr<const Snapshot> snapshot_;

  std::unique_ptr<net::Resolver> resolver_;
  std::unique_ptr<mailbox::AccountHub> hub_;
  std::unique_ptr<delivery::Courier> courier_;
  std::unique_ptr<queue::Queue> queue_;
  std::unique_ptr<Directory> directory_;
  std::unique_ptr<delivery::Router> router_;
  std::unique_ptr<delivery::Dispatcher> dispatcher_;
  std::unique_ptr<MailIntake> intake_;
  http::Application* http_ = nullptr;

  net::IdleSessions idle_;
  TaskGroup senders_;  ///< SMTP and HTTP: they may be about to get a 250
  TaskGroup readers_;  ///< IMAP and POP3 before login
  std::map<std::string, std::shared_ptr<Door>> doors_;  ///< by address
};

}  // namespace postern::relay
