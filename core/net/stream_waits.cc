// core/net/stream_waits.cc: waiting for input to arrive and for output to leave.
#include "core/net/connection.h"

namespace postern::net::detail {

bool ReadWait::await_ready() {
  connection_.input.merge_late();
  return take();
}

/// True when there is something to report: what was asked for, or an error.
bool ReadWait::take() {
  while (!take_buffered()) {
    if (connection_.decode_more()) continue;
    failed_ = !connection_.read_error.empty();
    return failed_;
  }
  return true;
}

bool ReadWait::take_buffered() {
  Connection& c = connection_;
  switch (what_) {
    case For::line: {
      const auto line = c.input.take_line(limit_);
      if (line) got_ = *line;
      return line.has_value();
    }
    case For::some: {
      const auto some = c.input.take_some(limit_);
      if (some) got_.text = *some;
      return some.has_value();
    }
    case For::readable:
      return c.input.has_news();
    case For::ready:
      return c.filters.is_ready();
    case For::end:
      return false;
  }
  return false;
}

void ReadWait::begin() {
  Connection& c = connection_;
  POSTERN_ASSERT(c.reader == nullptr);
  c.pump();
  c.input.compact();
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
