// core/net/input_buffer.cc: finds lines in what arrives, and drops those that are too long.
#include "core/net/input_buffer.h"

#include <algorithm>
#include <utility>

#include "core/assert.h"

namespace postern::net {

void InputBuffer::compact() {
  text_.erase(0, begin_);
  scanned_ -= std::min(scanned_, begin_);
  seen_ -= std::min(seen_, begin_);
  begin_ = 0;
  if (text_.empty()) std::string().swap(text_);  // an idle connection owns no buffer
}

void InputBuffer::merge_late() {
  if (late_.empty()) return;
  compact();
  if (text_.empty())
    text_.swap(late_);
  else
    text_.append(late_);
  std::string().swap(late_);
}

std::optional<InputBuffer::Line> InputBuffer::take_line(std::size_t limit) {
  seen_ = begin_;
  std::size_t from = std::max(scanned_, begin_);
  for (;;) {
    const std::size_t at = text_.find('\n', from);
    if (at == std::string::npos) break;
    if (at == begin_ || text_[at - 1] != '\r') {
      from = at + 1;
      continue;
    }
    Line line{.too_long = std::exchange(dropping_, false) || at + 1 - begin_ > limit};
    if (!line.too_long) line.text = std::string_view(text_).substr(begin_, at - 1 - begin_);
    begin_ = scanned_ = seen_ = at + 1;
    return line;
  }
  scanned_ = text_.size();
  if (text_.size() - begin_ > limit || dropping_) drop_unfinished_line();
  return {};
}

/// Drops what cannot become a line any more, but for a CR whose LF is yet to come.
void InputBuffer::drop_unfinished_line() {
  dropping_ = true;
  const bool keeps_cr = text_.size() > begin_ && text_.back() == '\r';
  text_ = keeps_cr ? "\r" : "";
  begin_ = seen_ = 0;
  scanned_ = text_.size();
}

std::optional<std::string_view> InputBuffer::take_some(std::size_t limit) {
  seen_ = begin_;
  if (begin_ == text_.size()) return {};
  const std::string_view some = unread().substr(0, limit);
  begin_ += some.size();
  seen_ = scanned_ = begin_;
  return some;
}

void InputBuffer::consume(std::size_t octets) {
  POSTERN_ASSERT(octets <= text_.size() - begin_);
  begin_ += octets;
}

bool InputBuffer::has_news() {
  if (std::max(seen_, begin_) >= text_.size()) return false;
  seen_ = text_.size();
  return true;
}

void InputBuffer::forget_read() {
  std::string().swap(text_);
  begin_ = scanned_ = seen_ = 0;
  dropping_ = false;
}

std::string InputBuffer::take_all() {
  merge_late();
  std::string all(unread());
  forget_read();
  return all;
}

void InputBuffer::start_over() {
  merge_late();
  compact();
  scanned_ = seen_ = 0;
}

}  // namespace postern::net
