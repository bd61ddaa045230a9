// queue/model/queue_id.cc: Crockford's base 32, and where ids come from.
#include "queue/model/queue_id.h"

#include <array>
#include <atomic>
#include <random>

namespace postern::queue {

namespace {

constexpr std::string_view digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
constexpr std::size_t length = 13;  // 65 bits: the first character is at most F
constexpr unsigned low_bits = 23;
constexpr std::uint64_t low_mask = (1U << low_bits) - 1;
constexpr auto beginning = std::chrono::sys_days{std::chrono::year{2020} / 1 / 1};

constexpr auto values = [] {
  std::array<std::int8_t, 256> table{};
  table.fill(-1);
  for (std::size_t i = 0; i < digits.size(); ++i) {
    const char c = digits[i];
    table[static_cast<unsigned char>(c)] = static_cast<std::int8_t>(i);
    if (c >= 'A') table[static_cast<unsigned char>(c + 32)] = static_cast<std::int8_t>(i);
  }
  for (const char c : {'I', 'i', 'L', 'l'}) table[static_cast<unsigned char>(c)] = 1;
  for (const char c : {'O', 'o'}) table[static_cast<unsigned char>(c)] = 0;
  return table;
}();

/// The finaliser of splitmix64: spreads every bit.
std::uint64_t mix(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9U;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBU;
  return x ^ (x >> 31);
}

}  // namespace

std::string text(QueueId id) {
  auto rest = static_cast<std::uint64_t>(id);
  std::string result(length, '0');
  for (std::size_t i = length; i-- > 0; rest >>= 5) result[i] = digits[rest & 31];
  return result;
}

std::optional<QueueId> parse_queue_id(std::string_view text) {
  if (text.size() != length) return std::nullopt;
  std::uint64_t id = 0;
  for (std::size_t i = 0; i < length; ++i) {
    const int value = values[static_cast<unsigned char>(text[i])];
    if (value < 0 || (i == 0 && value > 15)) return std::nullopt;
    id = id << 5 | static_cast<std::uint64_t>(value);
  }
  return QueueId{id};
}

QueueId make_queue_id(std::chrono::system_clock::time_point now) {
  // Counting up from a random start keeps the ids of this process apart, chance those of others.
  static std::atomic<std::uint64_t> counter{std::random_device{}()};
  const auto since = std::chrono::duration_cast<std::chrono::milliseconds>(now - beginning).count();
  const auto time = static_cast<std::uint64_t>(since < 0 ? 0 : since);
  return QueueId{time << low_bits | (counter.fetch_add(1, std::memory_order_relaxed) & low_mask)};
}

QueueId report_id(QueueId message, unsigned delivery, std::uint64_t fence, unsigned kind) {
  const auto id = static_cast<std::uint64_t>(message);
  const std::uint64_t hash = mix(mix(mix(id) + delivery) + (fence << 8) + kind);
  return QueueId{(id & ~low_mask) | (hash & low_mask)};
}

}  // namespace postern::queue
