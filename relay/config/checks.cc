// relay/config/checks.cc: looks at the files that a configuration names.
#include "relay/config/checks.h"

#include <openssl/err.h>
#include <sys/resource.h>
#include <sys/stat.h>

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

namespace {

void check_listeners_without_certificate(const Config& config, config::Report& report) {
  for (const Listener& listener : config.listeners) {
    const std::string service(name(listener.service));
    if (listener.tls == net::TlsOffer::required) {
      report.mistake(listener.line,
                     service + " requires TLS, so [tls] must name certificate and key");
    } else if (listener.tls == net::TlsOffer::optional) {
      report.warn(listener.line,
                  service + " does not offer TLS, for [tls] names no certificate and key");
    }
  }
}

}  // namespace

void check_tls(const Config& config, config::Report& report) {
  const Tls& tls = config.tls;
  if (tls.certificate.empty() || tls.key.empty()) {
    return check_listeners_without_certificate(config, report);
  }
  const config::File certificate_file =
      config::open_file(tls.certificate, tls.certificate_line, "tls.certificate", report);
  const config::File key_file = config::open_file(tls.key, tls.key_line, "tls.key", report);
  if (!certificate_file || !key_file) return;
  const config::Certificate certificate = config::read_certificate(certificate_file.get());
  const config::Key key = config::read_key(key_file.get());
  if (!certificate) {
    report.mistake(tls.certificate_line,
                   "tls.certificate " + tls.certificate.string() + " holds no PEM certificate");
  }
  if (!key) {
    report.mistake(tls.key_line,
                   "tls.key " + tls.key.string() +
                       " holds no PEM private key (one with a passphrase will not do)");
  }
  if (certificate && key && X509_check_private_key(certificate.get(), key.get()) != 1) {
    report.mistake(tls.key_line, "tls.key is not the key of tls.certificate");
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

namespace {

bool is_open_to_others(const config::Path& file) {
  struct stat status{};
  return ::stat(file.c_str(), &status) == 0 && (status.st_mode & (S_IROTH | S_IXOTH)) != 0;
}

void warn_if_open(const config::Path& file, unsigned line, std::string_view what,
                  config::Report& report) {
  if (file.empty() || !is_open_to_others(file)) return;
  report.warn(line, fmt::format("{} {} can be read by every user of this machine: chmod o= {}",
                                what, file.string(), file.string()));
}

bool is_on_loopback(const net::Address& address) {
  return address.is_unix() || address.is_loopback();
}

}  // namespace

void check_strangers(const Config& config, config::Report& report) {
  warn_if_open(config.data_dir, 0, "data_dir", report);
  warn_if_open(config.tls.key, config.tls.key_line, "tls.key", report);
  for (const auto& [name, domain] : config.domains)
    for (const policy::DkimKeyFile& file : domain.dkim)
      warn_if_open(file.key, file.line, "the DKIM key", report);
  for (const Listener& listener : config.listeners) {
    if (listener.service != Service::http) continue;
    for (const net::Address& address : listener.addresses) {
      if (is_on_loopback(address)) continue;
      report.warn(listener.line, address.text() +
                                     ": passwords pass over http in the clear; listen on loopback "
                                     "behind a proxy with TLS, or use https");
    }
  }
}

}  // namespace postern::relay
