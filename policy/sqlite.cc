// policy/sqlite.cc: see sqlite.h.
#include "policy/sqlite.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/error.h"
#include "core/file_owner.h"

namespace postern::policy {

namespace {

[[noreturn]] void fail(sqlite3* connection, std::string_view doing) {
  throw IoError("accounts.db: " + std::string(doing) + ": " + sqlite3_errmsg(connection));
}

}  // namespace

Sqlite::Sqlite(const std::filesystem::path& file) {
  // SQLite, as root, gives its -wal and -shm files the owner of the database by itself.
  make_file_if_missing(file);
  if (::access(file.c_str(), R_OK | W_OK) != 0)
    throw IoError(file.string() + ": " + std::strerror(errno));
  sqlite3* opened = nullptr;
  const int result =
      sqlite3_open_v2(file.c_str(), &opened, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
  connection_.reset(opened);
  if (result != SQLITE_OK) fail(opened, "open");
  sqlite3_busy_timeout(opened, 10'000);
  script(
      "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=FAST;"
      "PRAGMA foreign_keys=ON");
}

void Sqlite::script(const char* sql) {
  if (sqlite3_exec(connection_.get(), sql, nullptr, nullptr, nullptr) != SQLITE_OK) {
    fail(connection_.get(), "write");
  }
}

Sqlite::Rows Sqlite::prepare(std::string_view sql) {
  const auto idle = idle_.find(std::string(sql));
  Statement statement =
      idle != idle_.end() && idle->second ? std::move(idle->second) : compile(sql);
  return {*this, connection_.get(), statement.release()};
}

Sqlite::Statement Sqlite::compile(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v3(connection_.get(), sql.data(), static_cast<int>(sql.size()),
                         SQLITE_PREPARE_PERSISTENT, &statement, nullptr) != SQLITE_OK) {
    fail(connection_.get(), "prepare");
  }
  return Statement(statement);
}

void Sqlite::give_back(sqlite3_stmt* statement) noexcept {
  sqlite3_reset(statement);
  sqlite3_clear_bindings(statement);
  idle_[sqlite3_sql(statement)].reset(statement);
}

void Sqlite::bind(Rows& rows, int place, std::int64_t value) {
  sqlite3_bind_int64(rows.statement_.get(), place, value);
}

void Sqlite::bind(Rows& rows, int place, std::string_view value) {
  sqlite3_bind_text64(rows.statement_.get(), place, value.data(), value.size(), SQLITE_TRANSIENT,
                      SQLITE_UTF8);
}

void Sqlite::bind(Rows& rows, int place, const std::optional<std::int64_t>& value) {
  if (value) {
    bind(rows, place, *value);
  } else {
    sqlite3_bind_null(rows.statement_.get(), place);
  }
}

bool Sqlite::Rows::next() {
  const int result = sqlite3_step(statement_.get());
  if (result == SQLITE_ROW) return true;
  if (result != SQLITE_DONE) fail(connection_, "read");
  return false;
}

std::int64_t Sqlite::Rows::integer(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

std::string Sqlite::Rows::text(int column) const {
  const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement_.get(), column));
  if (bytes == nullptr) return {};
  return {bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

bool Sqlite::Rows::is_null(int column) const {
  return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL;
}

void Transaction::commit() {
  database_.script("COMMIT");
  is_done_ = true;
}

Transaction::~Transaction() {
  if (is_done_) return;
  try {
    database_.script("ROLLBACK");
  } catch (const IoError&) {
    // SQLite has rolled back by itself.
  }
}

}  // namespace postern::policy
