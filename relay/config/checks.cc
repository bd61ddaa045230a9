// relay/config/checks.cc: looks at the files that a configuration names.
#include "relay/config/checks.h"

#include <openssl/err.h>
#include <sys/resource.h>

#include "core/config/pem.h"
#include "core/config/reader.h"

namespace postern::relay {

void check_addresses(const Config& config, config::Report& report) {
  std::map<net::Address, unsigned> seen;
  for (const Listener& listener : config.listeners) {
    for (const net::Address& address : listener.addresses) {
      const auto [other, is_new] = seen.emplace(address, listener.line);
      if (!is_new) {
        report.mistake(listener.line, address.text() + " is taken by the listener in line " +
                                          std::to_string(other->second));
      }
      if (address.is_unix() && address.path().size() > net::longest_unix_path) {
        report.mistake(listener.line, "a unix socket's path has " +
                                          std::to_string(net::longest_unix_path) +
                                          " octets at most: " + address.path());
      }
    }
  }
}

void check_tls(const Config& config, unsigned line, config::Report& report) {
  const Tls& tls = config.tls;
  if (tls.certificate.empty() || tls.key.empty()) {
    for (const Listener& listener : config.listeners) {
      if (listener.tls != ListenerTls::required) continue;
      report.mistake(listener.line, std::string(name(listener.service)) +
                                        " requires TLS, so [tls] must name certificate and key");
    }
    return;
  }
  const config::File certificate_file =
      config::open_file(tls.certificate, line, "tls.certificate", report);
  const config::File key_file = config::open_file(tls.key, line, "tls.key", report);
  if (!certificate_file || !key_file) return;
  const config::Certificate certificate = config::read_certificate(certificate_file.get());
  const config::Key key = config::read_key(key_file.get());
  if (!certificate) {
    report.mistake(line,
                   "tls.certificate " + tls.certificate.string() + " holds no PEM certificate");
  }
  if (!key) {
    report.mistake(line, "tls.key " + tls.key.string() +
                             " holds no PEM private key (one with a passphrase will not do)");
  }
  if (certificate && key && X509_check_private_key(certificate.get(), key.get()) != 1) {
    report.mistake(line, "tls.key is not the key of tls.certificate");
  }
  ERR_clear_error();
}

void check_descriptors(const Config& config, config::Report& report) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  // One for a client; what it makes us open (mailbox, spool, onward connection) is shared or short.
  const std::uint64_t needed = config.limits.connections + config.limits.connections / 2 + 256;
  if (limit.rlim_max != RLIM_INFINITY && limit.rlim_max < needed) {
    report.warn(0,
                fmt::format("{} connections need about {} file descriptors, and the hard limit is "
                            "{}: raise it (LimitNOFILE=) or lower limits.connections",
                            config.limits.connections, needed, limit.rlim_max));
  }
}

}  // namespace postern::relay
