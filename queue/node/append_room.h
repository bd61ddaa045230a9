// queue/node/append_room.h: room on disk behind the end of Redis's append-only file.
#pragma once

#include <cstdint>
#include <filesystem>

#include "core/descriptor.h"

namespace postern::queue {

/// Blocks that are allocated ahead make an fsync cheaper: it waits for the bytes, and not for the
/// file system to find a place for them as well. The size of the file, as Redis sees it, stays.
class AppendRoom {
 public:
  static constexpr std::uint64_t step = 64 << 20;

  /// `folder`: the server's working directory.
  explicit AppendRoom(std::filesystem::path folder) : folder_(std::move(folder)) {}

  /// Looks once, and makes room when less than half a step is left. Does nothing when the disk is
  /// short or its file system cannot. Blocks.
  void keep();
  /// Gives back what is not used. Only when no server appends. Blocks.
  void release();

 private:
  std::filesystem::path latest_file() const;
  bool has_disk_to_spare() const;

  std::filesystem::path folder_, path_;
  Descriptor file_;
  std::uint64_t end_ = 0;  // of the room
};

}  // namespace postern::queue
