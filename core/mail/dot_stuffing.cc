// core/mail/dot_stuffing.cc: the state machines of transparency and line ends.
#include "core/mail/dot_stuffing.h"

#include <algorithm>

namespace postern::mail {

std::size_t DotDecoder::decode(std::string_view input, std::string& out) {
  std::size_t at = 0;
  while (at < input.size() && state_ != State::done) {
    if (state_ == State::text) {
      at = run(input, at, out);
    } else {
      step(input[at++], out);
    }
  }
  return at;
}

/// The bytes up to the next CR or LF at once, or that one.
std::size_t DotDecoder::run(std::string_view input, std::size_t at, std::string& out) {
  const std::size_t end = std::min(input.find_first_of("\r\n", at), input.size());
  if (end == at) {
    step(input[at], out);
    return at + 1;
  }
  out += input.substr(at, end - at);
  return end;
}

void DotDecoder::step(char c, std::string& out) {
  if (state_ == State::line_start && c == '.') {
    state_ = State::dot;
    return;
  }
  if (state_ == State::dot && c == '\r') {
    state_ = State::dot_cr;
    return;
  }
  if (state_ == State::dot_cr && c == '\n') {
    state_ = State::done;
    return;
  }
  if (state_ == State::cr && c == '\n') {
    out += "\r\n";
    state_ = State::line_start;
    return;
  }
  // Anything else is text. A dot before it was stuffing and is dropped; a CR before it was bare.
  if (state_ == State::cr || state_ == State::dot_cr) bare('\r', out);
  state_ = c == '\r' ? State::cr : State::text;
  if (c == '\n') {
    bare(c, out);
  } else if (c != '\r') {
    out += c;
  }
}

void DotDecoder::bare(char c, std::string& out) {
  saw_bare_ = true;
  out += c;
}

void DotEncoder::encode(std::string_view input, std::string& out) {
  for (std::size_t i = 0; i < input.size(); ++i) {
    const char c = input[i];
    if (after_cr_) {
      after_cr_ = false;
      out += "\r\n";
      at_line_start_ = true;
      if (c == '\n') continue;
    }
    if (c == '\r') {
      after_cr_ = true;
      continue;
    }
    if (c == '\n') {
      out += "\r\n";
      at_line_start_ = true;
      continue;
    }
    if (at_line_start_ && c == '.') out += '.';
    at_line_start_ = false;
    const std::size_t end = std::min(input.find_first_of("\r\n", i), input.size());
    out += input.substr(i, end - i);
    i = end - 1;
  }
}

void DotEncoder::finish(std::string& out) {
  if (after_cr_ || !at_line_start_) out += "\r\n";
  out += ".\r\n";
  at_line_start_ = true;
  after_cr_ = false;
}

bool LineCheck::update(std::string_view input) {
  while (is_fit_ && !input.empty()) {
    if (after_cr_) {
      is_fit_ = input.front() == '\n';
      after_cr_ = false;
      line_ = 0;
      input.remove_prefix(1);
      continue;
    }
    const std::string_view text = input.substr(0, input.find('\r'));
    line_ += text.size();
    is_fit_ = line_ <= line_limit && !text.contains('\n');
    after_cr_ = text.size() < input.size();
    input.remove_prefix(std::min(input.size(), text.size() + 1));
  }
  return is_fit_;
}

void LineEndNormaliser::update(std::string_view input, std::string& out) {
  for (std::size_t i = 0; i < input.size(); ++i) {
    const char c = input[i];
    if (after_cr_) {
      after_cr_ = false;
      out += "\r\n";
      if (c == '\n') continue;
      changed_ = true;
    }
    if (c == '\r') {
      after_cr_ = true;
      continue;
    }
    if (c == '\n') {
      out += "\r\n";
      changed_ = true;
      continue;
    }
    const std::size_t end = std::min(input.find_first_of("\r\n", i), input.size());
    out += input.substr(i, end - i);
    i = end - 1;
  }
}

void LineEndNormaliser::finish(std::string& out) {
  if (!after_cr_) return;
  after_cr_ = false;
  changed_ = true;
  out += "\r\n";
}

std::string with_crlf(std::string_view text) {
  std::string out;
  out.reserve(text.size() + 64);
  LineEndNormaliser normaliser;
  normaliser.update(text, out);
  normaliser.finish(out);
  return out;
}

bool has_clean_line_ends(std::string_view text) {
  for (std::size_t at = text.find_first_of("\r\n"); at != std::string_view::npos;
       at = text.find_first_of("\r\n", at + 2)) {
    if (!text.substr(at).starts_with("\r\n")) return false;
    if (at + 2 >= text.size()) break;
  }
  return true;
}

bool has_long_line(std::string_view text) {
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find("\r\n", begin), text.size());
    if (end - begin > line_limit) return true;
    begin = end + 2;
  }
  return false;
}

}  // namespace postern::mail
