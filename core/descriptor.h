// core/descriptor.h: a file descriptor with an owner, and files that are on disk when we say so.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

namespace postern {

class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~Descriptor();

  int get() const { return number_; }
  explicit operator bool() const { return number_ >= 0; }

 private:
  int number_ = -1;
};

/// Throws IoError with the path and errno's words.
[[noreturn]] void throw_errno(std::string_view what, const std::filesystem::path& path);
Descriptor open_file(const std::filesystem::path& path, int flags, unsigned mode = 0600);
void write_whole(int descriptor, std::string_view bytes, const std::filesystem::path& path);
/// The file's own name is on disk only when its folder is.
void sync_folder(const std::filesystem::path& folder);
/// Replaces a small file so that a crash leaves the old or the new one.
void write_durably(const std::filesystem::path& path, std::string_view bytes);
/// Empty when there is none.
std::string read_small(const std::filesystem::path& path);

}  // namespace postern
