// core/net/tls.h: certificates and rules for TLS; shared by all workers, never changed once made.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

typedef struct ssl_ctx_st SSL_CTX;
typedef struct ssl_st SSL;

namespace postern::net {

enum class TlsVersion { tls1_2, tls1_3 };

struct CertificateFiles {
  std::string certificate;  ///< PEM, the chain from the leaf upwards
  std::string key;          ///< PEM
};

/// What a handshake agreed on.
struct TlsInfo {
  std::string version;  ///< "TLSv1.3"
  std::string cipher;   ///< "TLS_AES_256_GCM_SHA384"
  bool verified =
      false;  ///< the peer's certificate is good for the name that we asked for (PKIX or DANE)
  std::string peer_error;   ///< why not; empty when verified
  std::string server_name;  ///< SNI
};

/// A TLSA record (RFC 6698).
struct Tlsa {
  std::uint8_t usage = 0, selector = 0, matching = 0;
  std::string data;
  bool operator==(const Tlsa&) const = default;
};

class TlsContext {
 public:
  enum class Verify {
    opportunistic,  ///< any certificate will do; TlsInfo tells
    required,       ///< the handshake fails unless the certificate is good for the server's name
  };

  /// Presents the certificate whose name the client asks for, else `fallback`. IoError when a file
  /// is bad.
  static std::shared_ptr<const TlsContext> server(
      const CertificateFiles& fallback, TlsVersion minimum = TlsVersion::tls1_2,
      const std::map<std::string, CertificateFiles>& by_name = {});
  /// `ca_file` empty: the system's roots (or SSL_CERT_FILE).
  static std::shared_ptr<const TlsContext> client(Verify verify,
                                                  TlsVersion minimum = TlsVersion::tls1_2,
                                                  const std::string& ca_file = {});
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

  SSL_CTX* get() const { return context_; }
  Verify verify() const { return verify_; }

 private:
  TlsContext() = default;
  SSL_CTX* context_ = nullptr;
  Verify verify_ = Verify::opportunistic;
  std::map<std::string, SSL_CTX*, std::less<>> by_name_;
  static int choose(SSL* ssl, int* alert, void* self);
};

}  // namespace postern::net
