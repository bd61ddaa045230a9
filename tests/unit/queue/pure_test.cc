// tests/unit/queue/pure_test.cc: ids, settings, spool: what needs no Redis.
#include <catch2/catch.hpp>
#include <fstream>
#include <set>

#include "queue/model/node.h"
#include "queue/model/queue_id.h"
#include "queue/node/heartbeat.h"
#include "queue/spool/spool.h"
#include "queue/store/codec.h"
#include "queue/store/settings_check.h"
#include "tests/unit/queue/folder.h"

using namespace postern::queue;
using namespace std::chrono_literals;

TEST_CASE("a queue id survives its text, and its text sorts as it does") {
  for (const std::uint64_t number : {0ULL, 1ULL, 31ULL, 32ULL, 0x123456789ABCDEFULL, ~0ULL}) {
    const QueueId id{number};
    CHECK(text(id).size() == 13);
    CHECK(parse_queue_id(text(id)) == id);
  }
  CHECK(text(QueueId{31}) < text(QueueId{32}));
  CHECK(text(QueueId{~0ULL}) == "FZZZZZZZZZZZZ");
}

TEST_CASE("a queue id is read as people write it, and nothing else is") {
  CHECK(parse_queue_id("000000000001z") == QueueId{63});
  CHECK(parse_queue_id("OOOOOOOOOOOIL") == QueueId{33});
  for (const char* bad :
       {"", "00000000001Z", "0000000000001Z", "G000000000000", "000000000000U", "00000 0000001"}) {
    CHECK_FALSE(parse_queue_id(bad));
  }
}

TEST_CASE("new ids differ, and later ones sort later") {
  const auto now = std::chrono::system_clock::now();
  CHECK(make_queue_id(now) != make_queue_id(now));
  CHECK(make_queue_id(now) < make_queue_id(now + 1ms));
}

TEST_CASE("a report's id depends on the try alone") {
  const QueueId id = make_queue_id(std::chrono::system_clock::now());
  CHECK(report_id(id, 0, 1, 0) == report_id(id, 0, 1, 0));
  CHECK(report_id(id, 0, 1, 0) != report_id(id, 0, 1, 1));
  CHECK(report_id(id, 0, 1, 0) != report_id(id, 0, 2, 0));
  CHECK(report_id(id, 0, 1, 0) != report_id(id, 1, 1, 0));
}

TEST_CASE("a Redis that would lose mail is refused by the setting's name") {
  RedisSettings settings{{"appendonly", "yes"},
                         {"appendfsync", "always"},
                         {"no-appendfsync-on-rewrite", "no"},
                         {"maxmemory-policy", "noeviction"}};
  CHECK(unsafe_settings(settings).empty());
  settings[1].second = "everysec";
  REQUIRE(unsafe_settings(settings).size() == 1);
  CHECK(unsafe_settings(settings)[0].starts_with("appendfsync is everysec, must be always"));
  CHECK(unsafe_settings({}).size() == 4);
  settings[1].second = "always";
  settings.emplace_back("min-replicas-to-write", "0");
  CHECK(unsafe_settings(settings).empty());
  REQUIRE(unsafe_settings(settings, 1).size() == 1);
  CHECK(unsafe_settings(settings, 1)[0].starts_with("min-replicas-to-write is 0"));
  settings.back().second = "1";
  CHECK(unsafe_settings(settings, 1).empty());
}

TEST_CASE("a node is dead when its counter stood still for a lease by our clock") {
  const std::chrono::steady_clock::time_point start{};
  DeathWatch watch(30s);
  watch.saw("a", 1, start);
  watch.saw("b", 7, start);
  watch.saw("a", 2, start + 20s);
  watch.saw("b", 7, start + 20s);
  CHECK(watch.dead(start + 29s).empty());
  CHECK(watch.dead(start + 31s) == std::vector<std::string>{"b"});
  watch.start_over();
  watch.saw("b", 7, start + 32s);
  CHECK(watch.dead(start + 40s).empty());
}

TEST_CASE("a node keeps its name over restarts, and not its writer") {
  const Folder folder;
  const Node first(folder.path), second(folder.path);
  CHECK(first.name() == second.name());
  CHECK(first.writer() != second.writer());
}

TEST_CASE("a lease may be used only while the heartbeat is fresh") {
  const Folder folder;
  Node node(folder.path);
  const auto now = std::chrono::steady_clock::now();
  CHECK_FALSE(node.still_ours(now));
  node.confirm(now);
  CHECK(node.still_ours(now));
  CHECK(node.still_ours(now + 19s));
  CHECK_FALSE(node.still_ours(now + 20s));
  node.confirm(now + 20s);
  CHECK(node.still_ours(now + 21s));
}

TEST_CASE("a spooled body reads back byte for byte") {
  const Folder folder;
  std::string bytes(300'000, 'x');
  bytes[65536] = '\0';
  SpoolWriter writer(folder.path / "spool", QueueId{1}, "n.b");
  writer.write(bytes.substr(0, 1000));
  writer.write(bytes.substr(1000));
  const Body body = writer.finish();
  CHECK(body.size() == bytes.size());
  CHECK(body.read() == bytes);
  const Body second = spooled_for(body, folder.path / "spool", QueueId{2}, "n.b");
  remove_spooled(body);
  CHECK_THROWS_AS(body.read(), BodyMissing);
  CHECK(second.read() == bytes);
}

TEST_CASE("a spool file that lost bytes is missing, not a shorter message") {
  const Folder folder;
  SpoolWriter writer(folder.path, QueueId{1}, "n.b");
  writer.write("0123456789");
  const Body body = writer.finish();
  std::filesystem::resize_file(body.file(), 5);
  CHECK_THROWS_AS(body.read(), BodyMissing);
}

TEST_CASE("a spool file that was not finished is removed") {
  const Folder folder;
  {
    SpoolWriter(folder.path, QueueId{1}, "n.b").write("half");
  }
  CHECK(std::filesystem::is_empty(folder.path));
}

TEST_CASE("the sweep comes past every spool file, step by step, and begins again") {
  const Folder folder;
  for (unsigned i = 1; i <= 5; ++i) SpoolWriter(folder.path, QueueId{i}, "n.b").finish();
  const auto later = std::filesystem::file_time_type::clock::now() + 25h;
  SpoolWalk walk;
  for (int round = 0; round < 2; ++round) {
    std::set<QueueId> seen;
    std::size_t steps = 0;
    while (seen.size() < 5 && steps++ < 5) {
      const auto files = walk.next(folder.path, 24h, later, 2);
      CHECK(files.size() <= 2);
      for (const SpoolFile& file : files) seen.insert(file.id);
    }
    CHECK(seen.size() == 5);
  }
}

TEST_CASE("a spool file that cannot be read is missing: its message must be held") {
  const Folder folder;
  std::filesystem::create_directory(folder.path / "1.n.b");
  const Body body = Body::in_spool(folder.path / "1.n.b", 10);
  CHECK_THROWS_AS(body.read(), BodyMissing);
  CHECK_THROWS_AS(body.require_file(), BodyMissing);
}

TEST_CASE("the sweep sees old spool files only, and nothing that is not ours") {
  const Folder folder;
  SpoolWriter writer(folder.path, QueueId{1}, "n.b");
  writer.write("x");
  writer.finish();
  std::ofstream(folder.path / "README") << "not ours";
  const auto now = std::filesystem::file_time_type::clock::now();
  SpoolWalk walk;
  CHECK(walk.next(folder.path, 24h, now, 10).empty());
  const auto old = walk.next(folder.path, 24h, now + 25h, 10);
  REQUIRE(old.size() == 1);
  CHECK(old[0].id == QueueId{1});
}

TEST_CASE("an entry tells whether we signed it, and one of an older version was not signed") {
  MessageInfo info;
  info.id = QueueId{1};
  CHECK_FALSE(decode_info(info.id, encode_info(info, 0)).info.signed_here);
  info.signed_here = true;
  CHECK(decode_info(info.id, encode_info(info, 0)).info.signed_here);
  CHECK_FALSE(decode_info(info.id, R"({"t":1700000000000,"s":1,"b":1})").info.signed_here);
}

TEST_CASE("a message's options come back from the queue, by the keys that they always had") {
  MessageInfo info;
  info.options = {
      .eight_bit = true, .smtputf8 = true, .envid = "q=1", .ret = postern::mail::Ret::headers};
  CHECK(decode_info(info.id, encode_info(info, 0)).info.options == info.options);
  const auto stored =
      decode_info(info.id, R"({"t":1,"s":1,"b":1,"8":1,"u":1,"e":"q=1","r":"HDRS"})");
  CHECK(stored.info.options == info.options);
  CHECK(encode_info(MessageInfo{}, 0) == R"({"b":0,"s":0,"t":0})");
}

TEST_CASE("a time past what the clock can hold is an entry that cannot be read") {
  const auto fact = decode_fact(R"({"t":1700000000000,"f":"accepted"})");
  REQUIRE(fact);
  CHECK(fact->at == WallTime(1700000000s));
  for (const char* text : {"100000000000000000", "-100000000000000000", "9223372036854775807"}) {
    CHECK_THROWS_AS(decode_fact(std::string(R"({"f":"x","t":)") + text + "}"), postern::IoError);
  }
}
