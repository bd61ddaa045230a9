// tests/bench/load/sink.h: an SMTP server that takes everything and keeps nothing.
#pragma once

#include <string>

#include "channel.h"
#include "run.h"

namespace postern::bench {

/// One connection of it.
class SinkSession final : public Party {
 public:
  SinkSession(int descriptor, Run& run);
  void progress() override;

 private:
  std::size_t take(std::string_view bytes);
  std::size_t take_line(std::string_view bytes);
  std::size_t take_data(std::string_view bytes);
  void obey(std::string_view line);
  void take_mark();
  void message_ended();

  Run& run_;
  std::string pending_, replies_;
  bool in_data_ = false;
  std::uint64_t recipients_ = 0;
  std::string head_;  // of the message, until its mark is known
  std::uint64_t number_ = 0;
  bool is_marked_ = false;
  std::string tail_;  // the last octets of the message so far
};

}  // namespace postern::bench
