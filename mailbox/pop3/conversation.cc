// mailbox/pop3/conversation.cc: one reader of lines and one writer of replies.
#include "mailbox/pop3/conversation.h"

#include <fmt/ranges.h>

#include "mailbox/pop3/replies.h"
#include "policy/sasl/dialogue.h"

namespace postern::pop3 {
namespace {

constexpr std::size_t line_limit = policy::sasl::response_limit + 64;
constexpr int mistake_limit = 50;

std::string_view reply_to(CommandError error) {
  return error == CommandError::unknown ? reply::unknown : reply::bad_arguments;
}

}  // namespace

Task<std::optional<Command>> Conversation::next() {
  while (!is_over_) {
    const net::Stream::Line line = co_await stream_.read_line(line_limit, patience_);
    if (line.too_long) {
      co_await refuse(reply::too_long);
      continue;
    }
    std::expected<Command, CommandError> command = parse_command(line.text);
    const bool is_legal = command && (command->when == When::always || command->when == state_);
    if (is_legal) co_return *std::move(command);
    co_await refuse(command ? reply::wrong_state : reply_to(command.error()));
  }
  co_return std::nullopt;
}

Task<std::optional<std::string>> Conversation::response() {
  const net::Stream::Line line = co_await stream_.read_line(line_limit, patience_);
  if (!line.too_long) co_return std::string(line.text);
  co_await refuse(reply::too_long);
  co_return std::nullopt;
}

Task<> Conversation::say(std::string_view line) {
  co_await stream_.write(std::string(line) + "\r\n");
}

Task<> Conversation::refuse(std::string_view line) {
  const bool is_last = ++mistakes_ >= mistake_limit;
  is_over_ = is_over_ || is_last;
  co_await say(is_last ? reply::too_many_errors : line);
}

Task<> Conversation::tell_capabilities(const Offer& offer) {
  std::string list =
      "TOP\r\nUIDL\r\nRESP-CODES\r\nAUTH-RESP-CODE\r\nPIPELINING\r\nEXPIRE NEVER\r\n"
      "IMPLEMENTATION postern\r\n";
  if (offer.user) list += "USER\r\n";
  if (!offer.mechanisms.empty())  // RFC 5034 §3
    list += fmt::format("SASL {}\r\n", fmt::join(offer.mechanisms, " "));
  if (offer.tls) list += "STLS\r\n";
  co_await say(reply::capabilities);
  co_await say(list + ".");
}

}  // namespace postern::pop3
