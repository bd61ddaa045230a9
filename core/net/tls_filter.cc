// core/net/tls_filter.cc: TLS records, opened on their way up and sealed on their way down.
#include "core/net/tls_filter.h"

#include <openssl/err.h>

#include <array>
#include <new>

#include "core/error.h"
#include "core/net/tls_error.h"

namespace postern::net {

namespace {

TlsFilter& of(BIO* bio) { return *static_cast<TlsFilter*>(BIO_get_data(bio)); }

}  // namespace

TlsFilter::TlsFilter(std::shared_ptr<const TlsContext> context)
    : context_(std::move(context)), ssl_(SSL_new(context_->get())) {
  if (!ssl_) throw IoError(tls_error_text("no memory for TLS"));
  BIO* const bio = BIO_new(bio_method());
  if (bio == nullptr) throw std::bad_alloc();
  BIO_set_data(bio, this);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl_.get(), bio, bio);
}

int TlsFilter::write_below(BIO* bio, const char* bytes, int length) {
  of(bio).sealed_.append(bytes, static_cast<std::size_t>(length));
  return length;
}

int TlsFilter::read_from_below(BIO* bio, char* bytes, int length) {
  BIO_clear_retry_flags(bio);
  std::string_view& arrived = of(bio).arrived_;
  if (arrived.empty()) {
    BIO_set_retry_read(bio);
    return -1;
  }
  const std::size_t count = arrived.copy(bytes, static_cast<std::size_t>(length));
  arrived.remove_prefix(count);
  return static_cast<int>(count);
}

const BIO_METHOD* TlsFilter::bio_method() {
  static BIO_METHOD* const method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "postern stream");
    BIO_meth_set_write(made, write_below);
    BIO_meth_set_read(made, read_from_below);
    BIO_meth_set_ctrl(made, [](BIO*, int command, long, void*) -> long {
      return command == BIO_CTRL_FLUSH ? 1 : 0;
    });
    return made;
  }();
  return method;
}

Passed TlsFilter::decode(std::string_view bytes, std::string& into) {
  arrived_ = bytes;
  Passed passed;
  if (!is_established_) passed = shake_hands();
  if (passed && is_established_) passed = open_records(into);
  arrived_ = {};
  return passed;
}

Passed TlsFilter::open_records(std::string& into) {
  std::array<char, 16 * 1024> plain;  // a record holds no more (RFC 8446 §5.1)
  for (;;) {
    ERR_clear_error();
    const int count = SSL_read(ssl_.get(), plain.data(), static_cast<int>(plain.size()));
    if (count > 0) {
      into.append(plain.data(), static_cast<std::size_t>(count));
      continue;
    }
    const int error = SSL_get_error(ssl_.get(), count);
    if (error == SSL_ERROR_WANT_READ) return {};
    if (error == SSL_ERROR_ZERO_RETURN)
      return std::unexpected("the peer has closed the connection");
    return std::unexpected(tls_error_text("TLS failed"));
  }
}

Passed TlsFilter::encode(std::string_view plain, std::string& into) {
  ERR_clear_error();
  if (!plain.empty() && SSL_write(ssl_.get(), plain.data(), static_cast<int>(plain.size())) <= 0)
    return std::unexpected(tls_error_text("TLS failed"));
  take_sealed(into);
  return {};
}

/// close_notify, so that the peer knows that nothing was cut off (RFC 8446 §6.1, RFC 5246 §7.2.1).
Passed TlsFilter::finish(std::string& into) {
  ERR_clear_error();
  SSL_shutdown(ssl_.get());
  take_sealed(into);
  return {};
}

void TlsFilter::take_sealed(std::string& into) {
  if (into.empty()) {
    into.swap(sealed_);
  } else {
    into.append(sealed_);
    sealed_.clear();
  }
}

void TlsFilter::release_buffers() noexcept {
  if (sealed_.empty()) std::string().swap(sealed_);
}

TlsInfo TlsFilter::info() const {
  TlsInfo info;
  info.version = SSL_get_version(ssl_.get());
  info.cipher = SSL_get_cipher_name(ssl_.get());
  if (const char* name = SSL_get_servername(ssl_.get(), TLSEXT_NAMETYPE_host_name))
    info.server_name = name;
  const long verdict = SSL_get_verify_result(ssl_.get());
  const bool has_certificate = SSL_get0_peer_certificate(ssl_.get()) != nullptr;
  info.verified = has_certificate && verdict == X509_V_OK && verified_by_name_;
  if (!info.verified)
    info.peer_error = has_certificate ? X509_verify_cert_error_string(verdict) : "no certificate";
  return info;
}

}  // namespace postern::net
