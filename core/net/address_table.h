// core/net/address_table.h: connections by client address, over all workers and protocols.
#pragma once

#include <array>
#include <cstdint>
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
  };

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

  explicit AddressTable(Limits limits) : limits_(limits) {}
  void set_limits(Limits limits);

  /// None when there are too many. Unix sockets count in the total only.
  std::optional<Connection> admit(const Address& peer);
  std::size_t connections() const;

 private:
  using Key = std::array<std::uint8_t, 16>;
  struct Hash {
    std::size_t operator()(const Key& key) const noexcept;
  };
  static Key key_of(const Address& address);
  void give_back(const Key& key);

  mutable std::mutex mutex_;
  Limits limits_;
  std::size_t total_ = 0;
  std::unordered_map<Key, std::size_t, Hash> connections_;
};

}  // namespace postern::net
