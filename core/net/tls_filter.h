// core/net/tls_filter.h: TLS as a filter of a stream (RFC 8446, RFC 5246), over OpenSSL.
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/net/filter.h"
#include "core/net/tls.h"

namespace postern::net {

/// One side of one TLS connection. Reads and writes through a BIO of its own on borrowed bytes, so
/// that it owns no buffer while idle (OpenSSL's memory BIOs keep some 40 KiB). The handshake is
/// driven by what arrives; a failed one never becomes ready.
class TlsFilter final : public Filter {
 public:
  /// Presents a certificate and asks for none.
  static std::unique_ptr<TlsFilter> server(std::shared_ptr<const TlsContext> context);
  /// Expects a certificate for `server_name` (a host's name or IP address; empty: any), if the
  /// context does. With `tlsa` it must match one of the records (RFC 7672), whatever the context
  /// says.
  static std::unique_ptr<TlsFilter> client(std::shared_ptr<const TlsContext> context,
                                           const std::string& server_name,
                                           const std::vector<Tlsa>& tlsa);

  Passed decode(std::string_view bytes, std::string& into) override;
  Passed encode(std::string_view plain, std::string& into) override;
  Passed finish(std::string& into) override;
  std::size_t pending() const override { return sealed_.size(); }
  bool is_ready() const override { return is_established_; }
  bool is_encrypting() const override { return is_established_; }
  void release_buffers() noexcept override;

  /// What the handshake agreed on; only when ready.
  TlsInfo info() const;

 private:
  struct Free {
    void operator()(SSL* ssl) const noexcept { SSL_free(ssl); }
  };
  explicit TlsFilter(std::shared_ptr<const TlsContext> context);
  void expect_name(const std::string& name);
  void expect_tlsa(const std::string& name, const std::vector<Tlsa>& records);
  Passed shake_hands();
  Passed open_records(std::string& into);
  void take_sealed(std::string& into);

  static const BIO_METHOD* bio_method();
  static int read_from_below(BIO* bio, char* bytes, int length);
  static int write_below(BIO* bio, const char* bytes, int length);

  std::shared_ptr<const TlsContext> context_;
  std::unique_ptr<SSL, Free> ssl_;
  std::string_view arrived_;  ///< borrowed during decode: what the BIO reads from
  std::string sealed_;        ///< what the BIO took, to be sent
  bool is_established_ = false;
  bool verified_by_name_ = false;  ///< the verification included a name or TLSA records
};

}  // namespace postern::net
