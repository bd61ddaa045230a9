// queue/node/append_tail.h: the end of Redis's append-only file after a power cut.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

namespace postern::queue {

struct CutTail {
  std::filesystem::path file;
  std::uint64_t kept = 0, cut = 0;  ///< octets
};

/// A file system may have written the new size of the file and not its octets: then it ends with
/// NULs, and Redis refuses it. No command ends so; they are cut off, on disk when this returns.
/// What is left may end within a command, which Redis drops itself: its reply has never left. None:
/// there was nothing to cut. Only when no server appends. Blocks. Throws IoError.
std::optional<CutTail> cut_empty_tail(const std::filesystem::path& redis_folder);

}  // namespace postern::queue
