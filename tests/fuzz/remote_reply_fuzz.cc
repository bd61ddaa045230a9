// Whatever a remote server says, the reply parser stays in bounds.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/mail/esmtp.h"
#include "delivery/smtp/remote_reply.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace postern::delivery;
  std::string_view input(reinterpret_cast<const char*>(data), size);
  ReplyParser parser;
  while (!input.empty()) {
    const std::string_view line = input.substr(0, input.find("\r\n"));
    input.remove_prefix(std::min(input.size(), line.size() + 2));
    const auto progress = parser.feed(line);
    if (progress == ReplyParser::Progress::broken) return 0;
    if (progress == ReplyParser::Progress::more) continue;
    const RemoteReply reply = parser.take();
    if (reply.code < 200 || reply.code > 599 || reply.text.size() > 2 * ReplyParser::octets_limit)
      std::abort();
    for (const char c : reply.words())
      if (c < ' ' || c > '~') std::abort();
    const auto offer = postern::mail::Offer::parse(reply.text);
    if (!offer.has(postern::mail::Extension::auth) &&
        offer.lists(postern::mail::Extension::auth, "PLAIN"))
      std::abort();
  }
  return 0;
}
