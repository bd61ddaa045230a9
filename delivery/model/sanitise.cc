// delivery/model/sanitise.cc: a stranger's text, made fit for logs, reports and screens.
#include "delivery/model/sanitise.h"

#include <utility>

#include "core/mail/charset.h"
#include "core/mail/encodings.h"

namespace postern::delivery {

std::string sanitise(std::string_view text, std::size_t limit, bool ascii_only) {
  const std::string utf8 = ascii_only ? std::string() : mail::guess_utf8(text.substr(0, limit * 2));
  std::string out;
  bool blank = false;
  for (const char c : ascii_only ? text : std::string_view(utf8)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= ' ' || byte == 0x7f) {
      blank = !out.empty();
      continue;
    }
    if (out.size() + (blank ? 2 : 1) > limit) break;
    if (std::exchange(blank, false)) out += ' ';
    out += ascii_only && byte >= 0x80 ? '?' : c;
  }
  // U+0080 to U+009F are controls, too; and a character may have been cut at the end.
  for (std::size_t i = 0; i + 1 < out.size(); ++i) {
    if (out[i] == '\xc2' && static_cast<unsigned char>(out[i + 1]) < 0xa0) out.replace(i, 2, "?");
  }
  while (!ascii_only && !out.empty() && !mail::is_valid_utf8(out)) out.pop_back();
  return out;
}

}  // namespace postern::delivery
