// queue/spool/spool.h: the folder of bodies that are too large for Redis. All of it blocks: use
// `offload`.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "queue/model/body.h"
#include "queue/model/queue_id.h"

namespace postern::queue {

constexpr std::uint64_t largest_in_redis = 256 * 1024;  ///< bodies above this go to the spool

/// Writes one body. A file that was not finished, or not kept, is removed by the destructor.
class SpoolWriter {
 public:
  /// `writer` is who we are, node and boot: Node::writer(). Throws IoError.
  SpoolWriter(const std::filesystem::path& spool, QueueId id, std::string_view writer);
  ~SpoolWriter();
  SpoolWriter(SpoolWriter&&) noexcept = default;
  SpoolWriter& operator=(SpoolWriter&&) = delete;

  void write(std::string_view bytes);
  /// Writes over the first octets: a signature is known when all has been written.
  void rewrite_start(std::string_view bytes);
  /// To disk, with its folder. From here on the destructor leaves the file alone: whoever does not
  /// commit it removes it (`remove_spooled`).
  Body finish();
  /// Like finish, for a batch: its folder is left to the caller (`sync_folder`).
  Body finish_file();
  std::uint64_t size() const { return size_; }

 private:
  std::filesystem::path file_;
  Descriptor descriptor_;
  std::uint64_t size_ = 0;
};

/// The same bytes under a second message's name, or the body itself when it is already its file.
Body spooled_for(const Body& body, const std::filesystem::path& spool, QueueId id,
                 std::string_view writer);

struct Waiting {
  QueueId id;
  std::string bytes;
};
/// One file for each, under `writer`, which must be used once only; all on disk when it returns.
/// All or nothing: throws IoError.
std::vector<Body> spool_all(const std::filesystem::path& spool, const std::vector<Waiting>& batch,
                            std::string_view writer);

/// No error when there is none.
void remove_spooled(const Body& body) noexcept;

struct SpoolFile {
  std::filesystem::path file;
  QueueId id;
};
/// Walks the spool in bounded steps, and begins again at its end, so that a million waiting bodies
/// hide no file that nobody owns.
class SpoolWalk {
 public:
  /// Of the next `most` files those that are older than `age`. Whoever sweeps asks the queue who
  /// owns them.
  std::vector<SpoolFile> next(const std::filesystem::path& spool, std::chrono::seconds age,
                              std::filesystem::file_time_type now, std::size_t most);

 private:
  std::filesystem::directory_iterator at_;
};

}  // namespace postern::queue
