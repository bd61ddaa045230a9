// mailbox/imap/session/command_reader.cc: puts lines and literals together into one command.
#include "mailbox/imap/session/command_reader.h"

#include <algorithm>

#include "core/async/loop.h"
#include "mailbox/imap/grammar/append_head.h"
#include "mailbox/imap/session/replies.h"

namespace postern::imap {

using std::chrono::milliseconds;

namespace {

constexpr std::size_t kept_of_long_line = tag_limit + 1;  // its tag, for the answer
constexpr std::size_t longest_announcement = 32;          // of a literal: "{18446744073709551615+}"

/// A wait in several pieces.
class Patience {
 public:
  explicit Patience(milliseconds whole) : end_(Loop::current().now() + whole) {}
  milliseconds left() const {
    return std::max(milliseconds(1),
                    std::chrono::duration_cast<milliseconds>(end_ - Loop::current().now()));
  }

 private:
  std::chrono::steady_clock::time_point end_;
};

/// Whether a line that ends so may be followed by octets that are no command: one that comes
/// unasked.
bool may_announce_literal(std::string_view tail) {
  if (!tail.ends_with('}')) return false;
  const auto literal = literal_at_end(tail);
  const bool is_cut = tail.find('{') == std::string_view::npos;
  return is_cut || (literal && !literal->synchronizing);
}

}  // namespace

Task<Input> CommandReader::next(milliseconds idle, milliseconds whole, bool with_append) {
  return read_on({}, idle, whole, with_append, false);
}

Task<Input> CommandReader::after_message(milliseconds whole) {
  return read_on({}, whole, whole, true, true);
}

Task<Input> CommandReader::read_on(Input input, milliseconds first_wait, milliseconds whole,
                                   bool with_append, bool is_further_message) {
  milliseconds wait = first_wait;
  std::optional<Patience> patience;
  const auto remaining = [&] {
    if (!patience) patience.emplace(whole);
    return patience->left();
  };
  while (true) {
    if (!co_await line_fits(limit_ - input.text.size(), wait)) {
      input.text += stream_.buffered().substr(0, kept_of_long_line);
      input.is_too_long = true;
      input.must_close = !co_await skip_line(remaining());
      co_return input;
    }
    const net::Stream::Line line = co_await stream_.read_line(limit_ - input.text.size(), wait);
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

Task<bool> CommandReader::line_fits(std::size_t room, milliseconds wait) {
  const Patience patience(wait);
  for (std::size_t scanned = 0;;) {
    const std::string_view text = stream_.buffered();
    const std::size_t end = text.find("\r\n", scanned);
    if (end != std::string_view::npos) co_return end + 2 <= room;
    if (text.size() > room) co_return false;
    scanned = text.size() - (text.ends_with('\r') ? 1 : 0);
    co_await stream_.wait_readable(patience.left());
  }
}

Task<bool> CommandReader::skip_line(milliseconds wait) {
  const Patience patience(wait);
  std::string tail;
  for (std::size_t skipped = 0;;) {
    const std::string_view text = stream_.buffered();
    const std::size_t end = text.find("\r\n");
    const bool is_whole = end != std::string_view::npos;
    const std::size_t count = is_whole ? end : text.size() - (text.ends_with('\r') ? 1 : 0);
    tail += text.substr(0, count);
    tail.erase(0, tail.size() - std::min(tail.size(), longest_announcement));
    stream_.consume(is_whole ? count + 2 : count);
    skipped += count;
    if (skipped > skip_limit_) co_return false;
    if (is_whole) co_return !may_announce_literal(tail);
    co_await stream_.wait_readable(patience.left());
  }
}

}  // namespace postern::imap
