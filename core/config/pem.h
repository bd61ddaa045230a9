// core/config/pem.h: certificates and keys in PEM, as far as a check of the files needs them.
#pragma once

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <cstdio>
#include <memory>
#include <string_view>

#include "core/config/types.h"

namespace postern::config {

template <auto release>
struct Release {
  void operator()(auto* p) const noexcept { release(p); }
};
using Certificate = std::unique_ptr<X509, Release<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Release<EVP_PKEY_free>>;
using File = std::unique_ptr<std::FILE, Release<std::fclose>>;

/// The file that is `what` in the configuration, or a mistake noted.
File open_file(const Path& path, unsigned line, std::string_view what, Report& report);
/// None when the file holds no certificate.
Certificate read_certificate(std::FILE* file);
/// A private key; none when the file holds none, or one with a passphrase.
Key read_key(std::FILE* file);

}  // namespace postern::config
