// relay/worker/worker.h: one event loop with all that it needs: its queue connection, mailboxes,
// deliveries, listeners.
#pragma once

#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <string>

#include "core/async/loop.h"
#include "core/async/task_group.h"
#include "core/net/dns.h"
#include "core/net/idle_sessions.h"
#include "core/net/listener.h"
#include "delivery/attempt/courier.h"
#include "delivery/attempt/dispatcher.h"
#include "delivery/route/router.h"
#include "mailbox/session_context.h"
#include "queue/store/queue.h"
#include "relay/config/doors.h"
#include "relay/config/snapshot.h"
#include "relay/intake/directory.h"
#include "relay/intake/mail_intake.h"
#include "relay/worker/house.h"

namespace postern::http {
class Application;
}

namespace postern::relay {

/// One for each core. All methods on its own loop, but for `loop` and `index`: others call them by
/// on_loop. In this order: open, start, answer_http, listen; configure any time after that; then
/// the steps of the end, each on all workers before the next, for workers lean on each other.
class Worker {
 public:
  /// `index` counts from 0: the first has the unix sockets. Both outlive the worker.
  Worker(Loop& loop, House& house, unsigned index);
  ~Worker();  // after close()

  Loop& loop() { return loop_; }
  unsigned index() const { return index_; }

  /// What others lean on: mailboxes, courier, queue. Returns when Redis has answered; throws
  /// IoError when it does not, or would lose mail.
  Task<> open(std::shared_ptr<const Snapshot> snapshot, redis::Url redis);
  // From open() to close()
  queue::Queue& queue() { return *queue_; }
  delivery::Courier& courier() { return *courier_; }
  mailbox::AccountHub& hub() { return *hub_; }

  /// What leans on others: deliveries begin.
  Task<> start();
  // From start() to close()
  Intake& intake() { return *intake_; }
  delivery::Dispatcher& dispatcher() { return *dispatcher_; }

  /// Who answers on the http listeners; outlives their sessions.
  void answer_http(http::Application& http) { http_ = &http; }
  /// Brings the listeners in line with the configuration; those whose address stays keep their
  /// socket. Throws IoError when an address cannot be had: nothing has changed then.
  Task<> listen();
  /// For sessions and deliveries that begin from now on. Throws as listen() does.
  Task<> configure(std::shared_ptr<const Snapshot> snapshot);

  /// Nobody new comes in; sessions go on.
  Task<> stop_listening();
  /// Ends idle sessions and readers at once, senders after `grace` at the latest.
  Task<> finish_sessions(std::chrono::milliseconds grace);
  /// Attempts may end within `grace`; what is left goes back to the queue.
  Task<> stop_deliveries(std::chrono::milliseconds grace);
  /// When no worker has a delivery any more: they use each other's couriers.
  Task<> stop_courier();
  /// Returns when all that was to be written to mailboxes is on disk.
  Task<> close_mailboxes();
  Task<> close();

 private:
  /// An address that is listened on.
  struct ListeningSocket {
    Listener settings;
    std::shared_ptr<std::atomic<int>> sessions;
    std::unique_ptr<net::Listener> listener;
  };

  // doors.cc
  void open_socket(const net::Address& address, const Listener& settings);
  Task<> receive(std::shared_ptr<ListeningSocket> socket, net::Stream stream);
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
  std::map<std::string, std::shared_ptr<ListeningSocket>> sockets_;  ///< by address
};

}  // namespace postern::relay
