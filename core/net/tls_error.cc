// core/net/tls_error.cc: takes the latest error off OpenSSL's queue.
#include "core/net/tls_error.h"

#include <openssl/err.h>

namespace postern::net {

std::string tls_error_text(const char* otherwise) {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  if (code == 0) return otherwise;
  const char* reason = ERR_reason_error_string(code);
  return std::string("TLS: ") + (reason != nullptr ? reason : otherwise);
}

}  // namespace postern::net
