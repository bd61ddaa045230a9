// core/sha256.h: a name of 64 letters and digits for any text.
#pragma once

#include <memory>
#include <string>
#include <string_view>

struct evp_md_ctx_st;  // of OpenSSL

namespace postern {

/// SHA-256 in hexadecimal digits, in lower case.
std::string sha256(std::string_view text);

/// The same of a text that comes in pieces.
class Sha256 {
 public:
  Sha256();
  void update(std::string_view piece);
  std::string finish();  ///< the last call

 private:
  struct Free {
    void operator()(evp_md_ctx_st* context) const;
  };
  std::unique_ptr<evp_md_ctx_st, Free> context_;
};

}  // namespace postern
