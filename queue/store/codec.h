// queue/store/codec.h: how messages, recipients and facts are written in Redis (JSON).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "queue/model/message.h"

namespace postern::queue {

/// `bytes` is the size of the body as stored.
std::string encode_info(const MessageInfo& info, std::uint64_t bytes);
struct StoredInfo {
  MessageInfo info;
  std::uint64_t bytes = 0;
};
/// All throw IoError on text that we did not write.
StoredInfo decode_info(QueueId id, std::string_view text);

std::string encode_recipients(const std::vector<mail::Recipient>& recipients);
std::vector<mail::Recipient> decode_recipients(std::string_view text);

/// As an entry of the timeline.
std::string encode_fact(const Fact& fact);
/// None: of a kind that a newer version has.
std::optional<Fact> decode_fact(std::string_view text);

/// Milliseconds since 1970, as the queue writes times. Throws IoError past the year 2262.
WallTime to_time(std::int64_t milliseconds);

}  // namespace postern::queue
