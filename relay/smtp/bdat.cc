// relay/smtp/bdat.cc: BDAT takes the message in counted chunks (RFC 3030).
#include "core/async/loop.h"
#include "relay/smtp/replies.h"
#include "relay/smtp/session.h"

namespace postern::smtp {

Task<Answer> Session::bdat(std::string_view arguments) {
  const auto command = BdatCommand::parse(arguments);
  if (!command) {
    closing_ = true;  // how many octets follow is unknown, and they must not become commands
    co_return command.error();
  }
  co_return co_await take_chunk(*command);
}

Task<Answer> Session::take_chunk(BdatCommand command) {
  if (phase_ < Phase::recipients || is_refused_) {
    co_await read_chunk(command.size, false);  // refused, and its octets dropped: RFC 3030 §2
    co_return is_refused_ ? Answer(reply::out_of_order) : missing();
  }
  if (!is_chunking_) begin_message();
  is_chunking_ = true;
  co_await read_chunk(command.size, true);
  if (command.is_last) co_return co_await finish_message();
  if (received_ <= terms_.message_size) co_return reply::chunk.with(command.size);
  is_refused_ = true;  // until RSET or a new MAIL
  co_return reply::too_big.with(terms_.message_size);
}

/// Reads exactly `size` octets. The time allowed grows with what has come, not with what was
/// announced, which may be anything.
Task<> Session::read_chunk(std::uint64_t size, bool keeps) {
  const auto began = Loop::current().now();
  for (std::uint64_t read = 0; read < size;) {
    const std::string_view octets = co_await stream_.read_some(
        std::min<std::uint64_t>(size - read, 65'536), terms_.data_timeout);
    read += octets.size();
    if (Loop::current().now() - began > terms_.time_for(read))
      throw Timeout("the chunk arrives too slowly");
    if (keeps) co_await keep(octets);
  }
}

}  // namespace postern::smtp
