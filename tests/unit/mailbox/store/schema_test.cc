// tests/unit/mailbox/store/schema_test.cc: databases of other versions.
#include <catch2/catch.hpp>

#include "core/error.h"
#include "core/sqlite.h"
#include "tests/unit/mailbox/store/store_fixture.h"

using namespace postern::mailbox;

namespace {

// Each takes a database one version back.
constexpr const char* from_3_to_2 = R"sql(
  ALTER TABLE summaries ADD COLUMN header BLOB NOT NULL DEFAULT x'';
  UPDATE summaries SET header = (SELECT header FROM headers WHERE headers.id = summaries.id);
  DROP TABLE headers;
  DROP TABLE header_texts;
  DROP TABLE body_texts;
  CREATE VIRTUAL TABLE texts USING fts5(text, content='', tokenize='trigram', detail='none');
  INSERT INTO texts (rowid, text) SELECT id, 'what that version found in it' FROM contents;
  UPDATE contents SET indexed = 1;
  PRAGMA user_version = 2)sql";
constexpr const char* from_2_to_1 = R"sql(
  ALTER TABLE contents ADD COLUMN header BLOB NOT NULL DEFAULT x'';
  ALTER TABLE contents ADD COLUMN envelope BLOB NOT NULL DEFAULT x'';
  ALTER TABLE contents ADD COLUMN body_structure BLOB NOT NULL DEFAULT x'';
  ALTER TABLE contents ADD COLUMN body BLOB NOT NULL DEFAULT x'';
  UPDATE contents SET (header, envelope) =
    (SELECT header, envelope FROM summaries WHERE summaries.id = contents.id);
  DROP TABLE summaries;
  PRAGMA user_version = 1)sql";

}  // namespace

TEST_CASE("a mailbox of an older version is brought up to the present one") {
  const std::string text = "Subject: kept\r\n\r\nbody\r\n";
  Fixture f;
  const Uid uid = f.add(text);
  {
    postern::Sqlite database("test", f.path, postern::Sqlite::Access::write);
    const int version = GENERATE(1, 2);
    database.script(from_3_to_2);
    if (version == 1) database.script(from_2_to_1);
  }
  Fixture upgraded(f.path);
  const auto metadata = upgraded.store.metadata(upgraded.contents_of(std::vector{uid}),
                                                {.header = true, .envelope = true});
  REQUIRE(metadata.size() == 1);
  CHECK(metadata[0].header == "Subject: kept\r\n\r\n");
  CHECK(metadata[0].envelope == length_of(text));
  CHECK(upgraded.store.content(upgraded.inbox, uid) == text);
  for (const bool indexed : {false, true}) {
    if (indexed) upgraded.maintain();
    CHECK(upgraded.search(SearchScope::header, "kept") == std::vector{uid});
    CHECK(upgraded.search(SearchScope::body, "kept").empty());
  }
  CHECK(upgraded.add(text) > uid);
  upgraded.store.expunge(upgraded.inbox, std::vector{uid}, true);
  upgraded.maintain();
  CHECK(upgraded.search(SearchScope::text, "body").size() == 1);
}

TEST_CASE("a mailbox of a newer version is refused") {
  Fixture f;
  postern::Sqlite("test", f.path, postern::Sqlite::Access::write)
      .script("PRAGMA user_version = 99");
  CHECK_THROWS_AS(MailboxStore(f.path, MailboxStore::Mode::read_write, indexer), postern::IoError);
}
