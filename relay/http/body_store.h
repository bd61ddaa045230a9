// relay/http/body_store.h: all bodies of a process while they arrive and while messages are made of
// them.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/async/task.h"
#include "core/async/thread_pool.h"
#include "relay/http/body.h"
#include "relay/http/budget.h"

namespace postern::http {

/// Octets of all of them.
struct BodyBounds {
  std::uint64_t arriving = 64 << 20;  ///< in memory
  std::uint64_t files = 1 << 30;      ///< on disk, of what is large
  std::uint64_t work = 192 << 20;     ///< in memory, of what is made of large ones
};

/// Thread-safe; outlives the connections.
class BodyStore {
 public:
  /// `folder` is for files while they are needed, and must be there when a large body comes.
  explicit BodyStore(const std::filesystem::path& folder, BodyBounds bounds = {});

  ThreadPool& pool() { return pool_; }  ///< to write, read and transform large bodies
  Budget& arriving() { return arriving_; }
  Budget& files() { return files_; }
  /// Room to work on a large body. None: there is none within `patience`.
  Task<std::optional<Budget::Share>> room_for_work(std::string holder, std::uint64_t octets,
                                                   std::chrono::milliseconds patience);
  std::shared_ptr<BodyFile> make_file();  ///< blocking; goes in the pool, whoever lets go of it

 private:
  const std::string folder_;
  Budget arriving_, files_, work_;
  ThreadPool pool_;  ///< the last, for what waits there
};

/// One body on its way in.
class IncomingBody {
 public:
  static constexpr std::size_t memory_limit = 256 * 1024;

  IncomingBody(BodyStore& store, const std::string& holder);
  /// Before its first octet; `length` where it is known. False: no room, now.
  bool begin(std::optional<std::uint64_t> length);
  /// False: no room, now. IoError when the disk fails.
  Task<bool> add(std::string_view octets);  // the view is read before the first suspension
  Task<Body> finish();

 private:
  Task<bool> spill();

  BodyStore& store_;
  std::string block_;
  std::shared_ptr<BodyFile> file_;
  Budget::Share memory_, disk_;
};

}  // namespace postern::http
