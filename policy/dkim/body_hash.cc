// policy/dkim/body_hash.cc: relaxed body canonicalisation, octet by octet, into SHA-256.
#include "policy/dkim/body_hash.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>

#include "core/assert.h"
#include "core/mail/encodings.h"

namespace postern::policy {
namespace {

constexpr std::size_t most_held = 16 * 1024;

EVP_MD_CTX* context(const std::shared_ptr<void>& digest) {
  return static_cast<EVP_MD_CTX*>(digest.get());
}

bool is_blank(char c) { return c == ' ' || c == '\t'; }

}  // namespace

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
  for (; empty_lines_ > 0; --empty_lines_) {
    buffer_ += "\r\n";
    pass_on_if_full();
  }
  if (blank_) buffer_ += ' ';
  blank_ = false;
  in_line_ = true;
}

void BodyHasher::pass_on_if_full() {
  if (buffer_.size() < most_held) return;
  out(buffer_);
  buffer_.clear();
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
    pass_on_if_full();
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

}  // namespace postern::policy
