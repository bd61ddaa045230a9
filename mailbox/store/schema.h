// mailbox/store/schema.h: the tables of a mailbox, and the number of their version.
#pragma once

#include <array>

namespace postern::mailbox {

inline constexpr int schema_version = 3;

inline constexpr const char* schema = R"sql(
CREATE TABLE counters (key TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO counters VALUES ('modseq', 1), ('uid_validity', 0), ('bytes', 0), ('messages', 0);

CREATE TABLE folders (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE,
  selectable INTEGER NOT NULL DEFAULT 1,
  special_use INTEGER NOT NULL DEFAULT 0,
  uid_validity INTEGER NOT NULL,
  uid_next INTEGER NOT NULL DEFAULT 1,
  highest_modseq INTEGER NOT NULL DEFAULT 1,
  recent_from INTEGER NOT NULL DEFAULT 1);   -- messages below it are not \Recent any more

CREATE TABLE subscriptions (name TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE keywords (bit INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE COLLATE NOCASE);

-- What messages consist of. Copies share it: refs counts them; 0 waits for removal. These rows
-- change, so they are small.
CREATE TABLE contents (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  size INTEGER NOT NULL,
  refs INTEGER NOT NULL DEFAULT 1,
  indexed INTEGER NOT NULL DEFAULT 0);       -- 0: not yet, 1: all of it, 2: its beginning
CREATE INDEX contents_dead ON contents (id) WHERE refs = 0;
CREATE INDEX contents_waiting ON contents (id) WHERE indexed <> 1;
CREATE TABLE chunks (id INTEGER PRIMARY KEY, data BLOB NOT NULL);  -- id = content << 24 | number

CREATE TABLE messages (
  folder INTEGER NOT NULL REFERENCES folders (id),
  uid INTEGER NOT NULL,
  content INTEGER NOT NULL,                  -- a row of contents, which counts this one in refs
  flags INTEGER NOT NULL,
  keywords INTEGER NOT NULL,
  modseq INTEGER NOT NULL,
  size INTEGER NOT NULL,
  internal_date INTEGER NOT NULL,
  sent_date INTEGER NOT NULL,
  PRIMARY KEY (folder, uid)) WITHOUT ROWID;

CREATE TABLE expunged (
  folder INTEGER NOT NULL REFERENCES folders (id) ON DELETE CASCADE,
  uid INTEGER NOT NULL,
  modseq INTEGER NOT NULL,
  PRIMARY KEY (folder, uid)) WITHOUT ROWID;

CREATE TABLE delivered (id TEXT PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX delivered_at ON delivered (at);

-- What FETCH asks for, computed once. id: that of the content. Headers stand apart, for they are
-- long: a walk over the others would read them, too.
CREATE TABLE summaries (
  id INTEGER PRIMARY KEY,
  envelope BLOB NOT NULL,
  body_structure BLOB NOT NULL,
  body BLOB NOT NULL);
CREATE TABLE headers (id INTEGER PRIMARY KEY, header BLOB NOT NULL);

-- Which contents hold which three characters, in the header and in the rest. Keeps no text.
CREATE VIRTUAL TABLE header_texts USING fts5(text, content='', tokenize='trigram', detail='none');
CREATE VIRTUAL TABLE body_texts USING fts5(text, content='', tokenize='trigram', detail='none');

PRAGMA user_version = 3;
)sql";

/// From version n + 1 to the next.
inline constexpr std::array<const char*, schema_version - 1> upgrades{
    // The summaries were columns of contents.
    R"sql(
CREATE TABLE summaries (
  id INTEGER PRIMARY KEY,
  envelope BLOB NOT NULL,
  body_structure BLOB NOT NULL,
  body BLOB NOT NULL,
  header BLOB NOT NULL);
INSERT INTO summaries SELECT id, envelope, body_structure, body, header FROM contents;
ALTER TABLE contents DROP COLUMN header;
ALTER TABLE contents DROP COLUMN envelope;
ALTER TABLE contents DROP COLUMN body_structure;
ALTER TABLE contents DROP COLUMN body;
PRAGMA user_version = 2;
)sql",
    // The header was a summary, and one index held header and body. They are indexed anew.
    R"sql(
CREATE TABLE headers (id INTEGER PRIMARY KEY, header BLOB NOT NULL);
INSERT INTO headers SELECT id, header FROM summaries;
ALTER TABLE summaries DROP COLUMN header;
DROP TABLE texts;
CREATE VIRTUAL TABLE header_texts USING fts5(text, content='', tokenize='trigram', detail='none');
CREATE VIRTUAL TABLE body_texts USING fts5(text, content='', tokenize='trigram', detail='none');
UPDATE contents SET indexed = 0;
PRAGMA user_version = 3;
)sql"};

}  // namespace postern::mailbox
