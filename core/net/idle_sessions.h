// core/net/idle_sessions.h: sessions that wait for their client, so that a shutdown need not
// wait for them.
#pragma once

#include <unordered_set>

#include "core/net/stream.h"

namespace postern::net {

/// Of one loop. A shutdown interrupts those who wait for their client, and lets the others finish
/// what they do.
class IdleSessions {
 public:
  bool is_closing() const { return is_closing_; }
  void close_all() {
    is_closing_ = true;
    for (net::Stream* stream : waiting_) stream->interrupt();  // leaves on its own turn
  }

  /// While it lives, the session waits. Throws Interrupted when it is too late for that.
  class Mark {
   public:
    Mark(IdleSessions& all, net::Stream& stream) : all_(all), stream_(&stream) {
      if (all_.is_closing_) throw Interrupted("shutting down");
      all_.waiting_.insert(stream_);
    }
    ~Mark() { all_.waiting_.erase(stream_); }
    Mark(const Mark&) = delete;
    Mark& operator=(const Mark&) = delete;

   private:
    IdleSessions& all_;
    net::Stream* stream_;
  };

 private:
  bool is_closing_ = false;
  std::unordered_set<net::Stream*> waiting_;
};

}  // namespace postern::net
