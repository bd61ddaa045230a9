// tests/fuzz/queue_entry_fuzz.cc: entries of the queue that we did not write, ids and next hops.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/assert.h"
#include "core/error.h"
#include "queue/model/next_hop.h"
#include "queue/store/codec.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace postern::queue;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (const auto id = parse_queue_id(bytes)) (void)text(*id);
  if (const auto hop = parse_next_hop(bytes)) POSTERN_ASSERT(parse_next_hop(text(*hop)) == hop);
  try {
    (void)decode_info(QueueId{1}, bytes);
  } catch (const postern::IoError&) {
  }
  try {
    (void)decode_recipients(bytes);
  } catch (const postern::IoError&) {
  }
  try {
    (void)decode_fact(bytes);
  } catch (const postern::IoError&) {
  }
  return 0;
}
