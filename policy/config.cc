// policy/config.cc: reads [accounts], [[limit]] and [[milter]], and looks at DKIM keys.
#include "policy/config.h"

#include "core/config/pem.h"
#include "core/config/reader.h"
#include "core/config/secret.h"
#include "core/mail/address.h"

namespace postern::policy {

namespace {

using config::check_secret;
using config::in_quotes;
using config::Parsed;
using config::Section;

// clang-format off
constexpr std::array<std::pair<std::string_view, bool>, 2> backends{{{"sqlite", false}, {"ldap", true}}};
constexpr std::array<std::pair<std::string_view, SendingLimit::Who>, 4> subjects{{
    {"account", SendingLimit::Who::account}, {"ip", SendingLimit::Who::ip},
    {"sender_domain", SendingLimit::Who::sender_domain}, {"everyone", SendingLimit::Who::everyone}}};
constexpr std::array<std::pair<std::string_view, bool>, 2> on_failures{{{"tempfail", false}, {"accept", true}}};
// clang-format on

Parsed<std::string> parse_selector(std::string_view text) {
  // A selector is a piece of a DNS name: RFC 6376 §3.1.
  if (!text.empty() && text != "*" && mail::Domain::parse("x." + std::string(text) + ".example"))
    return std::string(text);
  return std::unexpected(in_quotes(text) + " is no DKIM selector: letters, digits, '-' and '.'");
}

Ldap read_ldap(Section section) {
  Ldap ldap;
  section.take("url", ldap.url);
  section.take("base", ldap.base);
  section.take("filter", ldap.filter);
  section.take("bind_dn", ldap.bind_dn);
  section.take("password_file", ldap.password_file);
  section.require("url", R"("ldap://host" or "ldaps://host")");
  section.require("base", "the DN to search under");
  check_secret(section, "password_file", ldap.password_file);
  section.finish();
  return ldap;
}

}  // namespace

std::optional<Ldap> read_accounts(Section section) {
  std::optional<Ldap> found;
  bool ldap = false;
  section.take_choice("backend", ldap, backends);
  const toml::table* inner = section.table("ldap");
  if (ldap) section.report().not_yet(section.line("backend"), "accounts in LDAP");
  if (inner != nullptr) {
    found = read_ldap(Section(section.report(), *inner, "[accounts.ldap]"));
  } else if (ldap) {
    section.require("ldap", "{ url = …, base = … }");
  }
  section.finish();
  return found;
}

SendingLimit read_sending_limit(Section section) {
  SendingLimit limit;
  section.report().not_yet(section.line(), "[[limit]]");
  section.require("who", "account, ip, sender_domain or everyone");
  section.take_choice("who", limit.who, subjects);
  section.take("match", limit.match);
  limit.messages = section.optional_number("messages");
  limit.recipients = section.optional_number("recipients");
  section.require("per", R"(a duration such as "1h")");
  section.take_duration("per", limit.per, std::chrono::seconds(1));
  if (!limit.messages && !limit.recipients) {
    section.require("messages", "messages, recipients or both");
  }
  section.finish();
  return limit;
}

Milter read_milter(Section section) {
  Milter milter;
  section.report().not_yet(section.line(), "[[milter]]");
  section.require("address", R"("127.0.0.1:11332" or "unix:/path")");
  section.take_parsed("address", milter.address, config::parse_address);
  milter.address = section.report().resolve(milter.address);
  section.take_choice("on_failure", milter.accept_on_failure, on_failures);
  section.finish();
  return milter;
}

DkimKeyFile read_dkim_key(Section section) {
  DkimKeyFile file;
  section.take_parsed("selector", file.selector, parse_selector);
  section.take("key", file.key);
  file.line = section.line("key");
  section.require("selector", R"(such as "p1")");
  section.require("key", "a file with a private key (PEM)");
  section.finish();
  return file;
}

void check_dkim_key(const DkimKeyFile& dkim, config::Report& report) {
  const unsigned line = dkim.line;
  const config::File file = config::open_file(dkim.key, line, "dkim key", report);
  if (!file) return;
  const config::Key key = config::read_key(file.get());
  const int kind = key ? EVP_PKEY_base_id(key.get()) : EVP_PKEY_NONE;
  if (kind != EVP_PKEY_RSA && kind != EVP_PKEY_ED25519) {
    report.mistake(line,
                   "dkim key " + dkim.key.string() + " is no RSA or Ed25519 private key in PEM");
  } else if (kind == EVP_PKEY_RSA && EVP_PKEY_bits(key.get()) < 1024) {
    report.mistake(line, "dkim key " + dkim.key.string() + " has " +
                             std::to_string(EVP_PKEY_bits(key.get())) +
                             " bits; RFC 8301 asks for 1024 at least, better 2048");
  }
}

}  // namespace postern::policy
