// tests/fuzz/net_address_fuzz.cc: whatever parses is written so that it parses to the same.
#include <cstdint>
#include <string_view>

#include "core/assert.h"
#include "core/net/address.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace postern::net;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto address = Address::parse(text)) {
    const auto again = Address::parse(address->text());
    POSTERN_ASSERT(again && *again == *address);
  }
  if (const auto network = Network::parse(text)) {
    const auto again = Network::parse(network->text());
    POSTERN_ASSERT(again && *again == *network);
  }
  return 0;
}
