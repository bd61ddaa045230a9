// relay/smtp/newline_filter.cc: CRLF and nothing else.
#include "relay/smtp/newline_filter.h"

namespace postern::smtp {

void NewlineFilter::feed(std::string_view bytes, std::string& out) {
  while (!bytes.empty()) {
    if (after_cr_) {
      after_cr_ = false;
      out += "\r\n";
      at_line_start_ = true;
      if (bytes.front() == '\n') {
        bytes.remove_prefix(1);
      } else {
        saw_bare_newline_ = true;
      }
      continue;
    }
    const std::size_t plain = std::min(bytes.find_first_of("\r\n"), bytes.size());
    out.append(bytes.substr(0, plain));
    if (plain > 0) at_line_start_ = false;
    if (plain == bytes.size()) return;
    if (bytes[plain] == '\r') {
      after_cr_ = true;
    } else {
      saw_bare_newline_ = true;
      out += "\r\n";
      at_line_start_ = true;
    }
    bytes.remove_prefix(plain + 1);
  }
}

void NewlineFilter::finish(std::string& out) {
  if (after_cr_) saw_bare_newline_ = true;
  if (after_cr_ || !at_line_start_) out += "\r\n";
  after_cr_ = false;
  at_line_start_ = true;
}

}  // namespace postern::smtp
