// mailbox/store/database.cc: opening, preparing and stepping.
#include "mailbox/store/database.h"

namespace postern::mailbox {

Database::Database(const std::string& path, Access access) {
  sqlite3* connection = nullptr;
  // A reader of a WAL database writes to its -shm file, so it is opened for writing, too;
  // query_only keeps it a reader.
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX |
                    (access == Access::write ? SQLITE_OPEN_CREATE : 0);
  const int status = sqlite3_open_v2(path.c_str(), &connection, flags, nullptr);
  connection_.reset(connection);
  if (status != SQLITE_OK) fail("open");
  sqlite3_extended_result_codes(connection, 1);
  sqlite3_busy_timeout(connection, 10'000);
  sqlite3_limit(connection, SQLITE_LIMIT_ATTACHED, 1);
  if (access == Access::read_only) {
    script("PRAGMA query_only=ON; PRAGMA cache_size=-1024; PRAGMA temp_store=MEMORY");
    return;
  }
  script(
      "PRAGMA page_size=8192; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
      "PRAGMA foreign_keys=ON; PRAGMA secure_delete=FAST; PRAGMA journal_size_limit=8388608;"
      "PRAGMA wal_autocheckpoint=512; PRAGMA cache_size=-2048; PRAGMA temp_store=MEMORY");
}

void Database::fail(const char* doing) const {
  sqlite3* const connection = connection_.get();
  const int status = connection == nullptr ? SQLITE_NOMEM : sqlite3_errcode(connection);
  if (status == SQLITE_FULL) throw IoError("mailbox store: disk full");
  throw IoError(std::string("mailbox store: ") + doing + ": " +
                (connection == nullptr ? "out of memory" : sqlite3_errmsg(connection)));
}

void Database::script(const char* sql) {
  if (sqlite3_exec(connection_.get(), sql, nullptr, nullptr, nullptr) != SQLITE_OK) fail("execute");
}

sqlite3_stmt* Database::take(const char* sql) {
  if (const auto found = idle_.find(sql); found != idle_.end() && found->second) {
    return found->second.release();
  }
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v3(connection_.get(), sql, -1, SQLITE_PREPARE_PERSISTENT, &statement,
                         nullptr) != SQLITE_OK) {
    fail("prepare");
  }
  return statement;
}

void Database::give_back(const char* sql, sqlite3_stmt* statement) noexcept {
  sqlite3_reset(statement);
  sqlite3_clear_bindings(statement);
  idle_[sql].reset(statement);
}

Database::Rows::~Rows() {
  if (statement_ != nullptr) database_->give_back(sql_, statement_);
}

bool Database::Rows::next() {
  const int status = sqlite3_step(statement_);
  if (status == SQLITE_ROW) return true;
  if (status != SQLITE_DONE) database_->fail("step");
  return false;
}

std::int64_t Database::Rows::integer(int column) const {
  return sqlite3_column_int64(statement_, column);
}

std::string_view Database::Rows::bytes(int column) const {
  const void* const data = sqlite3_column_blob(statement_, column);
  const int size = sqlite3_column_bytes(statement_, column);
  return {static_cast<const char*>(data), static_cast<std::size_t>(size)};
}

}  // namespace postern::mailbox
