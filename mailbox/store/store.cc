// mailbox/store/store.cc: opening a mailbox, transactions, counters.
#include "mailbox/store/store.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>

#include "core/assert.h"
#include "mailbox/store/schema.h"
#include "mailbox/store/store_inner.h"
#include "mailbox/store/uid_validity.h"

namespace postern::mailbox {

Seconds now_seconds() {
  return std::chrono::duration_cast<std::chrono::seconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

namespace {

constexpr const char* writer_settings =
    "PRAGMA page_size=8192; PRAGMA journal_mode=WAL; PRAGMA journal_size_limit=8388608;"
    "PRAGMA wal_autocheckpoint=512; PRAGMA cache_size=-2048; PRAGMA temp_store=MEMORY";
constexpr const char* reader_settings = "PRAGMA cache_size=-1024; PRAGMA temp_store=MEMORY";

void create(Sqlite& database, const std::string& path, const std::function<void()>& make_folders) {
  const std::uint32_t start = reserve_uid_validity(path, 0);
  Transaction transaction(database);
  if (database.integer("PRAGMA user_version").value_or(0) == 0) {  // nobody was faster
    database.script(schema);
    database.run("UPDATE counters SET value = ? WHERE key = 'uid_validity'", start - 1);
    make_folders();
  }
  transaction.commit();
}

void upgrade(Sqlite& database) {
  Transaction transaction(database);
  const auto version =
      static_cast<std::size_t>(database.integer("PRAGMA user_version").value_or(0));
  for (std::size_t from = version; from < schema_version; ++from) {
    database.script(upgrades[from - 1]);
  }
  transaction.commit();
}

/// Makes the tables, or brings those of an older version up to ours.
void prepare(MailboxStore::Mode mode, Sqlite& database, const std::string& path,
             const std::function<void()>& make_folders) {
  const std::int64_t version = database.integer("PRAGMA user_version").value_or(0);
  if (version == schema_version) return;
  if (version > schema_version) {
    throw IoError("mailbox store: made by a newer version: " + path);
  }
  if (mode == MailboxStore::Mode::read_only) throw IoError("mailbox store: not there yet: " + path);
  if (version == 0) {
    create(database, path, make_folders);
  } else {
    upgrade(database);
  }
}

}  // namespace

MailboxStore::Inner::Inner(const std::string& path, Mode mode,
                           const MessageIndexer& message_indexer)
    : database("mailbox store", path,
               mode == Mode::read_write ? Sqlite::Access::create : Sqlite::Access::read_only),
      indexer(message_indexer) {
  database.script(mode == Mode::read_write ? writer_settings : reader_settings);
  prepare(mode, database, path, [this] {
    insert_folder("INBOX", SpecialUse::none);
    const std::pair<const char*, SpecialUse> special[] = {{"Drafts", SpecialUse::drafts},
                                                          {"Sent", SpecialUse::sent},
                                                          {"Junk", SpecialUse::junk},
                                                          {"Trash", SpecialUse::trash},
                                                          {"Archive", SpecialUse::archive}};
    for (const auto& [name, use] : special) insert_folder(name, use);
    database.run("INSERT INTO subscriptions SELECT name FROM folders");
  });
}

MailboxStore::MailboxStore(const std::string& path, Mode mode, const MessageIndexer& indexer)
    : inner_(std::make_unique<Inner>(path, mode, indexer)) {
  if (mode == Mode::read_write) ::chmod(path.c_str(), S_IRUSR | S_IWUSR);
}

MailboxStore::~MailboxStore() = default;

void MailboxStore::Inner::roll_back(const std::map<FolderId, FolderChange>& before) noexcept {
  changes = before;
  keywords_known = false;
  try {
    if (database.in_transaction()) database.script("ROLLBACK");
  } catch (const IoError&) {  // SQLite has rolled back by itself
  }
}

std::vector<std::exception_ptr> MailboxStore::transact(
    std::span<const std::function<void(MailboxStore&)>> jobs) {
  if (jobs.size() == 1) return transact_one(jobs.front());
  Sqlite& database = inner_->database;
  std::vector<std::exception_ptr> failures;
  inner_->atomically([&] {
    for (const auto& job : jobs) {
      database.run("SAVEPOINT job");
      const std::map<FolderId, FolderChange> before = inner_->changes;
      std::exception_ptr failure;
      inner_->has_refused = false;
      try {
        job(*this);
      } catch (...) {
        if (!database.in_transaction()) throw;  // a full disk undoes all of it
        failure = std::current_exception();
      }
      if (failure || inner_->has_refused) {
        database.script("ROLLBACK TO job");
        inner_->changes = before;
        inner_->keywords_known = false;
      }
      database.run("RELEASE job");
      failures.push_back(failure);
    }
  });
  return failures;
}

// A savepoint keeps a copy of each page that changes; for one job the transaction is enough.
std::vector<std::exception_ptr> MailboxStore::transact_one(
    const std::function<void(MailboxStore&)>& job) {
  struct Refused {};
  std::exception_ptr failure;
  inner_->has_refused = false;
  try {
    inner_->atomically([&] {
      try {
        job(*this);
      } catch (...) {
        failure = std::current_exception();
        throw;
      }
      if (inner_->has_refused) throw Refused();
    });
  } catch (const Refused&) {
  } catch (...) {
    if (!failure) throw;  // the commit's own
  }
  return {failure};
}

std::vector<FolderChange> MailboxStore::take_changes() {
  std::vector<FolderChange> taken;
  for (auto& [folder, change] : inner_->changes) {
    if (!change.gone) {
      auto rows = inner_->database.query(
          "SELECT uid_next, highest_modseq FROM folders WHERE id = ?", folder);
      if (rows.next()) {
        change.uid_next = static_cast<std::uint32_t>(rows.integer(0));
        change.highest_modseq = static_cast<ModSeq>(rows.integer(1));
      }
    }
    std::ranges::sort(change.expunged);
    taken.push_back(std::move(change));
  }
  inner_->changes.clear();
  return taken;
}

FolderChange& MailboxStore::Inner::change(FolderId folder) {
  FolderChange& change = changes[folder];
  change.folder = folder;
  return change;
}

std::int64_t MailboxStore::Inner::counter(std::string_view key) {
  return database.integer("SELECT value FROM counters WHERE key = ?", key).value_or(0);
}

void MailboxStore::Inner::add_to_counter(std::string_view key, std::int64_t amount) {
  database.run("UPDATE counters SET value = value + ? WHERE key = ?", amount, key);
}

std::uint32_t MailboxStore::Inner::next_uid_validity() {
  const auto next = database.integer(
      "UPDATE counters SET value = max(value + 1, ?) WHERE key = 'uid_validity' RETURNING value",
      now_seconds());
  return static_cast<std::uint32_t>(next.value_or(1));
}

ModSeq MailboxStore::Inner::next_modseq() {
  const auto next = database.integer(
      "UPDATE counters SET value = value + 1 WHERE key = 'modseq' RETURNING value");
  return static_cast<ModSeq>(next.value_or(1));
}

std::uint32_t MailboxStore::last_uid_validity() {
  return static_cast<std::uint32_t>(inner_->counter("uid_validity"));
}

QuotaUse MailboxStore::usage() {
  return {.bytes = static_cast<std::uint64_t>(inner_->counter("bytes")),
          .messages = static_cast<std::uint64_t>(inner_->counter("messages")),
          .limit = {}};
}

void MailboxStore::backup(const std::string& path) {
  inner_->database.run("VACUUM INTO ?", std::string_view(path));
}

}  // namespace postern::mailbox
