// delivery/model/local_addresses.h: what delivery has to know of the addresses that live here.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/async/task.h"
#include "core/mail/address.h"

namespace postern::delivery {

/// An account that mail can be put into.
struct LocalAccount {
  std::string id;
  std::optional<std::uint64_t> quota;
};

/// Implemented over policy/accounts and the configuration by relay. One for each worker's loop.
/// A lookup that cannot be made throws IoError: the delivery is deferred.
class LocalAddresses {
 public:
  virtual ~LocalAddresses() = default;
  /// Is the domain declared by `[domain."…"]`?
  virtual bool is_local(const mail::Domain& domain) const = 0;
  /// What an address stands for: aliases resolved, without loops; itself when it is none.
  virtual Task<std::vector<mail::EmailAddress>> expand(mail::EmailAddress address) = 0;
  /// Who may get what no mailbox here answers to, in this order; nobody: it is refused.
  virtual std::vector<mail::EmailAddress> stand_ins(const mail::EmailAddress& address) const = 0;
  /// The account with exactly this address. Disabled accounts still receive.
  virtual Task<std::optional<LocalAccount>> find_account(mail::EmailAddress address) = 0;
  virtual Task<std::optional<LocalAccount>> account_by_id(std::string id) = 0;
};

}  // namespace postern::delivery
