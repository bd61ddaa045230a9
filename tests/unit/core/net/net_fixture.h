// tests/unit/core/net/net_fixture.h: two ends of a connection on one loop, and certificates made at
// run time.
#pragma once

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "core/async/task_group.h"
#include "core/async/timer.h"
#include "core/net/listener.h"
#include "core/net/stream.h"

namespace postern::net {

using namespace std::chrono_literals;

/// A folder that goes away at the end.
class ScratchFolder {
 public:
  ScratchFolder() {
    char name[] = "/tmp/postern-net-XXXXXX";
    REQUIRE(mkdtemp(name) != nullptr);
    path_ = name;
  }
  ~ScratchFolder() { std::filesystem::remove_all(path_); }
  std::string file(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

/// A self-signed certificate for `name`.
inline CertificateFiles make_certificate(const ScratchFolder& folder, const std::string& name) {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* certificate = X509_new();
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 86'400);
  X509_set_pubkey(certificate, key);
  X509_NAME* subject = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  X509_set_issuer_name(certificate, subject);
  X509_EXTENSION* names =
      X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, ("DNS:" + name).c_str());
  X509_add_ext(certificate, names, -1);
  X509_EXTENSION_free(names);
  X509_sign(certificate, key, EVP_sha256());
  CertificateFiles files{folder.file(name + ".pem"), folder.file(name + ".key")};
  FILE* out = fopen(files.certificate.c_str(), "w");
  PEM_write_X509(out, certificate);
  fclose(out);
  out = fopen(files.key.c_str(), "w");
  PEM_write_PrivateKey(out, key, nullptr, nullptr, 0, nullptr, nullptr);
  fclose(out);
  X509_free(certificate);
  EVP_PKEY_free(key);
  return files;
}

using Side = std::function<Task<>(Stream&)>;

inline Task<> run_side(Side side, Stream stream) { co_await side(stream); }

inline Task<> connect_and_run(Side side, Address to) {
  Stream stream = co_await Stream::connect(std::move(to), 5s);
  co_await side(stream);
}

/// Runs `client` against `server` over loopback until both have ended; throws what either throws.
inline void converse(const Side& server, const Side& client, const char* address = "127.0.0.1:0") {
  Loop loop;
  loop.run_until_done([](Loop* home, Side serve, Side ask, std::string at) -> Task<> {
    TaskGroup group;
    Event accepted;
    Listener listener(
        *home, *Address::parse(at),
        [&](Stream stream) {
          accepted.set();
          return run_side(serve, std::move(stream));
        },
        group);
    group.spawn(connect_and_run(ask, listener.bound()));
    co_await accepted.wait();
    co_await with_timeout(20s, group.join());
  }(&loop, server, client, address));
}

inline std::string text_of(Stream::Line line) { return std::string(line.text); }

}  // namespace postern::net
