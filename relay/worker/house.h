// relay/worker/house.h: what all workers of a process share.
#pragma once

#include <chrono>
#include <vector>

#include "core/async/thread_pool.h"
#include "core/net/address_table.h"
#include "delivery/attempt/courier.h"
#include "mailbox/session_context.h"
#include "policy/accounts.h"
#include "queue/model/node.h"
#include "relay/facts/fact_log.h"
#include "relay/facts/fact_metrics.h"
#include "relay/facts/rates.h"
#include "relay/worker/logins.h"
#include "relay/worker/session_counts.h"

namespace postern::relay {

struct Config;
struct Limits;

/// Each member is thread-safe, or constant once the loops run. Built before the workers, outlives
/// them.
struct House {
  /// Opens accounts.db, which blocks. Throws IoError when that is in trouble.
  explicit House(const Config& config);

  /// Deletes the mailboxes whose time is over, or that were removed with `--purge`. From any
  /// worker's loop. Throws IoError when the disk is in trouble: again later.
  Task<> purge_removed_accounts();

  policy::Accounts accounts;
  net::AddressTable addresses;  ///< connections and failed logins by address
  ThreadPool hashing;           ///< passwords
  ThreadPool store;             ///< mailboxes
  ThreadPool disk;              ///< spool, accounts
  ThreadPool signing;  ///< DKIM: a millisecond of a core each, so no more threads than cores
  queue::Node node;
  mailbox::Mailboxes mailboxes;              ///< of every worker; filled before they start
  std::vector<delivery::Courier*> couriers;  ///< by worker; filled before they start
  Logins logins;
  SessionCounts sessions;
  FactLog fact_log;
  FactMetrics fact_metrics;
  Rates rates;
  queue::Facts facts{
      {&fact_log, &fact_metrics, &rates}};        ///< whoever else is to hear them stands here
  std::chrono::system_clock::time_point started;  ///< a stamp, by the clock of the system
};

/// What `[limits]` says about addresses.
net::AddressTable::Limits address_limits(const Limits& limits);

}  // namespace postern::relay
