// tests/fuzz/pop3_fuzz.cc: POP3 lines and the cut of TOP.
#include <cstdlib>

#include "mailbox/pop3/command.h"
#include "mailbox/pop3/maildrop.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto command = postern::pop3::parse_command(input);
  if (command && command->text.size() > input.size()) std::abort();
  if (size < 2) return 0;

  // Whatever the packets, the cut is the same.
  const std::string_view message = input.substr(2);
  const std::size_t step = 1 + data[1];
  postern::pop3::TopCutter whole(data[0]), pieces(data[0]);
  const std::string_view expected = whole.take(message);
  std::string cut;
  for (std::size_t at = 0; at < message.size() && !pieces.done(); at += step) {
    cut += pieces.take(message.substr(at, step));
  }
  if (cut != expected) std::abort();
  return 0;
}
