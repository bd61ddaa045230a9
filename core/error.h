// core/error.h: the exceptions for when the ground gives way, and the error of a parser.
#pragma once

#include <cstddef>
#include <expected>
#include <stdexcept>
#include <string>
#include <utility>

namespace postern {

/// Something outside of us failed: a connection, a disk, a server. Caught where a session or an
/// attempt is owned.
class IoError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The peer closed or reset the connection.
class ConnectionClosed : public IoError {
 public:
  using IoError::IoError;
};

/// A wait reached its limit.
class Timeout : public IoError {
 public:
  using IoError::IoError;
};

/// A wait was broken off by ourselves, for its coroutine to say a last word and leave.
class Interrupted : public IoError {
 public:
  using IoError::IoError;
};

/// The scope that a coroutine belongs to is closing. Let it pass: it is not an error and not an
/// IoError.
class Cancelled : public std::exception {
 public:
  const char* what() const noexcept override { return "cancelled"; }
};

/// What a parser found wrong, and where. `text` is safe to show: printable ASCII, no echo of the
/// input.
struct SyntaxError {
  std::string text;
  std::size_t offset = 0;
};

/// What such a parser returns.
inline std::unexpected<SyntaxError> syntax_error(std::string text, std::size_t offset = 0) {
  return std::unexpected(SyntaxError{std::move(text), offset});
}

}  // namespace postern
