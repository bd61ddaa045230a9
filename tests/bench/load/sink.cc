// tests/bench/load/sink.cc: EHLO, MAIL, RCPT, DATA, RSET, QUIT; pipelined or not.
#include "sink.h"

#include <charconv>
#include <utility>

namespace postern::bench {

namespace {
constexpr std::string_view end_of_data = "\r\n.\r\n";
constexpr std::size_t longest_head = 64 * 1024;
}  // namespace

SinkSession::SinkSession(int descriptor, Run& run) : Party(descriptor), run_(run) {
  channel_.write("220 sink.example ESMTP\r\n");
}

void SinkSession::progress() {
  channel_.flush();
  const std::string_view bytes = channel_.read();
  std::string joined;
  std::string_view rest = bytes;
  if (!pending_.empty()) {
    joined = std::exchange(pending_, {});
    joined += bytes;
    rest = joined;
  }
  while (!rest.empty()) {
    const std::size_t taken = take(rest);
    if (taken == 0) break;
    rest.remove_prefix(taken);
  }
  pending_ = rest;
  if (!replies_.empty()) channel_.write(std::exchange(replies_, {}));
}

std::size_t SinkSession::take(std::string_view bytes) {
  return in_data_ ? take_data(bytes) : take_line(bytes);
}

std::size_t SinkSession::take_line(std::string_view bytes) {
  const std::size_t end = bytes.find('\n');
  if (end == std::string_view::npos) return 0;
  obey(bytes.substr(0, end));
  return end + 1;
}

void SinkSession::obey(std::string_view line) {
  const std::string_view verb = line.substr(0, 4);
  if (verb == "EHLO") {
    replies_ += "250-sink.example\r\n250-PIPELINING\r\n250-SIZE 0\r\n250 8BITMIME\r\n";
  } else if (verb == "MAIL") {
    recipients_ = 0;
    replies_ += "250 OK\r\n";
  } else if (verb == "RCPT") {
    ++recipients_;
    replies_ += "250 OK\r\n";
  } else if (verb == "DATA") {
    in_data_ = true;
    is_marked_ = false;
    head_ = tail_ = "\r\n";
    replies_ += "354 Go ahead\r\n";
  } else if (verb == "QUIT") {
    replies_ += "221 Bye\r\n";
  } else {
    replies_ += "250 OK\r\n";
  }
}

std::size_t SinkSession::take_data(std::string_view bytes) {
  if (!is_marked_ && head_.size() < longest_head) {
    head_ += bytes;
    take_mark();
  }
  // The end may lie across the border of two packets.
  const std::size_t before = tail_.size();
  tail_ += bytes.substr(0, end_of_data.size());
  std::size_t end = tail_.find(end_of_data);
  if (end != std::string::npos) {
    end = end + end_of_data.size() - before;
  } else {
    end = bytes.find(end_of_data);
    if (end != std::string_view::npos) end += end_of_data.size();
  }
  if (end != std::string_view::npos) {
    message_ended();
    return end;
  }
  tail_ = tail_.substr(0, before);
  tail_ += bytes.substr(bytes.size() - std::min(bytes.size(), end_of_data.size()));
  tail_ = tail_.substr(tail_.size() - std::min(tail_.size(), end_of_data.size() - 1));
  return bytes.size();
}

void SinkSession::take_mark() {
  const std::size_t at = head_.find(mark);
  if (at == std::string::npos || head_.find('\r', at + mark.size()) == std::string::npos) return;
  std::from_chars(head_.data() + at + mark.size(), head_.data() + head_.size(), number_);
  is_marked_ = true;
  head_.clear();
}

void SinkSession::message_ended() {
  in_data_ = false;
  replies_ += "250 Taken\r\n";
  run_.arrived += recipients_;
  run_.last_arrived = Clock::now();
  if (!is_marked_ || number_ >= run_.begun.size()) return;
  run_.latencies.push_back(
      std::chrono::duration<double, std::milli>(run_.last_arrived - run_.begun[number_]).count());
}

}  // namespace postern::bench
