// mailbox/imap/session/command_reader.h: reads whole commands, with their literals, from a stream.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "core/async/task.h"
#include "core/net/stream.h"
#include "mailbox/imap/grammar/request.h"

namespace postern::imap {

/// What came from the client.
struct Input {
  std::string text;  // a command; or its beginning when one of the following is there
  std::optional<LiteralMark> message;  // `text` ends with the announcement of APPEND's message
  bool is_too_long = false;            // refused before the client sent it: tell it
  bool must_close = false;  // what follows cannot be told from a literal that we don't want
};

/// Keeps no octets between commands: the stream's buffer does.
class CommandReader {
 public:
  /// `limit`: octets of a command with its literals. A line past it is read to its end, if that
  /// comes within `skip_limit` octets, so that it can be refused without an end to the session.
  CommandReader(net::Stream& stream, std::size_t limit, std::size_t skip_limit = 0)
      : stream_(stream), limit_(limit), skip_limit_(skip_limit) {}

  /// Waits `idle` for the first line, then `whole` for the rest. Timeout is thrown past either.
  /// With `with_append` APPEND's message is left to the caller.
  Task<Input> next(std::chrono::milliseconds idle, std::chrono::milliseconds whole,
                   bool with_append);

  /// Reads on after a message of APPEND, to the end of the line or the next message.
  Task<Input> after_message(std::chrono::milliseconds whole);

 private:
  Task<Input> read_on(Input input, std::chrono::milliseconds first_wait,
                      std::chrono::milliseconds whole, bool with_append, bool is_further_message);

  /// Waits until a line is there, or more octets than it may have.
  Task<bool> line_fits(std::size_t room, std::chrono::milliseconds wait);
  /// True when no literal follows the line that is dropped.
  Task<bool> skip_line(std::chrono::milliseconds wait);

  net::Stream& stream_;
  std::size_t limit_, skip_limit_;
};

}  // namespace postern::imap
