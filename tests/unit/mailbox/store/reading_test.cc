// tests/unit/mailbox/store/reading_test.cc: what FETCH and RETR read is what was stored.
#include <catch2/catch.hpp>
#include <fstream>

#include "core/error.h"
#include "tests/unit/mailbox/store/store_fixture.h"

using namespace postern::mailbox;

TEST_CASE("a message reads back as it was stored, also in part and when it spans rows") {
  Fixture f;
  std::string text = "Subject: big\r\nDate: Mon, 1 Jan 2024 23:30:00 -0500\r\n\r\n";
  while (text.size() < 700'000) text += std::to_string(text.size()) + "\r\n";
  const Uid uid = f.add(text, flag::seen);
  CHECK(f.store.content(f.inbox, uid) == text);
  CHECK(f.store.content(f.inbox, uid, 262'140, 10) == text.substr(262'140, 10));
  CHECK(f.store.content(f.inbox, uid, 524'288, 5) == text.substr(524'288, 5));
  CHECK(f.store.content(f.inbox, uid, text.size(), 5) == "");
  CHECK(f.store.content(f.inbox, uid, 1ULL << 62, 5) == "");
  CHECK_FALSE(f.store.content(f.inbox, Uid(99)).has_value());
  const auto entries = f.store.entries(f.inbox);
  REQUIRE(entries.size() == 1);
  CHECK(entries[0].size == text.size());
  CHECK(entries[0].system_flags == flag::seen);
  CHECK(entries[0].sent_date == 1704067200);  // the day in the sender's zone
  const auto metadata =
      f.store.metadata({entries[0].content, 7}, {.header = true, .envelope = true});
  REQUIRE(metadata.size() == 1);
  CHECK(metadata[0].header == text.substr(0, text.find("\r\n\r\n") + 4));
  CHECK(metadata[0].envelope == length_of(text));
  CHECK(metadata[0].body.empty());
}

TEST_CASE("what is being read outlives its last message, and goes when nobody reads it any more") {
  Fixture f;
  const std::string text = "Subject: long\r\n\r\n" + std::string(600'000, 'x') + "\r\n";
  const Uid uid = f.add(text);
  const Uid other = f.add("Subject: short\r\n\r\n");
  const std::vector<ContentId> held = f.contents_of(std::vector{uid});
  const std::vector<ContentId> dead = f.contents_of(std::vector{other});
  f.store.expunge(f.inbox, std::vector{uid, other}, true);
  while (f.store.maintain(held)) {
  }
  CHECK(f.store.octets(held.front(), 0) == text);
  CHECK(f.store.octets(held.front(), 524'288, 5) == text.substr(524'288, 5));
  CHECK(f.store.octets(dead.front(), 0).empty());
  f.maintain();
  CHECK(f.store.octets(held.front(), 0).empty());
}

TEST_CASE("many messages read at once are those that one at a time would be") {
  Fixture f;
  std::vector<std::string> texts;
  for (int i = 0; i < 12; ++i) {
    texts.push_back("Subject: " + std::to_string(i) + "\r\n\r\n" + std::string(100U * i, 'x'));
  }
  texts[3].clear();
  texts[5] += std::string(700'000, 'y');  // spans rows
  std::vector<Uid> uids;
  for (const std::string& text : texts) uids.push_back(f.add(text));
  f.store.expunge(f.inbox, std::vector{uids[7]}, true);
  const std::vector<Uid> neighbours(uids.begin() + 1, uids.end()),
      scattered{uids[0], uids[3], uids[11], Uid(99)}, backwards{uids[5], uids[4], uids[0]},
      one{uids[2]}, none;
  for (const auto& wanted : {neighbours, scattered, backwards, one, none}) {
    std::vector<Uid> there = wanted;
    std::erase_if(there, [&](Uid uid) { return uid == uids[7] || uid == Uid(99); });
    std::vector<Uid> small = there;
    std::erase(small, uids[5]);  // a large one is read by pieces
    const auto contents = f.store.contents(f.inbox, wanted);
    REQUIRE(contents.size() == small.size());
    for (std::size_t i = 0; i < small.size(); ++i) {
      CHECK(contents[i].uid == small[i]);
      CHECK(contents[i].bytes ==
            texts[static_cast<std::size_t>(std::ranges::find(uids, small[i]) - uids.begin())]);
    }
  }
}

TEST_CASE(
    "what is kept ready of many messages is read once for all copies, and only what is wanted") {
  Fixture f;
  std::vector<ContentId> all;
  std::vector<std::string> texts;
  for (int i = 0; i < 12; ++i) {
    texts.push_back("Subject: " + std::to_string(i) + "\r\n\r\n" + std::string(10U * i, 'x'));
    f.add(texts.back());
    all.push_back(f.store.entries(f.inbox).back().content);
  }
  f.store.expunge(f.inbox, uids({8}), true);
  f.maintain();
  const bool header = GENERATE(false, true), envelope = GENERATE(false, true);
  if (!header && !envelope) return;
  const std::vector<ContentId> scattered{all[0], all[3], all[11], 99},
      copies{all[5], all[5], all[4], all[0]}, far_copies{all[3], all[3], 500}, gone{all[7]}, none;
  for (const auto& wanted : {all, scattered, copies, far_copies, gone, none}) {
    std::vector<std::size_t> there;
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (i != 7 && std::ranges::find(wanted, all[i]) != wanted.end()) there.push_back(i);
    }
    const auto metadata = f.store.metadata(wanted, {.header = header, .envelope = envelope});
    REQUIRE(metadata.size() == there.size());
    for (std::size_t i = 0; i < there.size(); ++i) {
      const std::string& text = texts[there[i]];
      CHECK(metadata[i].content == all[there[i]]);
      CHECK(metadata[i].envelope == (envelope ? length_of(text) : ""));
      CHECK(metadata[i].header == (header ? text.substr(0, text.find("\r\n\r\n") + 4) : ""));
    }
  }
}

TEST_CASE("a message in a file is stored with its prefix") {
  Fixture f;
  const std::string path = f.folder.path + "/spooled";
  std::ofstream(path) << "Subject: x\r\n\r\nbody\r\n";
  const auto appended = f.store.append(
      f.inbox,
      {.content = {.prefix = "Return-Path: <a@b.example>\r\n", .memory = {}, .path = path}}, {});
  CHECK(f.store.content(f.inbox, appended->uid) ==
        "Return-Path: <a@b.example>\r\nSubject: x\r\n\r\nbody\r\n");
  CHECK_THROWS_AS(
      f.store.append(f.inbox, {.content = {.prefix = {}, .memory = {}, .path = path + "no"}}, {}),
      postern::IoError);
}
