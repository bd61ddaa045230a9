// core/net/address_table.cc: counting under one lock.
#include "core/net/address_table.h"

#include <algorithm>
#include <functional>
#include <string_view>
#include <utility>

namespace postern::net {

namespace {
constexpr std::size_t remembered_addresses = 100'000;
}

std::size_t AddressTable::Hash::operator()(const Key& key) const noexcept {
  return std::hash<std::string_view>()({reinterpret_cast<const char*>(key.data()), key.size()});
}

/// IPv4 as mapped, so that no /64 of IPv6 can equal it. All zeroes: a unix socket.
AddressTable::Key AddressTable::key_of(const Address& address) {
  Key key{};
  const auto bytes = address.bytes();
  if (address.is_ipv4()) {
    key[10] = key[11] = 0xff;
    std::copy(bytes.begin(), bytes.end(), key.begin() + 12);
  } else if (address.is_ipv6()) {
    std::copy_n(bytes.begin(), 8, key.begin());
    key[15] = 1;
  }
  return key;
}

void AddressTable::set_limits(Limits limits) {
  const std::lock_guard lock(mutex_);
  limits_ = limits;
}

std::optional<AddressTable::Connection> AddressTable::admit(const Address& peer) {
  const Key key = key_of(peer);
  const std::lock_guard lock(mutex_);
  if (total_ >= limits_.connections) return std::nullopt;
  if (const auto found = connections_.find(key);
      !peer.is_unix() &&
      (found == connections_.end() ? 0 : found->second) >= limits_.connections_per_address)
    return std::nullopt;
  ++connections_[key];
  ++total_;
  return Connection(*this, key);
}

void AddressTable::give_back(const Key& key) {
  const std::lock_guard lock(mutex_);
  --total_;
  if (const auto found = connections_.find(key); --found->second == 0) connections_.erase(found);
}

std::optional<AddressTable::Attempt> AddressTable::attempt(const Address& peer, Time now) {
  const Key key = key_of(peer);
  const std::lock_guard lock(mutex_);
  if (failures_.size() >= remembered_addresses) forget_old(now);
  Failures& failures = failures_[key];
  if (failures.count == 0 || now - failures.since >= limits_.window) failures = {0, now};
  if (failures.count >= limits_.failures) return std::nullopt;
  ++failures.count;
  return Attempt(*this, key);
}

void AddressTable::forgive(const Key& key) {
  const std::lock_guard lock(mutex_);
  const auto found = failures_.find(key);
  if (found == failures_.end() || found->second.count == 0) return;
  if (--found->second.count == 0) failures_.erase(found);
}

void AddressTable::forget_old(Time now) {
  std::erase_if(failures_,
                [&](const auto& entry) { return now - entry.second.since >= limits_.window; });
  // A flood from everywhere: better to forgive some than to grow.
  while (failures_.size() >= remembered_addresses) failures_.erase(failures_.begin());
}

std::size_t AddressTable::connections() const {
  const std::lock_guard lock(mutex_);
  return total_;
}

AddressTable::Connection::Connection(Connection&& other) noexcept
    : table_(std::exchange(other.table_, nullptr)), key_(other.key_) {}

AddressTable::Connection& AddressTable::Connection::operator=(Connection&& other) noexcept {
  std::swap(table_, other.table_);
  std::swap(key_, other.key_);
  return *this;
}

AddressTable::Connection::~Connection() {
  if (table_ != nullptr) table_->give_back(key_);
}

void AddressTable::Attempt::succeeded() {
  if (table_ != nullptr) std::exchange(table_, nullptr)->forgive(key_);
}

}  // namespace postern::net
