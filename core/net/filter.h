// core/net/filter.h: what stands between a stream's plaintext and its wire, such as TLS.
#pragma once

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>

namespace postern::net {

/// How far a filter came; the error says why nothing more can pass.
using Passed = std::expected<void, std::string>;

/// One step between plaintext (above) and wire (below), with a state for each direction. A filter
/// has no part in waiting, timers and sockets: it turns octets into octets, a read or a write at a
/// time, and whoever owns it may move it to another loop between two calls.
class Filter {
 public:
  Filter() = default;
  Filter(const Filter&) = delete;
  Filter& operator=(const Filter&) = delete;
  virtual ~Filter();

  /// Takes `bytes` from below and appends to `into` what they say; what only more input would
  /// complete stays here. After an error, what has been appended still counts. Called once, perhaps
  /// with nothing, when the filter is added: who speaks first can.
  /// What expands (an octet of deflate may say a thousand: RFC 1951) appends 64 KiB or so at a
  /// time, keeps the rest of `bytes`, and says so in `has_more`; a call with nothing goes on.
  virtual Passed decode(std::string_view bytes, std::string& into) = 0;
  /// Whether decode would append something without more input. False after an error.
  virtual bool has_more() const { return false; }

  /// Appends what the filter has to say by itself, then `plain`, so that the peer can read every
  /// octet of it without waiting for more (RFC 4978 §3: flushed at the end of each response). Keeps
  /// none of it.
  virtual Passed encode(std::string_view plain, std::string& into) = 0;
  /// Appends the end of this direction, such as TLS' close_notify (RFC 8446 §6.1). Nothing is
  /// encoded after it.
  virtual Passed finish(std::string& into) = 0;
  /// Octets that the filter has to say by itself: handshake, alerts, key updates.
  virtual std::size_t pending() const { return 0; }

  /// False while the filter agrees with its peer, and for good when it could not: until then
  /// `encode` gets no plaintext, and no other filter is added above.
  virtual bool is_ready() const { return true; }
  /// Whether nobody on the way can read.
  virtual bool is_encrypting() const { return false; }

  /// Nothing is on its way out: gives back what is only a buffer. Called after each drained write.
  virtual void release_buffers() noexcept {}
};

}  // namespace postern::net
