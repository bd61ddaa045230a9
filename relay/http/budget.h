// relay/http/budget.h: octets that all requests of a process share.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

namespace postern::http {

/// Thread-safe; outlives its shares. Nobody holds more than half of it, so that no client alone
/// stops the others. Who is alone may hold more than there is: what the configuration lets in can
/// be done.
class Budget {
 public:
  explicit Budget(std::uint64_t bound) : bound_(bound) {}

  /// What one request holds; its destructor gives it back.
  class Share {
   public:
    Share() = default;  ///< of nothing
    Share(Share&& other) noexcept;
    Share& operator=(Share&& other) noexcept;
    ~Share();
    bool grow(std::uint64_t octets);  ///< false: the bound is reached, and nothing has changed
    void shrink_to(std::uint64_t octets);

   private:
    friend class Budget;
    Share(Budget& budget, std::string holder) : budget_(&budget), holder_(std::move(holder)) {}
    Budget* budget_ = nullptr;
    std::string holder_;
    std::uint64_t octets_ = 0;
  };

  /// For `holder`: an account, a user of this host, an address.
  Share share_of(std::string holder) { return {*this, std::move(holder)}; }
  std::uint64_t used() const;

 private:
  bool take(const std::string& holder, std::uint64_t octets);
  void give_back(const std::string& holder, std::uint64_t octets);

  const std::uint64_t bound_;
  mutable std::mutex mutex_;
  std::uint64_t used_ = 0;
  std::map<std::string, std::uint64_t> by_holder_;  ///< none is 0
};

}  // namespace postern::http
