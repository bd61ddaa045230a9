// tests/unit/mailbox/store/bounds_test.cc: what a mailbox may cost: its quota, what is kept of a
// message, what is read at once.
#include <catch2/catch.hpp>

#include "tests/unit/mailbox/store/store_fixture.h"

using namespace postern;
using namespace postern::mailbox;

TEST_CASE("a quota counts what the rows of messages cost, so that tiny ones do not fill the disk") {
  Fixture f;
  const NewMail tiny{.content = Content::of("x")};
  std::size_t taken = 0;
  while (f.store.append(f.inbox, tiny, 10 * message_cost + 10).has_value()) ++taken;
  CHECK(taken == 10);
  CHECK(f.store.usage().bytes == 10 * (message_cost + 1));
  const FolderId trash = f.store.find_folder("Trash")->id;
  CHECK(f.store.copy(f.inbox, uids({1}), trash, 10 * message_cost + 10).error() ==
        StoreError::over_quota);
}

TEST_CASE("a header longer than what is kept beside its message is searched all the same") {
  Fixture f;
  std::string header;
  while (header.size() < 2 * kept_header_limit)
    header += "X-Filler: " + std::string(60, 'y') + "\r\n";
  f.add(header + "Subject: far behind\r\n\r\nbody\r\n");
  const ContentId content = f.store.entries(f.inbox).front().content;
  CHECK(f.store.metadata({content}, {.header = true}).front().header.size() == kept_header_limit);
  CHECK(f.store.matches_header(content, "Subject", "far behind"));
  CHECK(f.store.matches_text(content, SearchScope::header, "far behind"));
}

TEST_CASE("metadata of many is read within a number of octets, of one always") {
  Fixture f;
  const std::string header = "Subject: " + std::string(1000, 's') + "\r\n\r\n";
  for (int i = 0; i < 4; ++i) f.add(header);
  std::vector<ContentId> contents;
  for (const MessageEntry& entry : f.store.entries(f.inbox)) contents.push_back(entry.content);
  const MetadataWanted wanted{.header = true};
  CHECK_FALSE(f.store.metadata_within(contents, wanted, 3500).has_value());
  CHECK(f.store.metadata_within(contents, wanted, 5000)->size() == 4);
  CHECK(f.store.metadata_within({contents[0]}, wanted, 10)->size() == 1);
}
