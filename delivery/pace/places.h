// delivery/pace/places.h: the places of a worker's attempts at remote hosts, and who may have how
// many of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

#include "delivery/pace/bounds.h"
#include "queue/model/message.h"

namespace postern::delivery {

/// Who answers for an attempt: "reports", the account that handed the message in, or the address of
/// the client that brought it (IPv6: its /64).
std::string holder_of(const queue::MessageInfo& message);

/// A holder may have as many places as are free: alone, half of them; and however many holders
/// there are, one more finds some. On one loop.
class Places {
 public:
  bool has_room(const Bounds& bounds) const;
  /// `has_room`, and the holder has not yet its share.
  bool has_room_for(const std::string& holder, const Bounds& bounds) const;

  /// One attempt's, given back at the end.
  class Place {
   public:
    Place(Places& places, std::string holder, std::uint64_t octets);
    ~Place();
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;

   private:
    Places& places_;
    const std::string holder_;
    const std::uint64_t octets_;
  };

 private:
  std::size_t taken_ = 0;
  std::uint64_t octets_ = 0;
  std::map<std::string, std::size_t> by_holder_;
};

}  // namespace postern::delivery
