// core/net/tls_handshake.cc: turns a plaintext stream into an encrypted one.
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "core/net/connection.h"

namespace postern::net {

namespace detail {

std::string tls_error_text(const char* otherwise) {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  if (code == 0) return otherwise;
  const char* reason = ERR_reason_error_string(code);
  return std::string("TLS: ") + (reason != nullptr ? reason : otherwise);
}

namespace {

/// Keeps the plaintext of before out of the conversation after.
void forget_plaintext(Connection& c) {
  std::string().swap(c.input);
  c.begin = c.scanned = c.seen = 0;
  c.dropping = false;
  c.handshaking = true;
  // What arrived after the last read can only be meant for the handshake; if it is not TLS, the
  // handshake fails.
  c.raw.swap(c.late);
}

Task<> shake_hands(Stream& stream, Connection& c, std::chrono::milliseconds timeout) {
  const auto deadline = c.loop.now() + timeout;
  for (;;) {
    ERR_clear_error();
    c.cipher = c.raw;
    const int result = SSL_do_handshake(c.ssl);
    c.raw.erase(0, c.raw.size() - c.cipher.size());
    c.cipher = {};
    const int error = SSL_get_error(c.ssl, result);
    const std::string reason = result == 1 ? "" : tls_error_text("handshake failed");
    c.pump();
    if (result == 1) break;
    if (error != SSL_ERROR_WANT_READ) {
      const long verdict = SSL_get_verify_result(c.ssl);
      throw ConnectionClosed(
          verdict == X509_V_OK ? reason : reason + ": " + X509_verify_cert_error_string(verdict));
    }
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - c.loop.now());
    if (left.count() <= 0) throw Timeout("the TLS handshake takes too long");
    co_await Stream::ReadableWait(c, ReadWait::For::raw, 0, left);
  }
  c.handshaking = false;
  std::string early;
  early.swap(c.raw);
  if (!early.empty()) c.decrypt(early, c.input);
  (void)stream;
}

SSL* make_session(Connection& c) {
  SSL* const ssl = SSL_new(c.context->get());
  if (ssl == nullptr) throw IoError(tls_error_text("no memory for TLS"));
  BIO* const bio = make_bio(c);
  SSL_set_bio(ssl, bio, bio);
  return ssl;
}

void expect_name(Connection& c, const std::string& name) {
  const bool is_ip = Address::parse_ip(name).has_value();
  c.verified_by_name = !name.empty();
  if (is_ip)
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(c.ssl), name.c_str());
  else if (!name.empty())
    SSL_set1_host(c.ssl, name.c_str());
  SSL_set_hostflags(c.ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  if (!is_ip && !name.empty()) SSL_set_tlsext_host_name(c.ssl, name.c_str());
}

/// RFC 7672 §3.1: for SMTP only DANE-TA and DANE-EE; records that cannot be used are skipped.
void expect_tlsa(Connection& c, const std::string& name, const std::vector<Tlsa>& records) {
  if (SSL_dane_enable(c.ssl, name.c_str()) <= 0) throw IoError(tls_error_text("no DANE"));
  SSL_dane_set_flags(c.ssl, DANE_FLAG_NO_DANE_EE_NAMECHECKS);
  int usable = 0;
  for (const Tlsa& record : records) {
    if (record.usage != 2 && record.usage != 3) continue;
    if (SSL_dane_tlsa_add(c.ssl, record.usage, record.selector, record.matching,
                          reinterpret_cast<const unsigned char*>(record.data.data()),
                          record.data.size()) > 0)
      ++usable;
  }
  // All unusable: encryption is still a must, but any certificate will do (RFC 7672 §2.2).
  SSL_set_verify(c.ssl, usable > 0 ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
}

}  // namespace
}  // namespace detail

Task<> Stream::start_tls_server(std::shared_ptr<const TlsContext> context,
                                std::chrono::milliseconds timeout) {
  detail::Connection& c = connection();
  POSTERN_ASSERT(c.ssl == nullptr);
  detail::forget_plaintext(c);
  co_await flush(timeout);
  c.context = std::move(context);
  c.ssl = detail::make_session(c);
  SSL_set_accept_state(c.ssl);
  co_await detail::shake_hands(*this, c, timeout);
}

Task<> Stream::start_tls_client(std::shared_ptr<const TlsContext> context, std::string server_name,
                                std::chrono::milliseconds timeout, std::vector<Tlsa> tlsa) {
  detail::Connection& c = connection();
  POSTERN_ASSERT(c.ssl == nullptr);
  detail::forget_plaintext(c);
  co_await flush(timeout);
  c.context = std::move(context);
  c.ssl = detail::make_session(c);
  SSL_set_connect_state(c.ssl);
  detail::expect_name(c, server_name);
  if (!tlsa.empty()) detail::expect_tlsa(c, server_name, tlsa);
  co_await detail::shake_hands(*this, c, timeout);
}

TlsInfo Stream::tls() const {
  const detail::Connection& c = connection();
  TlsInfo info;
  if (!is_encrypted()) return info;
  info.version = SSL_get_version(c.ssl);
  info.cipher = SSL_get_cipher_name(c.ssl);
  if (const char* name = SSL_get_servername(c.ssl, TLSEXT_NAMETYPE_host_name))
    info.server_name = name;
  const long verdict = SSL_get_verify_result(c.ssl);
  const bool has_certificate = SSL_get0_peer_certificate(c.ssl) != nullptr;
  info.verified = has_certificate && verdict == X509_V_OK && c.verified_by_name;
  if (!info.verified)
    info.peer_error = has_certificate ? X509_verify_cert_error_string(verdict) : "no certificate";
  return info;
}

}  // namespace postern::net
