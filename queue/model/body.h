// queue/model/body.h: the bytes of an accepted message, in memory or in the spool.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "core/descriptor.h"
#include "core/error.h"

namespace postern::queue {

/// The file of a body is gone from the spool, or cannot be read: hold the message, never bounce it.
class BodyMissing : public IoError {
 public:
  using IoError::IoError;
};

/// Cheap to copy, immutable. Empty unless made by one of the two makers.
class Body {
 public:
  Body() = default;
  static Body in_memory(std::string bytes);
  static Body in_memory(std::shared_ptr<const std::string> bytes);
  static Body in_spool(std::filesystem::path file, std::uint64_t size);

  std::uint64_t size() const { return size_; }
  bool is_in_memory() const { return bytes_ != nullptr; }
  bool is_in_spool() const { return !file_.empty(); }
  /// Only when in memory.
  const std::string& bytes() const { return *bytes_; }
  const std::filesystem::path& file() const { return file_; }

  /// Throws BodyMissing when its file is gone, cannot be opened or has lost bytes. Blocks when in
  /// the spool.
  void require_file() const;
  /// Everything. Blocks when in the spool: call it in `offload`. Throws BodyMissing or IoError.
  std::string read() const;

 private:
  std::shared_ptr<const std::string> bytes_;
  std::filesystem::path file_;
  std::uint64_t size_ = 0;
};

/// Reads a body piece by piece. Blocks when the body is in the spool: call `next` in `offload`.
class BodyReader {
 public:
  explicit BodyReader(Body body, std::size_t piece = 64 * 1024);

  /// Empty at the end. Valid until the next call. Throws BodyMissing or IoError, also when the file
  /// is shorter than it was when accepted.
  std::string_view next();

 private:
  Body body_;
  std::size_t piece_;
  std::uint64_t position_ = 0;
  Descriptor descriptor_;
  std::string buffer_;
};

}  // namespace postern::queue
