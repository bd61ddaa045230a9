// core/config/checks.cc: looks at the files that a configuration names.
#include "core/config/checks.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <sys/resource.h>
#include <sys/un.h>

#include <cerrno>

namespace postern::config {

namespace {

template <auto release>
struct Release {
  void operator()(auto* p) const noexcept { release(p); }
};
using Certificate = std::unique_ptr<X509, Release<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Release<EVP_PKEY_free>>;
using File = std::unique_ptr<std::FILE, Release<std::fclose>>;

/// Never asks a person for a passphrase.
int no_passphrase(char*, int, int, void*) { return -1; }

/// The file, or a mistake noted.
File open_file(const Path& path, unsigned line, std::string_view what, Report& report) {
  File file(std::fopen(path.c_str(), "re"));
  if (!file) {
    const int code = errno;
    report.mistake(
        line, std::string(what) + " " + path.string() + " cannot be read: " + std::strerror(code));
  }
  return file;
}

Key read_key(std::FILE* file) {
  Key key(PEM_read_PrivateKey(file, nullptr, no_passphrase, nullptr));
  ERR_clear_error();
  return key;
}

}  // namespace

void check_addresses(const Config& config, Report& report) {
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

void check_tls(const Config& config, unsigned line, Report& report) {
  const Tls& tls = config.tls;
  if (tls.certificate.empty() || tls.key.empty()) {
    for (const Listener& listener : config.listeners) {
      if (listener.tls != ListenerTls::required) continue;
      report.mistake(listener.line, std::string(name(listener.service)) +
                                        " requires TLS, so [tls] must name certificate and key");
    }
    return;
  }
  const File certificate_file = open_file(tls.certificate, line, "tls.certificate", report);
  const File key_file = open_file(tls.key, line, "tls.key", report);
  if (!certificate_file || !key_file) return;
  const Certificate certificate(
      PEM_read_X509(certificate_file.get(), nullptr, no_passphrase, nullptr));
  ERR_clear_error();
  const Key key = read_key(key_file.get());
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

void check_dkim_key(const DkimKeyFile& dkim, unsigned line, Report& report) {
  const File file = open_file(dkim.key, line, "dkim key", report);
  if (!file) return;
  const Key key = read_key(file.get());
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

void check_descriptors(const Config& config, Report& report) {
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

}  // namespace postern::config
