// core/disk_room.h: room on a disk, of which a reserve stays free.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>

namespace postern {

/// What everybody asks who is about to write beside the queue. Thread-safe.
class DiskRoom {
 public:
  /// Of the disk that `folder` lies on; `reserve` octets of it are left alone.
  DiskRoom(std::filesystem::path folder, std::uint64_t reserve)
      : folder_(std::move(folder)), reserve_(reserve) {}

  void set_reserve(std::uint64_t octets) { reserve_.store(octets, std::memory_order_relaxed); }

  /// Whether the reserve is free still when so many octets are written. Asks the kernel, off the
  /// loop. A disk that cannot be asked has room: writing to it tells what is wrong.
  bool has_room_for(std::uint64_t octets) const;

 private:
  std::filesystem::path folder_;
  std::atomic<std::uint64_t> reserve_;
};

}  // namespace postern
