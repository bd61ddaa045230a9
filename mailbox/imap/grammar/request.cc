// mailbox/imap/grammar/request.cc: reads the tag and the name of a command, and the size of a
// literal.
#include "mailbox/imap/grammar/request.h"

#include <algorithm>

#include "mailbox/imap/grammar/cursor.h"

namespace postern::imap {

std::optional<LiteralMark> literal_at_end(std::string_view line) {
  if (!line.ends_with('}')) return {};
  const std::size_t open = line.rfind('{');
  if (open == std::string_view::npos) return {};
  std::string_view digits = line.substr(open + 1, line.size() - open - 2);
  LiteralMark mark;
  if (digits.ends_with('+')) {
    mark.synchronizing = false;
    digits.remove_suffix(1);
  }
  if (digits.empty()) return {};
  for (const char c : digits) {
    if (c < '0' || c > '9') return {};
    const auto digit = static_cast<std::uint64_t>(c - '0');
    mark.size = mark.size > (UINT64_MAX - digit) / 10 ? UINT64_MAX : mark.size * 10 + digit;
  }
  return mark;
}

std::expected<Request, BadRequest> parse_request(std::string_view bytes) {
  const std::string_view tag = bytes.substr(0, bytes.find(' '));
  const bool is_tag =
      !tag.empty() && tag.size() <= tag_limit && std::ranges::all_of(tag, [](unsigned char c) {
        return c > ' ' && c < 0x7f &&
               std::string_view("(){%*\"\\+").find(static_cast<char>(c)) == std::string_view::npos;
      });
  if (!is_tag) return std::unexpected(BadRequest{"*", "A command starts with a tag"});
  if (tag.size() == bytes.size())
    return std::unexpected(BadRequest{std::string(tag), "A command is missing"});
  Cursor cursor(bytes.substr(tag.size() + 1));
  std::string name = cursor.upper_atom();
  if (name == "UID") {
    cursor.space();
    name += ' ' + cursor.upper_atom();
  }
  if (cursor.failed()) return std::unexpected(BadRequest{std::string(tag), "A command is missing"});
  return Request{std::string(tag), std::move(name), cursor.rest()};
}

}  // namespace postern::imap
