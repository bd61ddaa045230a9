// core/net/tls_handshake.cc: who a TLS peer must be, and the handshake that shows it.
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "core/error.h"
#include "core/net/address.h"
#include "core/net/tls_error.h"
#include "core/net/tls_filter.h"

namespace postern::net {

std::unique_ptr<TlsFilter> TlsFilter::server(std::shared_ptr<const TlsContext> context) {
  std::unique_ptr<TlsFilter> filter(new TlsFilter(std::move(context)));
  SSL_set_accept_state(filter->ssl_.get());
  return filter;
}

std::unique_ptr<TlsFilter> TlsFilter::client(std::shared_ptr<const TlsContext> context,
                                             const std::string& server_name,
                                             const std::vector<Tlsa>& tlsa) {
  std::unique_ptr<TlsFilter> filter(new TlsFilter(std::move(context)));
  SSL_set_connect_state(filter->ssl_.get());
  filter->expect_name(server_name);
  if (!tlsa.empty()) filter->expect_tlsa(server_name, tlsa);
  return filter;
}

/// RFC 9525 §6: the name asked for, as SNI (RFC 6066 §3) and in the certificate; a wildcard stands
/// for a whole label.
void TlsFilter::expect_name(const std::string& name) {
  SSL* const ssl = ssl_.get();
  const bool is_ip = Address::parse_ip(name).has_value();
  verified_by_name_ = !name.empty();
  if (is_ip)
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), name.c_str());
  else if (!name.empty())
    SSL_set1_host(ssl, name.c_str());
  SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  if (!is_ip && !name.empty()) SSL_set_tlsext_host_name(ssl, name.c_str());
}

/// RFC 7672 §3.1: for SMTP only DANE-TA and DANE-EE; records that cannot be used are skipped.
void TlsFilter::expect_tlsa(const std::string& name, const std::vector<Tlsa>& records) {
  SSL* const ssl = ssl_.get();
  if (SSL_dane_enable(ssl, name.c_str()) <= 0) throw IoError(tls_error_text("no DANE"));
  SSL_dane_set_flags(ssl, DANE_FLAG_NO_DANE_EE_NAMECHECKS);
  int usable = 0;
  for (const Tlsa& record : records) {
    if (record.usage != 2 && record.usage != 3) continue;
    if (SSL_dane_tlsa_add(ssl, record.usage, record.selector, record.matching,
                          reinterpret_cast<const unsigned char*>(record.data.data()),
                          record.data.size()) > 0)
      ++usable;
  }
  // All unusable: encryption is still a must, but any certificate will do (RFC 7672 §2.2).
  SSL_set_verify(ssl, usable > 0 ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
}

/// As far as what has arrived reaches.
Passed TlsFilter::shake_hands() {
  SSL* const ssl = ssl_.get();
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl);
  is_established_ = result == 1;
  if (is_established_ || SSL_get_error(ssl, result) == SSL_ERROR_WANT_READ) return {};
  const std::string reason = tls_error_text("handshake failed");
  const long verdict = SSL_get_verify_result(ssl);
  return std::unexpected(
      verdict == X509_V_OK ? reason : reason + ": " + X509_verify_cert_error_string(verdict));
}

}  // namespace postern::net
