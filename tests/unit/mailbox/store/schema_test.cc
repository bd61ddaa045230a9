// tests/unit/mailbox/store/schema_test.cc: databases of other versions.
#include <catch2/catch.hpp>

#include "core/error.h"
#include "core/sqlite.h"
#include "tests/unit/mailbox/store/store_fixture.h"

using namespace postern::mailbox;

TEST_CASE("a mailbox of version 1 is brought up to the present one, one of the future is refused") {
  TemporaryFolder folder;
  const std::string path = folder.path + "/a.db";
  const std::string text = "Subject: kept\r\n\r\nbody\r\n";
  Uid uid{};
  {
    MailboxStore store(path, MailboxStore::Mode::read_write, indexer);
    const FolderId inbox = store.find_folder("INBOX")->id;
    uid = store.append(inbox, {.content = Content::of(text)}, {})->uid;
  }
  postern::Sqlite("test", path, postern::Sqlite::Access::write).script(R"sql(
    ALTER TABLE contents ADD COLUMN header BLOB NOT NULL DEFAULT x'';
    ALTER TABLE contents ADD COLUMN envelope BLOB NOT NULL DEFAULT x'';
    ALTER TABLE contents ADD COLUMN body_structure BLOB NOT NULL DEFAULT x'';
    ALTER TABLE contents ADD COLUMN body BLOB NOT NULL DEFAULT x'';
    UPDATE contents SET (header, envelope) = (SELECT header, envelope FROM summaries WHERE summaries.id = contents.id);
    DROP TABLE summaries;
    PRAGMA user_version = 1)sql");
  {
    MailboxStore store(path, MailboxStore::Mode::read_write, indexer);
    const FolderId inbox = store.find_folder("INBOX")->id;
    const auto metadata =
        store.metadata(inbox, std::vector{uid}, {.header = true, .envelope = true});
    REQUIRE(metadata.size() == 1);
    CHECK(metadata[0].header == "Subject: kept\r\n\r\n");
    CHECK(metadata[0].envelope == length_of(text));
    CHECK(store.content(inbox, uid) == text);
    CHECK(store.append(inbox, {.content = Content::of(text)}, {}).has_value());
  }
  postern::Sqlite("test", path, postern::Sqlite::Access::write).script("PRAGMA user_version = 99");
  CHECK_THROWS_AS(MailboxStore(path, MailboxStore::Mode::read_write, indexer), postern::IoError);
}
