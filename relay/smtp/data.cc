// relay/smtp/data.cc: DATA takes the message up to its dot (RFC 5321 §4.1.1.4, §4.5.2).
#include "core/async/loop.h"
#include "core/mail/dot_stuffing.h"
#include "relay/smtp/outcomes.h"
#include "relay/smtp/replies.h"
#include "relay/smtp/session.h"

namespace postern::smtp {

Task<Answer> Session::data(std::string_view arguments) {
  if (!arguments.empty()) co_return reply::bad_syntax.with("DATA takes no parameters");
  if (is_chunking_) co_return reply::chunking_begun;  // RFC 3030 §3
  co_await send(reply::send_message);
  begin_message();
  co_await receive_until_dot();
  co_return co_await finish_message();
}

void Session::begin_message() {
  relay::Origin origin = origin_;
  origin.protocol = protocol_word();
  admitted_count_ = admitted_.size();
  reception_ = intake_.begin(std::move(origin), std::move(envelope_), std::move(admitted_));
}

/// The word behind `with` in the Received field (RFC 3848, RFC 6531 §4.3).
std::string Session::protocol_word() const {
  std::string word = origin_.protocol;
  if (word == "SMTP") return word;
  if (envelope_.options.smtputf8) word = word == "LMTP" ? "UTF8LMTP" : "UTF8SMTP";
  if (stream_.is_encrypted()) word += 'S';
  if (origin_.account) word += 'A';
  return word;
}

/// Reads to the true end, whatever is wrong with the message: what follows the dot is a command
/// again.
Task<> Session::receive_until_dot() {
  mail::DotDecoder decoder;
  std::string decoded;
  const auto began = Loop::current().now();
  while (!decoder.done()) {
    if (stream_.buffered().empty()) co_await stream_.wait_readable(terms_.data_timeout);
    decoded.clear();
    stream_.consume(decoder.decode(stream_.buffered(), decoded));
    co_await keep(decoded);
    if (Loop::current().now() - began > terms_.time_for(received_))
      throw Timeout("the message arrives too slowly");
  }
}

/// Takes octets as they came: counted, and with their line ends mended.
Task<> Session::keep(std::string_view octets) {
  received_ += octets.size();
  mended_.clear();
  line_ends_.update(octets, mended_);
  co_await pass_on();
}

Task<> Session::pass_on() {
  if (is_lost()) reception_.reset();  // nothing of it is kept in memory or on disk
  if (mended_.empty() || !reception_) co_return;
  at_line_start_ = mended_.back() == '\n';
  co_await reception_->write(mended_);
}

bool Session::is_lost() const {
  // On submission bare line ends are mended, on port 25 they are an attack (RFC 5321 §2.3.8).
  const bool is_smuggling = terms_.door == relay::Door::mx && line_ends_.changed();
  return received_ > terms_.message_size || is_smuggling;
}

Task<Answer> Session::finish_message() {
  mended_.clear();
  line_ends_.finish(mended_);
  if (mended_.empty() && !at_line_start_) mended_ = "\r\n";  // BDAT may end in the middle of a line
  co_await pass_on();
  // SMTP has one answer for all, LMTP one for each recipient that was taken, in their order (RFC
  // 2033 §4.2).
  const std::size_t count = terms_.door == relay::Door::lmtp ? admitted_count_ : 1;
  std::vector<Answer> answers;
  if (received_ > terms_.message_size) {
    answers.assign(count, reply::too_big.with(terms_.message_size));
  } else if (is_lost()) {
    answers.assign(count, reply::bare_newline);
  } else if (!may_go_on()) {
    answers.assign(count, reply::login_ended);
  } else {
    for (const relay::Acceptance& one : co_await reception_->finish()) {
      if (one) errors_ = 0;
      answers.push_back(answer_to(one));
    }
  }
  reset();
  POSTERN_ASSERT(!answers.empty());
  for (std::size_t i = 0; i + 1 < answers.size(); ++i) co_await send(answers[i]);
  co_return answers.back();
}

}  // namespace postern::smtp
