// relay/cli/size.cc: a number and its unit.
#include "relay/cli/size.h"

#include <charconv>

#include "relay/cli/session.h"

namespace postern::relay {

namespace {
struct Unit {
  std::string_view name;
  std::uint64_t bytes;
};
constexpr std::array units{Unit{"", 1},
                           Unit{"B", 1},
                           Unit{"KB", 1'000},
                           Unit{"MB", 1'000'000},
                           Unit{"GB", 1'000'000'000},
                           Unit{"TB", 1'000'000'000'000},
                           Unit{"KiB", 1ULL << 10},
                           Unit{"MiB", 1ULL << 20},
                           Unit{"GiB", 1ULL << 30},
                           Unit{"TiB", 1ULL << 40}};
}  // namespace

std::uint64_t parse_size(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string_view name(end, text.data() + text.size());
  if (error == std::errc()) {
    for (const Unit& unit : units)
      if (name == unit.name && number <= UINT64_MAX / unit.bytes) return number * unit.bytes;
  }
  throw CommandFailed(Exit::wrong_usage,
                      fmt::format("\"{}\" is no size; allowed are a whole number and B, KB, MB, "
                                  "GB, TB, KiB, MiB, GiB or TiB",
                                  text));
}

}  // namespace postern::relay
