// core/log_sink.cc: a buffer, and a thread that empties it.
#include "core/log_sink.h"

#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <string_view>

namespace postern::log {

namespace {
constexpr std::chrono::milliseconds gathering{5};
constexpr int looks = 200;                  // without a line, before the writer goes to sleep
constexpr std::size_t enough = 256 * 1024;  // octets, after which nobody waits
}  // namespace

GatheringSink::GatheringSink(int descriptor)
    : descriptor_(descriptor), writer_([this] { write_now_and_then(); }) {}

GatheringSink::~GatheringSink() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  has_lines_.notify_all();
  closes_.notify_all();
  writer_.join();
}

void GatheringSink::sink_it_(const spdlog::details::log_msg& message) {
  spdlog::memory_buf_t text;
  formatter_->format(message, text);
  lines_.append(text.data(), text.size());
  if (message.level >= spdlog::level::warn || lines_.size() > enough) return write_out();
  if (sleeps_) has_lines_.notify_one();
}

/// Under the lock, so that lines keep their order.
void GatheringSink::write_out() {
  std::string_view rest = lines_;
  while (!rest.empty()) {
    const ssize_t count = ::write(descriptor_, rest.data(), rest.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) break;  // nobody is left to be told
    rest.remove_prefix(static_cast<std::size_t>(count));
  }
  lines_.clear();
}

/// While lines come it looks by the clock, so that who writes them need not wake it.
void GatheringSink::write_now_and_then() {
  std::unique_lock lock(mutex_);
  for (int idle = 0; !closing_; ++idle) {
    sleeps_ = idle >= looks;
    if (sleeps_) {
      has_lines_.wait(lock, [this] { return closing_ || !lines_.empty(); });
      sleeps_ = false;
    }
    if (!lines_.empty()) idle = 0;
    closes_.wait_for(lock, gathering, [this] { return closing_; });
    write_out();
  }
  write_out();
}

}  // namespace postern::log
