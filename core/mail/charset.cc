// core/mail/charset.cc: converts text from the charsets that mail names to UTF-8, by ICU.
#include "core/mail/charset.h"

#include <unicode/ucnv.h>
#include <unicode/ustring.h>

#include <algorithm>
#include <memory>

#include "core/mail/encodings.h"

namespace postern::mail {
namespace {

struct CloseConverter {
  void operator()(UConverter* converter) const noexcept { ucnv_close(converter); }
};
using Converter = std::unique_ptr<UConverter, CloseConverter>;

bool is_charset_name(std::string_view name) {
  return !name.empty() && name.size() <= 60 && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.' || c == ':' || c == '+';
  });
}

std::optional<std::string> convert(const std::string& charset, std::string_view bytes) {
  if (bytes.size() > 0x1fffffff) bytes = bytes.substr(0, 0x1fffffff);  // ICU counts in 32 bits
  UErrorCode status = U_ZERO_ERROR;
  const Converter converter(ucnv_open(charset.c_str(), &status));
  if (U_FAILURE(status) || !converter) return std::nullopt;
  const auto length = static_cast<std::int32_t>(bytes.size());
  std::u16string wide(bytes.size() + 16, u'\0');
  std::int32_t units =
      ucnv_toUChars(converter.get(), wide.data(), static_cast<std::int32_t>(wide.size()),
                    bytes.data(), length, &status);
  if (status == U_BUFFER_OVERFLOW_ERROR) {
    status = U_ZERO_ERROR;
    wide.resize(static_cast<std::size_t>(units) + 1);
    units = ucnv_toUChars(converter.get(), wide.data(), static_cast<std::int32_t>(wide.size()),
                          bytes.data(), length, &status);
  }
  if (U_FAILURE(status)) return std::nullopt;
  std::string out(static_cast<std::size_t>(units) * 3 + 1, '\0');
  std::int32_t octets = 0;
  status = U_ZERO_ERROR;
  u_strToUTF8WithSub(out.data(), static_cast<std::int32_t>(out.size()), &octets, wide.data(), units,
                     0xfffd, nullptr, &status);
  if (U_FAILURE(status)) return std::nullopt;
  out.resize(static_cast<std::size_t>(octets));
  return out;
}

}  // namespace

std::optional<std::string> to_utf8(std::string_view charset, std::string_view bytes) {
  if (!is_charset_name(charset)) return std::nullopt;
  const std::string name = lower_case(charset);
  if (name == "us-ascii" || name == "ascii" || name == "utf-8" || name == "utf8") {
    if (is_valid_utf8(bytes)) return std::string(bytes);
    return name.starts_with("utf") ? convert("utf-8", bytes) : guess_utf8(bytes);
  }
  if (name == "iso-8859-1" || name == "latin1")
    return convert("windows-1252", bytes);  // what its writers mean
  return convert(name, bytes);
}

std::string guess_utf8(std::string_view bytes) {
  if (is_valid_utf8(bytes)) return std::string(bytes);
  return convert("windows-1252", bytes).value_or(std::string());
}

}  // namespace postern::mail
