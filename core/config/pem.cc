// core/config/pem.cc: reads PEM without asking anybody for a passphrase.
#include "core/config/pem.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <cerrno>

#include "core/config/reader.h"

namespace postern::config {

namespace {

/// Never asks a person for a passphrase.
int no_passphrase(char*, int, int, void*) { return -1; }

}  // namespace

File open_file(const Path& path, unsigned line, std::string_view what, Report& report) {
  File file(std::fopen(path.c_str(), "re"));
  if (!file) {
    const int code = errno;
    report.mistake(
        line, std::string(what) + " " + path.string() + " cannot be read: " + std::strerror(code));
  }
  return file;
}

Certificate read_certificate(std::FILE* file) {
  Certificate certificate(PEM_read_X509(file, nullptr, no_passphrase, nullptr));
  ERR_clear_error();
  return certificate;
}

Key read_key(std::FILE* file) {
  Key key(PEM_read_PrivateKey(file, nullptr, no_passphrase, nullptr));
  ERR_clear_error();
  return key;
}

}  // namespace postern::config
