// core/redis/reply.h: what Redis answered, as a value.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

struct redisReader;

namespace postern::redis {

/// A reply of RESP2. The accessors are lenient: a value of another kind reads as empty, 0 or none.
struct Reply {
  enum class Kind : std::uint8_t { nil, integer, string, status, error, array };
  Kind kind = Kind::nil;
  std::int64_t number = 0;
  std::string text;
  std::vector<Reply> items;

  bool is_nil() const { return kind == Kind::nil; }
  bool is_error() const { return kind == Kind::error; }
  std::int64_t integer() const;              ///< of a number, or of digits in a string
  const Reply& at(std::size_t index) const;  ///< nil when there is none
  /// The value behind `field` in a flat array of pairs, as HGETALL gives; nil when there is none.
  const Reply& field(std::string_view name) const;
};

/// Turns bytes into replies. Bounded: at most 1,000,000 items in a reply, strings of at most 512
/// MiB (Redis's own bound), nested at most 7 deep (hiredis's bound).
class Decoder {
 public:
  Decoder();
  ~Decoder();
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;

  void feed(std::string_view bytes);
  /// The next whole reply, if there is one. Throws IoError on bytes that are not RESP.
  std::optional<Reply> next();

 private:
  struct Budget;
  std::unique_ptr<Budget> budget_;
  redisReader* reader_;
};

/// Appends a command as it goes on the wire.
void encode(const std::vector<std::string>& arguments, std::string& wire);

}  // namespace postern::redis
