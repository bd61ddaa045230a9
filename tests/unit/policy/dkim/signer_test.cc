// DKIM against the vectors of RFC 8463 appendix A, and against a verifier written down here.
#include "policy/dkim/signer.h"

#include <malloc.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <catch2/catch.hpp>
#include <map>
#include <string>
#include <vector>

#include "core/mail/dot_stuffing.h"
#include "core/mail/encodings.h"
#include "core/mail/headers.h"

using namespace postern;
using namespace postern::policy;

namespace {

const std::string rfc8463_message = mail::with_crlf(R"(From: Joe SixPack <joe@football.example.com>
To: Suzie Q <suzie@shopping.example.net>
Subject: Is dinner ready?
Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)
Message-ID: <20030712040037.46341.5F8J@football.example.com>

Hi.

We lost the game.  Are you hungry yet?

Joe.
)");

// The seed of RFC 8463 §A.2, as PKCS#8.
constexpr std::string_view ed25519_pem =
    "-----BEGIN PRIVATE "
    "KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n-----END PRIVATE "
    "KEY-----\n";

std::string body_hash(std::string_view body, std::size_t step = SIZE_MAX) {
  BodyHasher hasher;
  for (std::size_t at = 0; at < body.size(); at += std::min(step, body.size()))
    hasher.update(body.substr(at, step));
  return hasher.finish();
}

std::string tag(std::string_view field, std::string_view name) {
  std::string compact;
  for (const char c : field) {
    if (!std::string_view(" \t\r\n").contains(c)) compact += c;
  }
  for (std::size_t begin = 0; begin < compact.size();) {
    const std::size_t end = std::min(compact.find(';', begin), compact.size());
    const std::string_view item = std::string_view(compact).substr(begin, end - begin);
    if (item.starts_with(name) && item.substr(name.size()).starts_with('='))
      return std::string(item.substr(name.size() + 1));
    begin = end + 1;
  }
  return {};
}

/// Verifies a signature field as RFC 6376 §6.1.3 says, with the key that its DNS record publishes.
bool verifies(const mail::HeaderField& signature, std::string_view message,
              std::string_view record) {
  const mail::HeaderBlock headers = mail::HeaderBlock::parse(message);
  const std::string value(signature.value);
  if (tag(value, "bh") != body_hash(message.substr(headers.size()))) return false;
  std::string text;
  std::map<std::string, std::size_t> used;
  const std::string names = tag(value, "h");
  for (std::size_t begin = 0; begin <= names.size();) {
    const std::size_t end = std::min(names.find(':', begin), names.size());
    const std::string name = names.substr(begin, end - begin);
    const auto fields = headers.all(name);
    if (const std::size_t n = used[name]++; n < fields.size()) {
      const auto* field = fields[fields.size() - 1 - n];
      text += relaxed_header(field->name, field->value) + "\r\n";
    }
    begin = end + 1;
  }
  const std::size_t b = value.rfind("b=") + 2;
  text += relaxed_header("DKIM-Signature", value.substr(0, b));
  const std::string bytes = *mail::base64_decode(tag(value, "b"));
  const std::string key = *mail::base64_decode(tag(record, "p"));
  EVP_PKEY* pkey = nullptr;
  std::string data = text;
  const EVP_MD* digest = nullptr;
  if (tag(record, "k") == "rsa") {
    const auto* der = reinterpret_cast<const unsigned char*>(key.data());
    pkey = d2i_PUBKEY(nullptr, &der, static_cast<long>(key.size()));
    digest = EVP_sha256();
  } else {
    pkey = EVP_PKEY_new_raw_public_key(
        EVP_PKEY_ED25519, nullptr, reinterpret_cast<const unsigned char*>(key.data()), key.size());
    unsigned char hash[32];
    EVP_Digest(text.data(), text.size(), hash, nullptr, EVP_sha256(), nullptr);
    data.assign(reinterpret_cast<const char*>(hash), sizeof hash);
  }
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  EVP_DigestVerifyInit(context, nullptr, digest, nullptr, pkey);
  const int result =
      EVP_DigestVerify(context, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
                       reinterpret_cast<const unsigned char*>(data.data()), data.size());
  EVP_MD_CTX_free(context);
  EVP_PKEY_free(pkey);
  return result == 1;
}

}  // namespace

TEST_CASE("the Ed25519 signature of RFC 8463 appendix A comes out octet for octet") {
  const auto key = DkimKey::from_pem("football.example.com", "brisbane", ed25519_pem);
  REQUIRE(key.has_value());
  CHECK(key->dns_name() == "brisbane._domainkey.football.example.com");
  CHECK(key->dns_record() == "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=");
  const mail::HeaderBlock headers = mail::HeaderBlock::parse(rfc8463_message);
  CHECK(body_hash(std::string_view(rfc8463_message).substr(headers.size())) ==
        "2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=");
  std::string text;
  for (const char* name : {"from", "to", "subject", "date", "message-id"})
    text += relaxed_header(name, headers.find(name)->value) + "\r\n";
  text += relaxed_header("DKIM-Signature",
                         "v=1; a=ed25519-sha256; c=relaxed/relaxed;\r\n d=football.example.com; "
                         "i=@football.example.com;\r\n"
                         " q=dns/txt; s=brisbane; t=1528637909; h=from : to :\r\n subject : date : "
                         "message-id : from : subject : date;\r\n"
                         " bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n b=");
  CHECK(mail::base64_encode(key->sign(text)) ==
        "/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11BusFa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==");
}

TEST_CASE("relaxed bodies, whatever the packets") {
  const std::string empty =
      "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";  // RFC 6376 §3.4.4: of nothing
  CHECK(body_hash("") == empty);
  CHECK(body_hash("\r\n\r\n") == empty);
  CHECK(body_hash(" \t\r\n") == empty);
  // The example of RFC 6376 §3.4.5.
  const std::string example = " C \r\nD \t E\r\n\r\n\r\n", relaxed = " C\r\nD E\r\n";
  for (const std::size_t step : {1, 2, 3, 100})
    CHECK(body_hash(example, step) == body_hash(relaxed));
  CHECK(body_hash("no line end") == body_hash("no line end\r\n"));
  CHECK(body_hash("a\r\n\r\nb\r\n") != body_hash("a\r\nb\r\n"));
  CHECK(body_hash("a  b\r\n") == body_hash("a b\r\n"));
  CHECK(body_hash("a \r\n") == body_hash("a\r\n"));
  std::string large;
  for (int i = 0; i < 20'000; ++i) large += "line " + std::to_string(i) + "  \t \r\n\r\n";
  CHECK(body_hash(large, 7) == body_hash(large));
}

TEST_CASE("relaxed header fields of RFC 6376 §3.4.5") {
  CHECK(relaxed_header("A", "X") == "a:X");
  CHECK(relaxed_header("B ", "Y\t\r\n\tZ  ").ends_with(":Y Z"));
}

TEST_CASE("both signatures verify by the published records, and From cannot be added") {
  const std::vector<DkimKey> keys{
      *DkimKey::from_pem("football.example.com", "r1",
                         generate_dkim_pem(DkimAlgorithm::rsa_sha256)),
      *DkimKey::from_pem("football.example.com", "e1",
                         generate_dkim_pem(DkimAlgorithm::ed25519_sha256))};
  const std::string fields = dkim_sign(
      keys, rfc8463_message, std::chrono::sys_seconds(std::chrono::seconds(1'528'637'909)));
  INFO(fields);
  const mail::HeaderBlock signatures = mail::HeaderBlock::parse(fields);
  REQUIRE(signatures.fields().size() == 2);
  CHECK(mail::has_clean_line_ends(fields));
  for (std::size_t i = 0; i < 2; ++i) {
    const mail::HeaderField& field = signatures.fields()[i];
    CHECK(verifies(field, rfc8463_message, keys[i].dns_record()));
    CHECK_FALSE(
        verifies(field, "From: evil@x.example\r\n" + rfc8463_message, keys[i].dns_record()));
    CHECK_FALSE(verifies(field, "Subject: evil\r\n" + rfc8463_message, keys[i].dns_record()));
    CHECK_FALSE(verifies(field, rfc8463_message + "more\r\n", keys[i].dns_record()));
    CHECK(verifies(field, "Received: from x\r\n" + rfc8463_message, keys[i].dns_record()));
  }
  for (std::size_t begin = 0; begin < fields.size();) {
    const std::size_t end = fields.find("\r\n", begin);
    CHECK(end - begin <= 78);
    begin = end + 2;
  }
}

TEST_CASE("a field that occurs more than once is signed bottom first") {
  const auto key = *DkimKey::from_pem("b.example", "e", ed25519_pem);
  const std::string message =
      "From: a@b.example\r\nTo: one@x.example\r\nTo: two@x.example\r\nCc:\r\n\r\nhi\r\n";
  const std::string fields = dkim_sign(std::span(&key, 1), message, {});
  CHECK(verifies(mail::HeaderBlock::parse(fields).fields()[0], message, key.dns_record()));
}

TEST_CASE("the room that signatures take is known before the body, and without signing") {
  const std::vector<DkimKey> keys{
      *DkimKey::from_pem("football.example.com", "r", generate_dkim_pem(DkimAlgorithm::rsa_sha256)),
      *DkimKey::from_pem("football.example.com", "brisbane", ed25519_pem)};
  for (const std::string& header : {rfc8463_message, std::string("From: a@b.example\r\n\r\n"),
                                    "From: a@b.example\r\nSubject: " + std::string(900, 'x') +
                                        "\r\nReferences: <a@b>\r\n\r\n"}) {
    const DkimSignatures signatures(keys, header, {});
    CHECK(signatures.size() == signatures.fields(body_hash("hello\r\n")).size());
    CHECK(signatures.size() == signatures.fields(body_hash("")).size());
  }
  CHECK(DkimSignatures({}, rfc8463_message, {}).size() == 0);
}

TEST_CASE("a body of empty lines alone is hashed without being held") {
  constexpr std::size_t lines = 4'000'000;
  std::string empty;
  for (std::size_t i = 0; i < lines; ++i) empty += "\r\n";
  const auto held = [] {
    const auto memory = mallinfo2();
    return memory.uordblks + memory.hblkhd;
  };
  BodyHasher hasher;
  const std::size_t before = held();
  hasher.update(empty);
  hasher.update("text");  // now they count
  CHECK(held() <= before + 256 * 1024);
  hasher.update("\r\n");
  CHECK(hasher.finish() == body_hash(empty + "text\r\n", 7));
  CHECK(body_hash(empty) == body_hash(""));  // RFC 6376 §3.4.4
}

TEST_CASE("keys that cannot sign are refused with the reason") {
  CHECK_FALSE(DkimKey::from_pem("b.example", "s", "").has_value());
  CHECK_FALSE(DkimKey::from_pem("b.example", "s",
                                "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")
                  .has_value());
  CHECK(DkimKey::load("b.example", "s", "/nonexistent.pem").error() ==
        "cannot read the DKIM key /nonexistent.pem");
}

TEST_CASE("a zone line splits the record into strings of less than 256 octets") {
  const auto key =
      *DkimKey::from_pem("b.example", "r1", generate_dkim_pem(DkimAlgorithm::rsa_sha256));
  const std::string line = dkim_zone_line(key);
  CHECK(line.starts_with("r1._domainkey.b.example. IN TXT ( \"v=DKIM1; k=rsa; p="));
  std::string joined;
  for (std::size_t at = line.find('"'); at != std::string::npos; at = line.find('"', at)) {
    const std::size_t end = line.find('"', at + 1);
    CHECK(end - at - 1 <= 255);
    joined += line.substr(at + 1, end - at - 1);
    at = end + 1;
  }
  CHECK(joined == key.dns_record());
}
