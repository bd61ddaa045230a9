// core/net/tls_error.h: what OpenSSL has to say about a failure.
#pragma once

#include <string>

namespace postern::net {

/// The latest error of this thread in words, else `otherwise`; clears OpenSSL's queue of errors.
std::string tls_error_text(const char* otherwise);

}  // namespace postern::net
