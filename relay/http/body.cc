// relay/http/body.cc: a file that is unlinked at once, so that no crash leaves it behind, and
// mapped.
#include "relay/http/body.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>

namespace postern::http {
namespace {

Descriptor open_scratch(const std::string& folder) {
  std::string path = folder + "/body-XXXXXX";
  Descriptor file(::mkostemp(path.data(), O_CLOEXEC));
  if (!file) throw_errno("cannot make a scratch file", path);
  ::unlink(path.c_str());
  return file;
}

}  // namespace

BodyFile::BodyFile(const std::string& folder) : file_(open_scratch(folder)) {}

BodyFile::~BodyFile() {
  if (octets_ != nullptr) ::munmap(const_cast<char*>(octets_), size_);
}

void BodyFile::add(std::string_view octets) {
  write_whole(file_.get(), octets, "scratch file");
  size_ += octets.size();
}

void BodyFile::map() {
  void* const place = ::mmap(nullptr, size_, PROT_READ, MAP_SHARED, file_.get(), 0);
  if (place == MAP_FAILED) throw_errno("cannot map", "scratch file");
  octets_ = static_cast<const char*>(place);
}

}  // namespace postern::http
