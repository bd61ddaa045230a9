// mailbox/imap/commands/append_body.cc: spills large messages to a file that is unlinked at once,
// so that no crash leaves it behind.
#include "mailbox/imap/commands/append_body.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "core/async/offload.h"
#include "core/error.h"

namespace postern::imap {
namespace {

[[noreturn]] void fail(std::string_view what) {
  throw IoError(fmt::format("{}: {}", what, std::strerror(errno)));
}

int open_scratch(const std::string& folder) {
  std::string path = folder + "/append-XXXXXX";
  const int file = ::mkostemp(path.data(), O_CLOEXEC);
  if (file < 0) fail("cannot make a scratch file");
  ::unlink(path.c_str());
  return file;
}

void write_all(int file, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(file, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail("cannot write a scratch file");
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
}

}  // namespace

AppendBody::~AppendBody() {
  if (file_ >= 0) ::close(file_);
}

AppendBody::AppendBody(AppendBody&& other) noexcept
    : pool_(other.pool_),
      folder_(std::move(other.folder_)),
      block_(std::move(other.block_)),
      file_(std::exchange(other.file_, -1)),
      written_(other.written_),
      has_nul_(other.has_nul_),
      last_(other.last_) {}

Task<> AppendBody::add(std::string_view octets) {
  for (const char c : octets) {
    if (c == '\n' && last_ != '\r') block_ += '\r';
    if (c != '\n' && last_ == '\r') block_ += '\n';
    block_ += c;
    has_nul_ |= c == '\0';
    last_ = c;
  }
  if (block_.size() > memory_limit) co_await spill();
}

Task<> AppendBody::spill() {
  co_await offload(pool_, [this] {
    if (file_ < 0) file_ = open_scratch(folder_);
    write_all(file_, block_);
  });
  written_ += block_.size();
  block_.clear();
}

Task<mailbox::Content> AppendBody::finish() {
  if (std::exchange(last_, '\0') == '\r') block_ += '\n';
  if (file_ < 0) co_return mailbox::Content::of(std::move(block_));
  co_await spill();
  mailbox::Content content;
  content.path = fmt::format("/proc/self/fd/{}", file_);
  co_return content;
}

}  // namespace postern::imap
