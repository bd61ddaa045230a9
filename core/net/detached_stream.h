// core/net/detached_stream.h: a connection between two loops.
#pragma once

#include <string>

#include "core/net/address.h"
#include "core/net/filter_chain.h"
#include "core/net/input_buffer.h"

namespace postern::net {

/// A stream on its way from one loop to another: descriptor, filters, input not yet used. Closes
/// what nobody attaches.
class DetachedStream {
 public:
  DetachedStream() = default;
  DetachedStream(int descriptor, Address peer);  ///< a connected socket, which it owns from now on
  DetachedStream(DetachedStream&& other) noexcept;
  DetachedStream& operator=(DetachedStream&& other) noexcept;
  ~DetachedStream();

 private:
  friend class Stream;
  int descriptor_ = -1;
  Address peer_, local_;
  FilterChain filters_;
  InputBuffer input_;
  std::string read_error_;
};

}  // namespace postern::net
