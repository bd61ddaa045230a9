// policy/login_allowance.h: how many failed logins are borne of whom, over all workers and
// protocols.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <expected>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/async/fair_pool.h"
#include "core/net/address.h"
#include "policy/login_places.h"

namespace postern::policy {

/// Thread-safe. A place is an IPv4 address or an IPv6 /64, for a host has all of it. Failures are
/// counted by place and account, by place, by account, and by /48. An account that has logged in
/// from a place before is familiar there: it is never refused unchecked, whoever else has failed.
/// Must outlive what it hands out.
class LoginAllowance {
 public:
  /// `failures` in a `window` are borne of a place, as of one account at a place; the other limits
  /// follow from it.
  struct Limits {
    std::size_t failures = 10;
    std::chrono::milliseconds window = std::chrono::minutes(10);
  };
  static constexpr std::size_t account_factor = 10;  ///< of an account, from unfamiliar places
  static constexpr std::size_t site_factor = 16;     ///< of a /48
  /// How often past a limit a remembered password may still be offered: each is a guess, too.
  static constexpr std::size_t recall_factor = 10;
  using Time = std::chrono::steady_clock::time_point;

  enum class Refusal : std::uint8_t {
    exhausted,  ///< too many have failed
    crowded,    ///< too many are being checked: ask again in a moment
  };

 private:
  /// Short digests: what is counted may be long, and of a stranger's choice.
  struct Names {
    std::string pair, place, account, site;
  };

 public:
  /// A login that counts as failed unless it has succeeded or been excused.
  class Attempt {
   public:
    Attempt(Attempt&& other) noexcept;
    Attempt& operator=(Attempt&&) = delete;
    ~Attempt();

    void succeeded();  ///< gives the slot back; the account is familiar at the place from now on
    void excuse();     ///< gives the slot back: it could not be checked
    /// How soon it should be checked.
    FairPool::Turn turn() const { return {rank_, names_.place}; }
    /// The familiar account has used up its allowance at this place: only the right password helps.
    bool is_past_limit() const { return is_past_limit_; }

   private:
    friend class LoginAllowance;
    Attempt(LoginAllowance& allowance, Names names, FairPool::Rank rank, bool is_past_limit)
        : allowance_(&allowance),
          names_(std::move(names)),
          rank_(rank),
          is_past_limit_(is_past_limit) {}
    LoginAllowance* allowance_;
    Names names_;
    FairPool::Rank rank_;
    bool is_past_limit_;
  };

  explicit LoginAllowance(Limits limits) : limits_(limits) {}
  void set_limits(Limits limits);

  /// Reserves a slot of every allowance before the password is verified, so that parallel guesses
  /// count. A window begins with the first failure in it.
  std::expected<Attempt, Refusal> attempt(const net::Address& peer, std::string_view login,
                                          Time now);
  /// Whether a password may be compared with those that are remembered, without a slot.
  bool may_recall(const net::Address& peer, std::string_view login, Time now) const;
  /// It has logged in without an attempt: its password was remembered.
  void recalled(const net::Address& peer, std::string_view login);

 private:
  struct Count {
    std::size_t failed = 0, pending = 0;
    Time since;
  };
  struct Allowance {
    const std::string* name;
    std::size_t limit;
  };
  using Allowances = std::array<Allowance, 4>;

  static Names names_of(const net::Address& peer, std::string_view login);
  Allowances allowances(const Names& names) const;
  Count& count_of(const std::string& name, Time now);
  std::size_t failed(const std::string& name, Time now) const;
  std::optional<Refusal> refusal(const Allowances& all, Time now);
  std::optional<Refusal> refusal_of_familiar(const Allowance& pair, Time now);
  FairPool::Rank rank(const Names& names, Time now) const;
  void conclude(const Names& names, bool has_failed);
  void forget_old(Time now);

  mutable std::mutex mutex_;
  Limits limits_;
  std::unordered_map<std::string, Count> counts_;
  LoginPlaces places_;
};

}  // namespace postern::policy
