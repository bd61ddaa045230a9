// policy/dkim/signer.cc: see signer.h.
#include "policy/dkim/signer.h"

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <utility>

#include "core/assert.h"
#include "core/mail/encodings.h"
#include "core/mail/headers.h"

namespace postern::policy {
namespace {

/// What is signed where present, and the absence of one more `From` and its like: nobody can add
/// one later (RFC 6376 §5.4, §8.15). Return-Path, Received, Bcc and what list software changes are
/// left out.
constexpr std::array<std::string_view, 24> signed_fields{"from",
                                                         "sender",
                                                         "reply-to",
                                                         "to",
                                                         "cc",
                                                         "subject",
                                                         "date",
                                                         "message-id",
                                                         "in-reply-to",
                                                         "references",
                                                         "mime-version",
                                                         "content-type",
                                                         "content-transfer-encoding",
                                                         "content-id",
                                                         "content-description",
                                                         "resent-date",
                                                         "resent-from",
                                                         "resent-sender",
                                                         "resent-to",
                                                         "resent-cc",
                                                         "resent-message-id",
                                                         "list-id",
                                                         "list-unsubscribe",
                                                         "list-unsubscribe-post"};
constexpr std::array<std::string_view, 4> over_signed{"from", "to", "subject", "date"};

EVP_PKEY* pkey(const std::shared_ptr<void>& key) { return static_cast<EVP_PKEY*>(key.get()); }
EVP_MD_CTX* context(const std::shared_ptr<void>& digest) {
  return static_cast<EVP_MD_CTX*>(digest.get());
}

bool is_blank(char c) { return c == ' ' || c == '\t'; }

std::string sha256(std::string_view data) {
  std::array<unsigned char, 32> out{};
  POSTERN_ASSERT(EVP_Digest(data.data(), data.size(), out.data(), nullptr, EVP_sha256(), nullptr) ==
                 1);
  return {reinterpret_cast<const char*>(out.data()), out.size()};
}

std::string bio_text(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return {data, static_cast<std::size_t>(size)};
}

/// A base64 value folded inside of its tag; verifiers drop the blanks (RFC 6376 §3.5, b= and bh=).
std::string folded_base64(std::string_view text, std::size_t column) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t size = std::min(text.size() - at, 76 - std::min<std::size_t>(column, 60));
    if (at > 0) out += "\r\n\t";
    out += text.substr(at, size);
    at += size;
    column = 8;
  }
  return out;
}

/// The h= list: for each name as often as it occurs, and once more for those over-signed. From the
/// last upwards is what h= means, so the hash takes the occurrences bottom first (RFC 6376 §5.4.2).
std::vector<std::string_view> names_to_sign(const mail::HeaderBlock& headers) {
  std::vector<std::string_view> names;
  for (const std::string_view name : signed_fields) {
    names.insert(names.end(), headers.count(name), name);
    if (std::ranges::find(over_signed, name) != over_signed.end()) names.push_back(name);
  }
  return names;
}

/// "h=from:from:to;" over several lines.
std::string h_tag(const std::vector<std::string_view>& names) {
  std::string out = "h=";
  std::size_t column = 3;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i > 0) out += ':';
    if (column + names[i].size() > 74) {
      out += "\r\n\t ";
      column = 9;
    }
    out += names[i];
    column += names[i].size() + 1;
  }
  return out;
}

/// The signed fields in relaxed form, each with CRLF; a name beyond the last occurrence adds
/// nothing.
std::string signed_text(const mail::HeaderBlock& headers,
                        const std::vector<std::string_view>& names) {
  std::string out;
  for (std::size_t i = 0; i < names.size();) {
    const std::size_t end = static_cast<std::size_t>(
        std::find_if(names.begin() + static_cast<std::ptrdiff_t>(i), names.end(),
                     [&](std::string_view name) { return name != names[i]; }) -
        names.begin());
    const auto fields = headers.all(names[i]);
    for (auto field = fields.rbegin(); field != fields.rend(); ++field)
      out += relaxed_header((*field)->name, (*field)->value) + "\r\n";
    i = end;
  }
  return out;
}

}  // namespace

std::expected<DkimKey, std::string> DkimKey::load(std::string domain, std::string selector,
                                                  const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::unexpected(fmt::format("cannot read the DKIM key {}", path));
  std::string pem(std::istreambuf_iterator<char>(file), {});
  auto key = from_pem(std::move(domain), std::move(selector), pem);
  if (!key) return std::unexpected(fmt::format("{}: {}", path, key.error()));
  return key;
}

std::expected<DkimKey, std::string> DkimKey::from_pem(std::string domain, std::string selector,
                                                      std::string_view pem) {
  if (pem.size() > 64 * 1024) return std::unexpected("is no PEM key: it is too long");
  const std::unique_ptr<BIO, decltype([](BIO* bio) { BIO_free(bio); })> bio(
      BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  // A callback of ours, or OpenSSL would ask the terminal for a passphrase.
  EVP_PKEY* raw = PEM_read_bio_PrivateKey(
      bio.get(), nullptr, [](char*, int, int, void*) { return 0; }, nullptr);
  if (raw == nullptr)
    return std::unexpected("is no private key in PEM form, or it has a passphrase");
  DkimKey key;
  key.key_ = std::shared_ptr<void>(raw, [](void* p) { EVP_PKEY_free(static_cast<EVP_PKEY*>(p)); });
  key.domain_ = std::move(domain);
  key.selector_ = std::move(selector);
  switch (EVP_PKEY_get_base_id(raw)) {
    case EVP_PKEY_RSA:
      if (EVP_PKEY_get_bits(raw) < 1024)
        return std::unexpected(
            "is an RSA key of less than 1024 bits, which verifiers ignore (RFC 8301)");
      key.algorithm_ = DkimAlgorithm::rsa_sha256;
      return key;
    case EVP_PKEY_ED25519:
      key.algorithm_ = DkimAlgorithm::ed25519_sha256;
      return key;
    default:
      return std::unexpected("is neither an RSA nor an Ed25519 key");
  }
}

std::string DkimKey::dns_record() const {
  if (algorithm_ == DkimAlgorithm::ed25519_sha256) {
    std::array<unsigned char, 32> raw{};
    std::size_t size = raw.size();
    POSTERN_ASSERT(EVP_PKEY_get_raw_public_key(pkey(key_), raw.data(), &size) == 1);
    return "v=DKIM1; k=ed25519; p=" +
           mail::base64_encode({reinterpret_cast<const char*>(raw.data()), size});  // RFC 8463 §4.2
  }
  unsigned char* der = nullptr;
  const int size = i2d_PUBKEY(pkey(key_), &der);
  POSTERN_ASSERT(size > 0);
  std::string record =
      "v=DKIM1; k=rsa; p=" +
      mail::base64_encode({reinterpret_cast<const char*>(der), static_cast<std::size_t>(size)});
  OPENSSL_free(der);
  return record;
}

std::string DkimKey::sign(std::string_view data) const {
  const std::unique_ptr<EVP_MD_CTX, decltype([](EVP_MD_CTX* p) { EVP_MD_CTX_free(p); })> signing(
      EVP_MD_CTX_new());
  // Ed25519 signs the SHA-256 of the text, not the text (RFC 8463 §3).
  const bool rsa = algorithm_ == DkimAlgorithm::rsa_sha256;
  const std::string hash = rsa ? std::string() : sha256(data);
  const std::string_view input = rsa ? data : std::string_view(hash);
  std::size_t size = 0;
  const auto* bytes = reinterpret_cast<const unsigned char*>(input.data());
  POSTERN_ASSERT(EVP_DigestSignInit(signing.get(), nullptr, rsa ? EVP_sha256() : nullptr, nullptr,
                                    pkey(key_)) == 1);
  POSTERN_ASSERT(EVP_DigestSign(signing.get(), nullptr, &size, bytes, input.size()) == 1);
  std::string signature(size, '\0');
  POSTERN_ASSERT(EVP_DigestSign(signing.get(), reinterpret_cast<unsigned char*>(signature.data()),
                                &size, bytes, input.size()) == 1);
  signature.resize(size);
  return signature;
}

std::string generate_dkim_pem(DkimAlgorithm algorithm) {
  EVP_PKEY* raw = algorithm == DkimAlgorithm::rsa_sha256
                      ? EVP_RSA_gen(2048)
                      : EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
  POSTERN_ASSERT(raw != nullptr);
  const std::unique_ptr<EVP_PKEY, decltype([](EVP_PKEY* p) { EVP_PKEY_free(p); })> key(raw);
  const std::unique_ptr<BIO, decltype([](BIO* bio) { BIO_free(bio); })> bio(BIO_new(BIO_s_mem()));
  POSTERN_ASSERT(PEM_write_bio_PKCS8PrivateKey(bio.get(), key.get(), nullptr, nullptr, 0, nullptr,
                                               nullptr) == 1);
  return bio_text(bio.get());
}

std::string dkim_zone_line(const DkimKey& key) {
  const std::string record = key.dns_record();
  std::string out = key.dns_name() + ". IN TXT (";
  for (std::size_t at = 0; at < record.size(); at += 250)
    out += fmt::format(" \"{}\"", record.substr(at, 250));
  return out + " )";
}

BodyHasher::BodyHasher()
    : digest_(EVP_MD_CTX_new(), [](void* p) { EVP_MD_CTX_free(static_cast<EVP_MD_CTX*>(p)); }) {
  POSTERN_ASSERT(EVP_DigestInit_ex(context(digest_), EVP_sha256(), nullptr) == 1);
}
BodyHasher::~BodyHasher() = default;
BodyHasher::BodyHasher(BodyHasher&&) noexcept = default;
BodyHasher& BodyHasher::operator=(BodyHasher&&) noexcept = default;

void BodyHasher::out(std::string_view bytes) {
  POSTERN_ASSERT(EVP_DigestUpdate(context(digest_), bytes.data(), bytes.size()) == 1);
}

/// Text follows: the empty lines that were held back, and a blank for the run of them, count after
/// all.
void BodyHasher::start_text() {
  for (; empty_lines_ > 0; --empty_lines_) buffer_ += "\r\n";
  if (blank_) buffer_ += ' ';
  blank_ = false;
  in_line_ = true;
}

void BodyHasher::update(std::string_view bytes) {
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const char c = bytes[i];
    if (after_cr_) {
      after_cr_ = false;
      if (c == '\n') {
        blank_ = false;  // blanks at a line's end vanish
        if (in_line_) {
          buffer_ += "\r\n";
          in_line_ = false;
        } else {
          ++empty_lines_;
        }
        continue;
      }
      start_text();
      buffer_ += '\r';
    }
    if (c == '\r') {
      after_cr_ = true;
    } else if (is_blank(c)) {
      blank_ = true;
    } else {
      start_text();
      const std::size_t end = std::min(bytes.find_first_of(" \t\r", i), bytes.size());
      buffer_ += bytes.substr(i, end - i);
      i = end - 1;
    }
    if (buffer_.size() >= 16 * 1024) {
      out(buffer_);
      buffer_.clear();
    }
  }
}

std::string BodyHasher::finish() {
  if (after_cr_) {
    start_text();
    buffer_ += '\r';
  }
  if (in_line_) buffer_ += "\r\n";  // a body that is not empty ends in CRLF
  out(buffer_);
  std::array<unsigned char, 32> hash{};
  POSTERN_ASSERT(EVP_DigestFinal_ex(context(digest_), hash.data(), nullptr) == 1);
  return mail::base64_encode({reinterpret_cast<const char*>(hash.data()), hash.size()});
}

std::string relaxed_header(std::string_view name, std::string_view raw_value) {
  std::string out = mail::lower_case(name) + ':';
  bool blank = false, any = false;
  for (std::size_t i = 0; i < raw_value.size(); ++i) {
    const char c = raw_value[i];
    if (c == '\r' && raw_value.substr(i).starts_with("\r\n")) {
      ++i;
    } else if (is_blank(c)) {
      blank = true;
    } else {
      if (blank && any) out += ' ';
      blank = false;
      any = true;
      out += c;
    }
  }
  return out;
}

std::string dkim_signature_fields(std::span<const DkimKey> keys, std::string_view header_block,
                                  std::string_view body_hash, std::chrono::sys_seconds now) {
  const mail::HeaderBlock headers = mail::HeaderBlock::parse(header_block);
  const std::vector<std::string_view> names = names_to_sign(headers);
  const std::string signed_headers = signed_text(headers, names);
  std::string fields;
  for (const DkimKey& key : keys) {
    const std::string value = fmt::format(
        "v=1; a={}; c=relaxed/relaxed;\r\n\td={}; s={}; t={};\r\n\t{};\r\n\tbh={};\r\n\tb=",
        key.algorithm() == DkimAlgorithm::rsa_sha256 ? "rsa-sha256" : "ed25519-sha256",
        key.domain(), key.selector(), now.time_since_epoch().count(), h_tag(names), body_hash);
    // The field itself comes last, with an empty b= and no CRLF (RFC 6376 §3.7).
    const std::string signature =
        mail::base64_encode(key.sign(signed_headers + relaxed_header("DKIM-Signature", value)));
    fields += "DKIM-Signature: " + value + folded_base64(signature, 10) + "\r\n";
  }
  return fields;
}

std::string dkim_sign(std::span<const DkimKey> keys, std::string_view message,
                      std::chrono::sys_seconds now) {
  const mail::HeaderBlock headers = mail::HeaderBlock::parse(message);
  BodyHasher hasher;
  hasher.update(message.substr(headers.size()));
  return dkim_signature_fields(keys, headers.text(), hasher.finish(), now);
}

}  // namespace postern::policy
