// mailbox/imap/command_reader.cc: puts lines and literals together into one command.
#include "mailbox/imap/command_reader.h"

#include <algorithm>

#include "mailbox/imap/replies.h"

namespace postern::imap {

using std::chrono::milliseconds;

bool announces_message(std::string_view text) {
  const auto request = parse_request(text);
  if (!request || request->name != "APPEND") return false;
  std::string mailbox;
  const auto head = parse_append(request->arguments, &mailbox);
  return head && head->has_value();
}

Task<Input> CommandReader::next(milliseconds idle, milliseconds whole, bool with_append) {
  return read_on({}, idle, whole, with_append, false);
}

Task<Input> CommandReader::after_message(milliseconds whole) {
  return read_on({}, whole, whole, true, true);
}

Task<Input> CommandReader::read_on(Input input, milliseconds first_wait, milliseconds whole,
                                   bool with_append, bool is_further_message) {
  using Clock = std::chrono::steady_clock;
  milliseconds wait = first_wait;
  std::optional<Clock::time_point> deadline;
  const auto remaining = [&] {
    if (!deadline) deadline = Clock::now() + whole;
    return std::max(milliseconds(1),
                    std::chrono::duration_cast<milliseconds>(*deadline - Clock::now()));
  };
  while (true) {
    const net::Stream::Line line = co_await stream_.read_line(limit_ - input.text.size(), wait);
    if (line.too_long) {
      // The lost end of the line may have announced a literal, which would read as commands.
      input.must_close = true;
      co_return input;
    }
    input.text += line.text;
    const auto literal = literal_at_end(line.text);
    if (!literal) co_return input;
    if (with_append && (is_further_message || announces_message(input.text))) {
      input.message = literal;
      co_return input;
    }
    if (literal->size >
        limit_ - std::min(limit_, input.text.size() + 2)) {  // refused before the "+"
      input.is_too_long = true;
      input.must_close = !literal->synchronizing;
      co_return input;
    }
    if (literal->synchronizing) co_await stream_.write(go_ahead);
    input.text += "\r\n";
    for (std::size_t missing = literal->size; missing > 0;) {
      const std::string_view some = co_await stream_.read_some(missing, remaining());
      input.text += some;
      missing -= some.size();
    }
    wait = remaining();
  }
}

}  // namespace postern::imap
