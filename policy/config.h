// policy/config.h: [accounts], [[limit]], [[milter]] of postern.toml, and the DKIM keys of a
// domain.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/config/types.h"
#include "core/net/address.h"

namespace postern::policy {

/// Secrets are not in here; the files that hold them are.
struct Ldap {
  std::string url, base, filter = "(mail={address})", bind_dn;
  config::Path password_file;
};

/// A `[[limit]]`
struct SendingLimit {
  enum class Who { account, ip, sender_domain, everyone } who{};
  std::string match = "*";
  std::optional<std::uint64_t> messages, recipients;
  config::Milliseconds per{0};
};

/// A `[[milter]]`
struct Milter {
  net::Address address;
  bool accept_on_failure = false;
};

struct DkimKeyFile {
  std::string selector;
  config::Path key;   ///< absolute; was readable and a private key when the file was checked
  unsigned line = 0;  ///< where the key stands in the file
};

/// Reads `[accounts]`; none: they are in sqlite.
std::optional<Ldap> read_accounts(config::Section section);
/// Reads one `[[limit]]`.
SendingLimit read_sending_limit(config::Section section);
/// Reads one `[[milter]]`.
Milter read_milter(config::Section section);
/// Reads one `{ selector = …, key = … }`; what is missing stays empty.
DkimKeyFile read_dkim_key(config::Section section);
/// A DKIM key is readable and a private key.
void check_dkim_key(const DkimKeyFile& file, config::Report& report);

}  // namespace postern::policy
