// tests/unit/core/net/tls_test.cc: handshakes, STARTTLS, SNI, DANE and moving, with certificates
// made here.
#include <openssl/sha.h>

#include "net_fixture.h"
#include "tests/support/eventually.h"
#include "tests/support/next_turn.h"

using namespace postern;
using namespace postern::net;

namespace {

std::string spki_sha256(const std::string& file) {
  FILE* in = fopen(file.c_str(), "r");
  X509* certificate = PEM_read_X509(in, nullptr, nullptr, nullptr);
  fclose(in);
  unsigned char* der = nullptr;
  const int length = i2d_PUBKEY(X509_get0_pubkey(certificate), &der);
  std::string digest(SHA256_DIGEST_LENGTH, '\0');
  SHA256(der, static_cast<std::size_t>(length), reinterpret_cast<unsigned char*>(digest.data()));
  OPENSSL_free(der);
  X509_free(certificate);
  return digest;
}

}  // namespace

TEST_CASE("TLS carries lines both ways and tells what it agreed on") {
  ScratchFolder folder;
  const auto files = make_certificate(folder, "mx.example");
  const auto server = TlsContext::server(files);
  const auto client =
      TlsContext::client(TlsContext::Verify::required, TlsVersion::tls1_2, files.certificate);
  for (const std::size_t size : {5U, 500'000U}) {
    converse(
        [&](Stream& stream) -> Task<> {
          co_await stream.start_tls_server(server, 5s);
          CHECK(stream.tls().server_name == "mx.example");
          co_await stream.write(co_await stream.read_some(5, 5s));
          co_await stream.write(std::string(size, 'z') + "\r\n");
          co_await stream.shutdown(5s);
        },
        [&](Stream& stream) -> Task<> {
          co_await stream.start_tls_client(client, "mx.example", 5s);
          CHECK(stream.tls().version == "TLSv1.3");
          CHECK(stream.tls().verified);
          co_await stream.write("hello");
          CHECK(text_of(co_await stream.read_line(1 << 20, 5s)) ==
                "hello" + std::string(size, 'z'));
          CHECK_THROWS_AS(co_await stream.read_line(100, 5s), ConnectionClosed);
        });
  }
}

TEST_CASE("STARTTLS forgets what came in the clear before it") {
  ScratchFolder folder;
  const auto server = TlsContext::server(make_certificate(folder, "mx.example"));
  const auto client = TlsContext::client(TlsContext::Verify::opportunistic);
  converse(
      [&](Stream& stream) -> Task<> {
        CHECK(text_of(co_await stream.read_line(100, 5s)) == "STARTTLS");
        CHECK(stream.buffered() == "RSET\r\n");  // injected
        co_await stream.write("220 go\r\n");
        co_await stream.start_tls_server(server, 5s);
        CHECK(stream.is_encrypted());
        CHECK(text_of(co_await stream.read_line(100, 5s)) == "EHLO");
      },
      [&](Stream& stream) -> Task<> {
        co_await stream.write("STARTTLS\r\nRSET\r\n");
        CHECK(text_of(co_await stream.read_line(100, 5s)) == "220 go");
        co_await stream.start_tls_client(client, "other.example", 5s);
        CHECK_FALSE(stream.tls().verified);
        CHECK_FALSE(stream.tls().peer_error.empty());
        co_await stream.write("EHLO\r\n");
        co_await stream.shutdown(5s);
      });
}

TEST_CASE("a go-ahead that was flushed first does not lose the handshake") {
  ScratchFolder folder;
  const auto server = TlsContext::server(make_certificate(folder, "mx.example"));
  const auto client = TlsContext::client(TlsContext::Verify::opportunistic);
  converse(
      [&](Stream& stream) -> Task<> {
        co_await stream.read_line(100, 5s);
        co_await stream.write("220 go\r\n");
        co_await stream.flush(5s);
        co_await test::eventually("the client has begun", [&] { return !stream.is_quiet(); });
        co_await test::next_turn();  // at the latest now it is read from the socket
        co_await stream.start_tls_server(server, 5s);
        co_await stream.write("secret\r\n");
        co_await stream.shutdown(5s);
      },
      [&](Stream& stream) -> Task<> {
        co_await stream.write("STARTTLS\r\n");
        co_await stream.read_line(100, 5s);
        co_await stream.start_tls_client(client, "mx.example", 5s);
        CHECK(text_of(co_await stream.read_line(100, 5s)) == "secret");
      });
}

TEST_CASE("the certificate is the one for the name that the client asks for") {
  ScratchFolder folder;
  const auto first = make_certificate(folder, "first.example"),
             second = make_certificate(folder, "second.example");
  const auto server = TlsContext::server(first, TlsVersion::tls1_2, {{"second.example", second}});
  const auto client =
      TlsContext::client(TlsContext::Verify::required, TlsVersion::tls1_2, second.certificate);
  converse([&](Stream& stream) -> Task<> { co_await stream.start_tls_server(server, 5s); },
           [&](Stream& stream) -> Task<> {
             co_await stream.start_tls_client(client, "SECOND.example", 5s);
             CHECK(stream.tls().verified);
           });
}

TEST_CASE("a certificate for another name fails where verification is required") {
  ScratchFolder folder;
  const auto files = make_certificate(folder, "mx.example");
  const auto server = TlsContext::server(files);
  const auto client =
      TlsContext::client(TlsContext::Verify::required, TlsVersion::tls1_2, files.certificate);
  converse(
      [&](Stream& stream) -> Task<> {
        CHECK_THROWS_AS(co_await stream.start_tls_server(server, 5s), IoError);
      },
      [&](Stream& stream) -> Task<> {
        CHECK_THROWS_AS(co_await stream.start_tls_client(client, "not.example", 5s),
                        ConnectionClosed);
      });
}

TEST_CASE("DANE accepts the key that the record names and no other") {
  ScratchFolder folder;
  const auto files = make_certificate(folder, "mx.example");
  const auto server = TlsContext::server(files);
  const auto client = TlsContext::client(TlsContext::Verify::opportunistic);
  const Tlsa right{3, 1, 1, spki_sha256(files.certificate)}, wrong{3, 1, 1, std::string(32, 'x')};
  converse([&](Stream& stream) -> Task<> { co_await stream.start_tls_server(server, 5s); },
           [&](Stream& stream) -> Task<> {
             co_await stream.start_tls_client(client, "mx.example", 5s, {wrong, right});
             CHECK(stream.tls().verified);
           });
  converse(
      [&](Stream& stream) -> Task<> {
        CHECK_THROWS_AS(co_await stream.start_tls_server(server, 5s), IoError);
      },
      [&](Stream& stream) -> Task<> {
        CHECK_THROWS_AS(co_await stream.start_tls_client(client, "mx.example", 5s, {wrong}),
                        ConnectionClosed);
      });
}

TEST_CASE("what is not TLS ends the handshake, and a silent peer runs out of time") {
  ScratchFolder folder;
  const auto server = TlsContext::server(make_certificate(folder, "mx.example"));
  converse(
      [&](Stream& stream) -> Task<> {
        CHECK_THROWS_AS(co_await stream.start_tls_server(server, 5s), ConnectionClosed);
      },
      [](Stream& stream) -> Task<> {
        co_await stream.write("EHLO client.example\r\n");
        co_await stream.shutdown(5s);
      });
  Event over;
  converse(
      [&](Stream& stream) -> Task<> {
        CHECK_THROWS_AS(co_await stream.start_tls_server(server, 5ms), Timeout);
        over.set();
      },
      [&](Stream&) -> Task<> { co_await over.wait(); });
}

TEST_CASE("a TLS stream moves with its state and its unused input") {
  ScratchFolder folder;
  const auto server = TlsContext::server(make_certificate(folder, "mx.example"));
  const auto client = TlsContext::client(TlsContext::Verify::opportunistic);
  converse(
      [&](Stream& stream) -> Task<> {
        co_await stream.start_tls_server(server, 5s);
        CHECK(text_of(co_await stream.read_line(100, 5s)) == "one");
        Stream moved = Stream::attach(Loop::current(), stream.detach());
        CHECK(moved.is_encrypted());
        CHECK(text_of(co_await moved.read_line(100, 5s)) == "two");
        co_await moved.write("three\r\n");
        CHECK(text_of(co_await moved.read_line(100, 5s)) == "four");
      },
      [&](Stream& stream) -> Task<> {
        co_await stream.start_tls_client(client, "mx.example", 5s);
        co_await stream.write("one\r\ntwo\r\n");
        CHECK(text_of(co_await stream.read_line(100, 5s)) == "three");
        co_await stream.write("four\r\n");
        co_await stream.shutdown(5s);
      });
}
