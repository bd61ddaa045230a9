// mailbox/store/content_view.cc: a prefix and a file, side by side in memory.
#include "mailbox/store/content_view.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>

#include "core/descriptor.h"
#include "core/error.h"

namespace postern::mailbox {

namespace {

std::size_t whole_pages(std::size_t size) {
  static const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  return (size + page - 1) / page * page;
}

}  // namespace

ContentView::ContentView(const Content& content) {
  if (!content.memory) {
    map(content);
  } else if (content.prefix.empty()) {
    bytes_ = *content.memory;
  } else {
    joined_ = content.prefix + *content.memory;
    bytes_ = joined_;
  }
}

ContentView::~ContentView() {
  if (mapping_ != nullptr) ::munmap(mapping_, mapped_);
}

// The prefix ends where the file's first page begins.
void ContentView::map(const Content& content) {
  const Descriptor file(::open(content.path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat facts{};
  if (!file || ::fstat(file.get(), &facts) != 0) {
    throw IoError("cannot read a message file: " + std::string(std::strerror(errno)));
  }
  const auto size = static_cast<std::size_t>(facts.st_size);
  const std::size_t front = whole_pages(content.prefix.size());
  if (front + size == 0) return;
  void* const memory = ::mmap(nullptr, front + size, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) throw IoError("cannot map a message file");
  mapping_ = memory;
  mapped_ = front + size;
  char* const start = static_cast<char*>(memory);
  if (size > 0 && ::mmap(start + front, size, PROT_READ, MAP_PRIVATE | MAP_FIXED, file.get(), 0) ==
                      MAP_FAILED) {
    ::munmap(mapping_, mapped_);
    throw IoError("cannot map a message file");
  }
  std::memcpy(start + front - content.prefix.size(), content.prefix.data(), content.prefix.size());
  bytes_ = {start + front - content.prefix.size(), content.prefix.size() + size};
}

}  // namespace postern::mailbox
