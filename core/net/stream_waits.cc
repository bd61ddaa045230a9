// core/net/stream_waits.cc: waiting for input to arrive and for output to leave.
#include "core/net/connection.h"

namespace postern::net::detail {

bool ReadWait::await_ready() {
  connection_.merge_late();
  return take();
}

/// True when there is something to report: what was asked for, or an error.
bool ReadWait::take() {
  Connection& c = connection_;
  switch (what_) {
    case For::line:
      c.seen = c.begin;
      if (take_line()) return true;
      break;
    case For::some:
      c.seen = c.begin;
      if (c.begin < c.input.size()) {
        text_ = std::string_view(c.input).substr(c.begin, limit_);
        c.begin += text_.size();
        c.seen = c.scanned = c.begin;
        return true;
      }
      break;
    case For::readable:
      if (std::max(c.seen, c.begin) < c.input.size()) {
        c.seen = c.input.size();
        return true;
      }
      break;
    case For::raw:
      if (!c.raw.empty()) return true;
      break;
    case For::end:
      break;
  }
  failed_ = !c.read_error.empty();
  return failed_;
}

bool ReadWait::take_line() {
  Connection& c = connection_;
  std::size_t from = std::max(c.scanned, c.begin);
  for (;;) {
    const std::size_t at = c.input.find('\n', from);
    if (at == std::string::npos) break;
    if (at == c.begin || c.input[at - 1] != '\r') {
      from = at + 1;
      continue;
    }
    too_long_ = std::exchange(c.dropping, false) || at + 1 - c.begin > limit_;
    if (!too_long_) text_ = std::string_view(c.input).substr(c.begin, at - 1 - c.begin);
    c.begin = c.scanned = c.seen = at + 1;
    return true;
  }
  c.scanned = c.input.size();
  if (c.input.size() - c.begin > limit_ || c.dropping) {
    // Drop what cannot become a line any more, but for a CR whose LF is yet to come.
    c.dropping = true;
    const bool keeps_cr = c.input.size() > c.begin && c.input.back() == '\r';
    c.input = keeps_cr ? "\r" : "";
    c.begin = c.seen = 0;
    c.scanned = c.input.size();
  }
  return false;
}

void ReadWait::begin() {
  Connection& c = connection_;
  POSTERN_ASSERT(c.reader == nullptr);
  c.pump();
  c.input.erase(0, c.begin);
  c.scanned -= std::min(c.scanned, c.begin);
  c.seen -= std::min(c.seen, c.begin);
  c.begin = 0;
  if (c.input.empty()) std::string().swap(c.input);  // an idle connection owns no buffer
  c.reader = this;
  start(timeout_);
  c.start_reading();
}

void ReadWait::arrived() {
  if (!take()) return;
  end();
  wake();
}

void ReadWait::interrupt() {
  interrupted_ = true;
  end();
  wake();
}

void ReadWait::end() noexcept {
  stop();
  connection_.reader = nullptr;
}

void ReadWait::time_is_up() {
  timed_out_ = true;
  end();
  wake();
}

void ReadWait::conclude() {
  finish();
  if (interrupted_) throw Interrupted("interrupted");
  if (timed_out_) throw Timeout("no input from " + connection_.peer.text() + " in time");
  if (!failed_) return;
  connection_.pump();  // who has only finished his sending still gets what was written to him
  throw ConnectionClosed(connection_.read_error);
}

bool DrainWait::await_ready() {
  Connection& c = connection_;
  if (c.unsent() > high_ || high_ == 0) c.pump();
  return !c.write_error.empty() || c.unsent() <= high_;
}

void DrainWait::begin() {
  POSTERN_ASSERT(connection_.writer == nullptr);
  connection_.writer = this;
  start(timeout_);
}

void DrainWait::progressed() {
  if (connection_.write_error.empty() && connection_.unsent() > target_) return;
  end();
  wake();
}

void DrainWait::end() noexcept {
  stop();
  connection_.writer = nullptr;
}

void DrainWait::time_is_up() {
  timed_out_ = true;
  end();
  wake();
}

void DrainWait::await_resume() {
  finish();
  if (timed_out_) throw Timeout(connection_.peer.text() + " takes no output");
  if (!connection_.write_error.empty()) throw ConnectionClosed(connection_.write_error);
}

}  // namespace postern::net::detail
