// core/net/address_table.h: connections and failed logins by client address, over all workers and
// protocols.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>

#include "core/net/address.h"

namespace postern::net {

/// Thread-safe. IPv6 counts by /64, for a host has all of it. Must outlive what it hands out.
class AddressTable {
 public:
  struct Limits {
    std::size_t connections = 10'000;
    std::size_t connections_per_address = 100;
    std::size_t failures = 10;
    std::chrono::milliseconds window = std::chrono::minutes(10);
  };
  using Time = std::chrono::steady_clock::time_point;

  /// A counted connection; its destructor gives it back.
  class Connection {
   public:
    Connection(Connection&& other) noexcept;
    Connection& operator=(Connection&& other) noexcept;
    ~Connection();

   private:
    friend class AddressTable;
    Connection(AddressTable& table, std::array<std::uint8_t, 16> key) : table_(&table), key_(key) {}
    AddressTable* table_;
    std::array<std::uint8_t, 16> key_;
  };

  /// A login that counts as failed until it has succeeded.
  class Attempt {
   public:
    void succeeded();  ///< gives the slot back

   private:
    friend class AddressTable;
    Attempt(AddressTable& table, std::array<std::uint8_t, 16> key) : table_(&table), key_(key) {}
    AddressTable* table_;
    std::array<std::uint8_t, 16> key_;
  };

  explicit AddressTable(Limits limits) : limits_(limits) {}
  void set_limits(Limits limits);

  /// None when there are too many. Unix sockets count in the total only.
  std::optional<Connection> admit(const Address& peer);
  /// Reserves a slot of the address's allowance before the password is verified, so that parallel
  /// guesses count. None when it is used up. The window begins with the first failure in it.
  std::optional<Attempt> attempt(const Address& peer, Time now);
  std::size_t connections() const;

 private:
  using Key = std::array<std::uint8_t, 16>;
  struct Hash {
    std::size_t operator()(const Key& key) const noexcept;
  };
  struct Failures {
    std::size_t count = 0;
    Time since;
  };
  static Key key_of(const Address& address);
  void give_back(const Key& key);
  void forgive(const Key& key);
  void forget_old(Time now);

  mutable std::mutex mutex_;
  Limits limits_;
  std::size_t total_ = 0;
  std::unordered_map<Key, std::size_t, Hash> connections_;
  std::unordered_map<Key, Failures, Hash> failures_;
};

}  // namespace postern::net
