// core/mail/dot_stuffing.cc: see dot_stuffing.h.
#include "core/mail/dot_stuffing.h"

#include <algorithm>

namespace postern::mail {

void DotDecoder::emit(char c, std::string& out) {
  out += c;
  ++decoded_;
}

/// A byte that is neither part of a line end nor of the dot's sequence. A CR before it was bare.
void DotDecoder::text_byte(char c, std::string& out) {
  emit(c, out);
  longest_ = std::max(longest_, ++line_);
  saw_nul_ |= c == '\0';
  saw_8bit_ |= (static_cast<unsigned char>(c) & 0x80) != 0;
}

std::size_t DotDecoder::decode(std::string_view input, std::string& out) {
  const auto bare = [&](char c) {
    saw_bare_ = true;
    if (bare_ == BareLineEnds::keep) return text_byte(c, out);
    emit('\r', out);
    emit('\n', out);
    line_ = 0;
  };
  const auto line_end = [&] {
    emit('\r', out);
    emit('\n', out);
    line_ = 0;
    state_ = State::line_start;
  };
  for (std::size_t i = 0; i < input.size(); ++i) {
    const char c = input[i];
    switch (state_) {
      case State::done:
        return i;
      case State::line_start:
        if (c == '.') {
          state_ = State::dot;
          continue;
        }
        break;
      case State::dot:
        if (c == '\r') {
          state_ = State::dot_cr;
          continue;
        }
        break;  // the dot was stuffing
      case State::dot_cr:
        if (c == '\n') {
          state_ = State::done;
          return i + 1;
        }
        bare('\r');
        break;
      case State::cr:
        if (c == '\n') {
          line_end();
          continue;
        }
        bare('\r');
        break;
      case State::text:
        break;
    }
    if (c == '\r') {
      state_ = State::cr;
      continue;
    }
    state_ = State::text;
    if (c == '\n') {
      bare('\n');
      continue;
    }
    const std::size_t end = std::min(input.find_first_of("\r\n", i), input.size());
    const std::string_view run = input.substr(i, end - i);
    out += run;
    decoded_ += run.size();
    line_ += run.size();
    longest_ = std::max(longest_, line_);
    unsigned char all = 0;
    bool nul = false;
    for (const char byte : run) {
      all |= static_cast<unsigned char>(byte);
      nul |= byte == '\0';
    }
    saw_8bit_ |= (all & 0x80) != 0;
    saw_nul_ |= nul;
    i = end - 1;
  }
  return input.size();
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

}  // namespace postern::mail
