// core/config/types.h: what sections are made of, and what a mistake in them is.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <filesystem>
#include <string>

namespace postern::config {

using Milliseconds = std::chrono::milliseconds;
using Path = std::filesystem::path;

/// "30/h": so many in each stretch of time.
struct Rate {
  std::uint64_t count = 0;
  Milliseconds per{0};
};

/// A value, or in words what would have been one.
template <class T>
using Parsed = std::expected<T, std::string>;

class Report;   // reader.h
class Section;  // reader.h

/// A mistake: what is wrong, and what is allowed.
struct ConfigError {
  std::string file;
  unsigned line = 0;  ///< 0: the file as a whole
  std::string text;
  std::string message() const;  ///< `FILE:LINE: text`
};

}  // namespace postern::config
