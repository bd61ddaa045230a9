// core/sqlite.cc: statements, transactions and errors of SQLite.
#include "core/sqlite.h"

namespace postern {
namespace {

constexpr int patience_ms = 10'000;  // with another process that writes

int flags_of(Sqlite::Access access) {
  // A reader of a WAL database writes to its -shm file, so it is opened for writing, too;
  // query_only keeps it a reader.
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;
  return access == Sqlite::Access::create ? flags | SQLITE_OPEN_CREATE : flags;
}

}  // namespace

Sqlite::Sqlite(std::string name, const std::string& path, Access access) : name_(std::move(name)) {
  sqlite3* connection = nullptr;
  const int status = sqlite3_open_v2(path.c_str(), &connection, flags_of(access), nullptr);
  connection_.reset(connection);
  if (status != SQLITE_OK) fail("open");
  sqlite3_extended_result_codes(connection, 1);
  sqlite3_busy_timeout(connection, patience_ms);
  sqlite3_limit(connection, SQLITE_LIMIT_ATTACHED, 1);
  if (access == Access::read_only) {
    script("PRAGMA query_only=ON");
  } else {
    script("PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA secure_delete=FAST");
  }
}

void Sqlite::fail(const char* doing) const {
  sqlite3* const connection = connection_.get();
  const int status = connection == nullptr ? SQLITE_NOMEM : sqlite3_errcode(connection);
  if (status == SQLITE_FULL) throw IoError(name_ + ": disk full");
  throw IoError(name_ + ": " + doing + ": " +
                (connection == nullptr ? "out of memory" : sqlite3_errmsg(connection)));
}

void Sqlite::script(const char* sql) {
  if (sqlite3_exec(connection_.get(), sql, nullptr, nullptr, nullptr) != SQLITE_OK) fail("execute");
}

sqlite3_stmt* Sqlite::take(std::string_view sql) {
  if (const auto found = idle_.find(sql); found != idle_.end() && found->second) {
    return found->second.release();
  }
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v3(connection_.get(), sql.data(), static_cast<int>(sql.size()),
                         SQLITE_PREPARE_PERSISTENT, &statement, nullptr) != SQLITE_OK) {
    fail("prepare");
  }
  return statement;
}

void Sqlite::give_back(sqlite3_stmt* statement) noexcept {
  sqlite3_reset(statement);
  sqlite3_clear_bindings(statement);
  const std::string_view sql = sqlite3_sql(statement);
  const auto found = idle_.find(sql);
  (found != idle_.end() ? found->second : idle_[std::string(sql)]).reset(statement);
}

void Sqlite::bind(sqlite3_stmt* statement, int place, std::string_view text) {
  check(sqlite3_bind_text64(statement, place, text.data() == nullptr ? "" : text.data(),
                            text.size(), SQLITE_TRANSIENT, SQLITE_UTF8));
}

void Sqlite::bind(sqlite3_stmt* statement, int place, const Blob& blob) {
  check(sqlite3_bind_blob64(statement, place, blob.bytes.data() == nullptr ? "" : blob.bytes.data(),
                            blob.bytes.size(), SQLITE_STATIC));
}

void Sqlite::bind(sqlite3_stmt* statement, int place, const std::optional<std::int64_t>& value) {
  check(value ? sqlite3_bind_int64(statement, place, *value) : sqlite3_bind_null(statement, place));
}

Sqlite::Rows::~Rows() {
  if (statement_ != nullptr) database_->give_back(statement_);
}

bool Sqlite::Rows::next() {
  const int status = sqlite3_step(statement_);
  if (status == SQLITE_ROW) return true;
  if (status != SQLITE_DONE) database_->fail("step");
  return false;
}

std::int64_t Sqlite::Rows::integer(int column) const {
  return sqlite3_column_int64(statement_, column);
}

std::string_view Sqlite::Rows::bytes(int column) const {
  const void* const data = sqlite3_column_blob(statement_, column);
  const int size = sqlite3_column_bytes(statement_, column);
  return {static_cast<const char*>(data), static_cast<std::size_t>(size)};
}

bool Sqlite::Rows::is_null(int column) const {
  return sqlite3_column_type(statement_, column) == SQLITE_NULL;
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

}  // namespace postern
