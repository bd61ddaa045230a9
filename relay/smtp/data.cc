// relay/smtp/data.cc: DATA takes the message up to its dot (RFC 5321 §4.1.1.4, §4.5.2).
#include "core/async/loop.h"
#include "core/mail/dot_stuffing.h"
#include "relay/smtp/replies.h"
#include "relay/smtp/session.h"

namespace postern::smtp {
namespace {

constexpr std::uint64_t least_rate = 200;  // octets a second, on the average: who is slower holds us up on purpose

}  // namespace

Task<Answer> Session::data(std::string_view arguments) {
  if (!arguments.empty()) co_return reply::bad_syntax.with("DATA takes no parameters");
  if (is_chunking_) co_return reply::chunking_begun;  // RFC 3030 §3
  co_await send(reply::send_message);
  begin_message();
  co_await receive_until_dot();
  co_return co_await finish_message();
}

void Session::begin_message() {
  if (stream_.is_encrypted() && !origin_.protocol.ends_with('S')) origin_.protocol += 'S';
  if (origin_.account && !origin_.protocol.ends_with('A')) origin_.protocol += 'A';
  if (envelope_.smtputf8 && origin_.protocol.starts_with("ESMTP")) {
    origin_.protocol.replace(0, 5, "UTF8SMTP");  // RFC 6531 §4.3
  }
  admitted_count_ = admitted_.size();
  reception_ = intake_.begin(origin_, std::move(envelope_), std::move(admitted_));
}

/// Reads to the true end, whatever is wrong with the message: what follows the dot is a command again.
Task<> Session::receive_until_dot() {
  mail::DotDecoder decoder;
  std::string decoded;
  const auto began = Loop::current().now();
  while (!decoder.is_done()) {
    co_await stream_.wait_readable(terms_.data_timeout);
    decoded.clear();
    stream_.consume(decoder.feed(stream_.buffered(), decoded));
    co_await keep(decoded);
    const auto allowed = terms_.data_timeout + std::chrono::seconds(received_ / least_rate);
    if (Loop::current().now() - began > allowed) throw Timeout("the message arrives too slowly");
  }
}

/// Passes octets on, mended, as long as the message may still be taken.
Task<> Session::keep(std::string_view octets) {
  received_ += octets.size();
  mended_.clear();
  newlines_.feed(octets, mended_);
  const bool is_lost = received_ > terms_.message_size ||
                       (terms_.door == relay::Door::mx && newlines_.saw_bare_newline());
  if (is_lost) reception_.reset();  // nothing of it is kept in memory or on disk
  if (reception_) co_await reception_->write(mended_);
}

Task<Answer> Session::finish_message() {
  mended_.clear();
  newlines_.finish(mended_);
  const bool is_bare = terms_.door == relay::Door::mx && newlines_.saw_bare_newline();
  // SMTP has one answer for all, LMTP one for each recipient that was taken, in their order (RFC 2033 §4.2).
  const std::size_t count = terms_.door == relay::Door::lmtp ? admitted_count_ : 1;
  std::vector<Answer> answers;
  if (received_ > terms_.message_size) {
    answers.assign(count, reply::too_big.with(terms_.message_size));
  } else if (is_bare) {
    answers.assign(count, reply::bare_newline);
  } else {
    co_await reception_->write(mended_);
    answers = co_await reception_->finish();
  }
  reset();
  POSTERN_ASSERT(!answers.empty());
  for (std::size_t i = 0; i + 1 < answers.size(); ++i) co_await send(answers[i]);
  co_return answers.back();
}

}  // namespace postern::smtp
