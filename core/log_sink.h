// core/log_sink.h: stderr, with many lines of a busy server in one system call.
#pragma once

#include <spdlog/sinks/base_sink.h>

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

namespace postern::log {

/// Gathers lines for some milliseconds. A warning or an error is written at once, with all that
/// stands before it.
class GatheringSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  /// Writes to `descriptor`, which stays open.
  explicit GatheringSink(int descriptor);
  ~GatheringSink() override;

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override;
  void flush_() override { write_out(); }

 private:
  void write_out();
  void write_now_and_then();

  const int descriptor_;
  std::string lines_;  // guarded by mutex_, like all below
  bool closing_ = false, sleeps_ = false;
  std::condition_variable has_lines_, closes_;
  std::thread writer_;
};

}  // namespace postern::log
