// core/net/tls.cc: contexts for servers and clients; which versions and ciphers they agree to.
#include "core/net/tls.h"

#include <openssl/ssl.h>

#include <algorithm>
#include <string_view>

#include "core/error.h"
#include "core/net/tls_error.h"

namespace postern::net {

namespace {

// ECDHE and DHE with AEAD first; CBC with them last, for old clients. Nothing without forward
// secrecy.
constexpr const char* ciphers =
    "ECDHE+AESGCM:ECDHE+CHACHA20:DHE+AESGCM:DHE+CHACHA20:ECDHE+AES:DHE+AES:!aNULL:!eNULL:!PSK:!SRP:"
    "!DSS:@SECLEVEL=1";

[[noreturn]] void give_up(SSL_CTX* context, const std::string& what) {
  SSL_CTX_free(context);
  throw IoError(what + ": " + tls_error_text("not usable"));
}

SSL_CTX* make(const SSL_METHOD* method, TlsVersion minimum) {
  SSL_CTX* const context = SSL_CTX_new(method);
  if (context == nullptr) give_up(context, "TLS");
  SSL_CTX_set_min_proto_version(context,
                                minimum == TlsVersion::tls1_3 ? TLS1_3_VERSION : TLS1_2_VERSION);
  SSL_CTX_set_cipher_list(context, ciphers);
  SSL_CTX_set_options(
      context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_IGNORE_UNEXPECTED_EOF);
  // An idle connection gives its record buffers back.
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_AUTO_RETRY);
  return context;
}

SSL_CTX* make_server(const CertificateFiles& files, TlsVersion minimum) {
  SSL_CTX* const context = make(TLS_server_method(), minimum);
  SSL_CTX_set_options(context, SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_dh_auto(context, 1);
  // Tickets keep nothing here; no early data, which could be replayed.
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context, 1);
  SSL_CTX_set_max_early_data(context, 0);
  constexpr std::string_view id = "postern";
  SSL_CTX_set_session_id_context(context, reinterpret_cast<const unsigned char*>(id.data()),
                                 id.size());
  if (SSL_CTX_use_certificate_chain_file(context, files.certificate.c_str()) != 1)
    give_up(context, files.certificate);
  if (SSL_CTX_use_PrivateKey_file(context, files.key.c_str(), SSL_FILETYPE_PEM) != 1)
    give_up(context, files.key);
  if (SSL_CTX_check_private_key(context) != 1)
    give_up(context, files.key + " does not belong to " + files.certificate);
  return context;
}

}  // namespace

std::shared_ptr<const TlsContext> TlsContext::server(
    const CertificateFiles& fallback, TlsVersion minimum,
    const std::map<std::string, CertificateFiles>& by_name) {
  const std::shared_ptr<TlsContext> made(new TlsContext);
  made->context_ = make_server(fallback, minimum);
  for (const auto& [name, files] : by_name)
    made->by_name_.emplace(name, make_server(files, minimum));
  SSL_CTX_set_tlsext_servername_callback(made->context_, &TlsContext::choose);
  SSL_CTX_set_tlsext_servername_arg(made->context_, made.get());
  return made;
}

std::shared_ptr<const TlsContext> TlsContext::client(Verify verify, TlsVersion minimum,
                                                     const std::string& ca_file) {
  const std::shared_ptr<TlsContext> made(new TlsContext);
  made->verify_ = verify;
  SSL_CTX* const context = made->context_ = make(TLS_client_method(), minimum);
  SSL_CTX_set_verify(context, verify == Verify::required ? SSL_VERIFY_PEER : SSL_VERIFY_NONE,
                     nullptr);
  if (ca_file.empty())
    SSL_CTX_set_default_verify_paths(context);
  else if (SSL_CTX_load_verify_locations(context, ca_file.c_str(), nullptr) != 1)
    throw IoError(ca_file + ": " + tls_error_text("not usable"));
  if (SSL_CTX_dane_enable(context) <= 0) throw IoError(tls_error_text("no DANE"));
  return made;
}

TlsContext::~TlsContext() {
  SSL_CTX_free(context_);
  for (const auto& [name, context] : by_name_) SSL_CTX_free(context);
}

int TlsContext::choose(SSL* ssl, int*, void* self) {
  const char* const asked = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  if (asked == nullptr) return SSL_TLSEXT_ERR_NOACK;
  std::string name(asked);
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; });
  const auto& table = static_cast<const TlsContext*>(self)->by_name_;
  if (const auto found = table.find(name); found != table.end())
    SSL_set_SSL_CTX(ssl, found->second);
  return SSL_TLSEXT_ERR_OK;
}

}  // namespace postern::net
