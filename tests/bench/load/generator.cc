// tests/bench/load/generator.cc: one command at a time, or MAIL, RCPT and DATA in one write.
#include "generator.h"

#include <utility>

#include "core/mail/encodings.h"

namespace postern::bench {

void Load::compose() {
  const std::string from = user.empty() ? "load@bench.example" : user;
  tail = "\r\nFrom: <" + from + ">\r\nTo: <r@d0.bench.example>\r\nSubject: bench\r\n" +
         "Date: Mon, 02 Jan 2023 10:00:00 +0000\r\n\r\n";
  const std::string line = std::string(76, 'x') + "\r\n";
  while (tail.size() + line.size() + mark.size() < size) tail += line;
  tail += ".\r\n";
}

Client::Client(int descriptor, Load& load, Run& run) : Party(descriptor), load_(load), run_(run) {
  if (load.implicit_tls != nullptr) channel_.start_tls(load.implicit_tls);
}

void Client::progress() {
  channel_.flush();
  input_ += channel_.read();
  while (take_reply()) {
  }
  if (!output_.empty()) channel_.write(std::exchange(output_, {}));
  if (!channel_.is_open() && has_message_open()) {
    ++run_.refused;
    step_ = Step::quit;
  }
}

/// One reply, however many lines it has.
bool Client::take_reply() {
  std::size_t begin = 0;
  for (;;) {
    const std::size_t end = input_.find('\n', begin);
    if (end == std::string::npos) return false;
    const std::string_view line = std::string_view(input_).substr(begin, end - begin);
    begin = end + 1;
    if (line.size() > 3 && line[3] == '-') continue;
    const std::string code(line.substr(0, 3));
    input_.erase(0, begin);
    advance(code);
    return true;
  }
}

void Client::advance(std::string_view code) {
  const bool is_positive = code.starts_with('2') || code.starts_with('3');
  switch (step_) {
    case Step::greeting:
      output_ += "EHLO load.bench.example\r\n";
      step_ = Step::hello;
      return;
    case Step::hello:
      if (load_.user.empty()) return begin_message();
      output_ += "AUTH PLAIN " +
                 mail::base64_encode(std::string(1, '\0') + load_.user + '\0' + load_.password) +
                 "\r\n";
      step_ = Step::auth;
      return;
    case Step::auth:
      return begin_message();
    case Step::sender:
      recipient_ = 0;
      return next_recipient();
    case Step::recipient:
      return next_recipient();
    case Step::data:
      return send_message();
    case Step::dot:
      ++(is_positive ? run_.accepted : run_.refused);
      run_.last_accepted = Clock::now();
      return begin_message();
    case Step::quit:
      return;
  }
}

void Client::begin_message() {
  const bool is_done = load_.per_connection != 0 && sent_ == load_.per_connection;
  if (is_done || load_.is_exhausted()) {
    output_ += "QUIT\r\n";
    step_ = Step::quit;
    return;
  }
  ++sent_;
  number_ = load_.next++;
  const std::string from = load_.user.empty() ? "load@bench.example" : load_.user;
  run_.begun[number_] = Clock::now();
  output_ += "MAIL FROM:<" + from + ">\r\n";
  step_ = Step::sender;
  if (!load_.pipelines) return;
  for (std::uint64_t i = 0; i < load_.recipients; ++i) output_ += recipient_line(i);
  output_ += "DATA\r\n";
}

std::string Client::recipient_line(std::uint64_t index) const {
  return "RCPT TO:<r@d" + std::to_string(index) + ".bench.example>\r\n";
}

void Client::next_recipient() {
  const bool is_last = recipient_ == load_.recipients;
  step_ = is_last ? Step::data : Step::recipient;
  if (!load_.pipelines) output_ += is_last ? "DATA\r\n" : recipient_line(recipient_);
  ++recipient_;
}

void Client::send_message() {
  output_ += mark.substr(2);
  output_ += std::to_string(number_);
  output_ += load_.tail;
  step_ = Step::dot;
}

}  // namespace postern::bench
