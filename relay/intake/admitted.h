// relay/intake/admitted.h: the recipients that one transaction may write to.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "core/mail/envelope.h"
#include "delivery/model/local_addresses.h"

namespace postern::relay {

/// A recipient that was let in, and the addresses that it stands for: aliases are expanded.
struct Admitted {
  mail::Recipient as_given;
  delivery::SharedAddresses targets;

  /// One that stands for itself.
  static Admitted itself(mail::Recipient recipient);
  bool is_alias() const;
  /// An alias of several: whoever asked for it hears `expanded`, and no more of success.
  bool is_list() const { return targets->size() > 1; }
  /// The targets with what RCPT said of `as_given`.
  std::vector<mail::Recipient> recipients() const;
};

/// The targets of all of them, of a list once: who writes to it by fifty names sends one copy.
std::vector<mail::Recipient> recipients_of(const std::vector<Admitted>& admitted);

/// Those of a transaction, as RCPT names them.
class Admissions {
 public:
  /// Targets of all together. A list counts once, however many of its names are used.
  static constexpr std::size_t most_targets = 10'000;

  /// False when it would be one target too many: then nothing has changed.
  bool add(Admitted one);
  std::size_t size() const { return all_.size(); }
  bool empty() const { return all_.empty(); }
  void clear() { *this = {}; }
  /// Gives them away, and knows none afterwards.
  std::vector<Admitted> take();

 private:
  std::vector<Admitted> all_;
  std::size_t targets_ = 0;
};

}  // namespace postern::relay
