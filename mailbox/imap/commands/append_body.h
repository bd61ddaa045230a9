// mailbox/imap/commands/append_body.h: a message on its way in: in memory while it is small, else
// in a file without a name.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/async/task.h"
#include "core/async/thread_pool.h"
#include "mailbox/store/types.h"

namespace postern::imap {

/// Collects the octets of APPEND's literal. A bare CR or LF becomes CRLF: what is stored is clean.
class AppendBody {
 public:
  static constexpr std::size_t memory_limit = 256 * 1024;

  AppendBody(ThreadPool& pool, std::string folder) : pool_(pool), folder_(std::move(folder)) {}
  ~AppendBody();
  AppendBody(AppendBody&& other) noexcept;
  AppendBody& operator=(AppendBody&&) = delete;

  /// Takes more octets, in any pieces. IoError when the disk fails.
  Task<> add(std::string_view octets);  // the view is read before the first suspension
  /// All octets came. The content is good as long as this object lives.
  Task<mailbox::Content> finish();

  bool has_nul() const { return has_nul_; }
  std::uint64_t size() const { return written_ + block_.size(); }

 private:
  Task<> spill();

  ThreadPool& pool_;
  std::string folder_;
  std::string block_;
  int file_ = -1;
  std::uint64_t written_ = 0;
  bool has_nul_ = false;
  char last_ = '\0';
};

}  // namespace postern::imap
