// relay/http/body.h: what came behind a head: in memory while it is small, else in a file.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "core/descriptor.h"
#include "relay/http/budget.h"

namespace postern::http {

/// What can be parsed on a loop: half a millisecond.
inline constexpr std::size_t longest_quick_body = 64 * 1024;

/// A file without a name whose octets are read as if they stood in memory.
class BodyFile {
 public:
  /// IoError when the disk fails. Blocking, as all of it is.
  explicit BodyFile(const std::string& folder);
  ~BodyFile();
  BodyFile(const BodyFile&) = delete;
  void add(std::string_view octets);
  void map();  ///< nothing is added any more
  std::string_view text() const { return {octets_, size_}; }

 private:
  Descriptor file_;
  std::size_t size_ = 0;
  const char* octets_ = nullptr;  ///< where it is mapped
};

/// Copies share the file.
class Body {
 public:
  Body() = default;
  Body(std::string text) : text_(std::move(text)) {}  // NOLINT: a text is a body
  Body(std::string text, std::shared_ptr<const BodyFile> file,
       std::shared_ptr<const Budget::Share> share)
      : text_(std::move(text)), file_(std::move(file)), share_(std::move(share)) {}

  std::string_view text() const { return file_ ? file_->text() : text_; }
  std::size_t size() const { return text().size(); }
  bool is_in_file() const { return file_ != nullptr; }

 private:
  std::string text_;
  std::shared_ptr<const BodyFile> file_;
  std::shared_ptr<const Budget::Share> share_;  ///< of what it takes up
};

}  // namespace postern::http
