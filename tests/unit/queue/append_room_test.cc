// tests/unit/queue/append_room_test.cc: blocks ahead of an append-only file.
#include "queue/node/append_room.h"

#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <fstream>

#include "tests/unit/queue/folder.h"

using namespace postern::queue;

namespace {

struct Extent {
  std::uint64_t size, allocated;
};

Extent extent_of(const std::filesystem::path& file) {
  struct stat found{};
  REQUIRE(::stat(file.c_str(), &found) == 0);
  return {static_cast<std::uint64_t>(found.st_size),
          static_cast<std::uint64_t>(found.st_blocks) * 512};
}

}  // namespace

TEST_CASE("the newest append-only file gets room, keeps its size, and gives the room back") {
  Folder folder;
  const auto aof = folder.path / "appendonlydir";
  std::filesystem::create_directory(aof);
  const auto older = aof / "appendonly.aof.9.incr.aof", newer = aof / "appendonly.aof.10.incr.aof";
  std::ofstream(older) << "old";
  std::ofstream(newer) << "what Redis wrote";
  std::ofstream(aof / "appendonly.aof.11.base.rdb") << "base";

  AppendRoom room(folder.path);
  room.keep();
  CHECK(extent_of(newer).size == 16);
  CHECK(extent_of(newer).allocated >= AppendRoom::step);
  CHECK(extent_of(older).allocated < AppendRoom::step);
  room.release();
  CHECK(extent_of(newer).size == 16);
  CHECK(extent_of(newer).allocated < AppendRoom::step);
}
