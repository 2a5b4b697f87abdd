#include "sim/store/database.h"

#include <sqlite3.h>

#include <cmath>
#include <filesystem>

#include "hw/spec/error.h"

namespace qsim {
namespace {

constexpr int kBusyMilliseconds = 60'000;  // two sweeps may write into one file
constexpr int kPollMilliseconds = 20;

// SQLite takes ":memory:" and "file:..." for other things than files of these names.
std::string file_name(const std::string& path) {
  return path.starts_with(':') || path.starts_with("file:") ? "./" + path : path;
}

// Of a file that nobody can change. "" when there is none, or when its log holds rows.
std::string immutable_uri(const std::string& path) {
  std::error_code failure;
  const std::filesystem::path file = std::filesystem::canonical(path, failure);
  if (failure) return "";
  const std::string log = file.string() + "-wal";
  if (std::filesystem::exists(log, failure) && std::filesystem::file_size(log, failure) > 0) {
    return "";
  }
  std::string uri = "file:";
  for (char c : file.string()) {
    uri += c == '?' ? "%3f" : c == '#' ? "%23" : c == '%' ? "%25" : std::string(1, c);
  }
  return uri + "?immutable=1";
}

}  // namespace

Database::Database(const std::string& path, Mode mode)
    : path_(path), handle_(nullptr, sqlite3_close) {
  if (mode == Mode::kWrite) {
    open(file_name(path), SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
    return;
  }
  open(file_name(path), SQLITE_OPEN_READONLY);
  if (can_be_read()) return;
  const std::string uri = immutable_uri(path);
  if (uri.empty()) fail("cannot be read where its -wal and -shm files cannot be written");
  open(uri, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI);
}

void Database::open(const std::string& name, int flags) {
  sqlite3* handle = nullptr;
  const int code = sqlite3_open_v2(name.c_str(), &handle, flags, nullptr);
  handle_.reset(handle);
  if (code != SQLITE_OK) fail("cannot be opened");
  sqlite3_busy_timeout(handle, kBusyMilliseconds);
}

// Readers of a write-ahead log share a file beside it: a folder that is not writable keeps it out.
bool Database::can_be_read() {
  const int code =
      sqlite3_exec(handle_.get(), "SELECT 1 FROM sqlite_schema", nullptr, nullptr, nullptr);
  return code != SQLITE_READONLY && code != SQLITE_CANTOPEN;
}

void Database::use_write_ahead_log() {
  // SQLite waits for others everywhere but here.
  for (int waited = 0;; waited += kPollMilliseconds) {
    const int code =
        sqlite3_exec(handle_.get(), "PRAGMA journal_mode = WAL", nullptr, nullptr, nullptr);
    if (code == SQLITE_OK) return;
    if (code != SQLITE_BUSY || waited >= kBusyMilliseconds) fail("cannot be used");
    sqlite3_sleep(kPollMilliseconds);
  }
}

void Database::fail(const std::string& what) const {
  throw Error(path_ + ": " + what + ": " +
              (handle_ ? sqlite3_errmsg(handle_.get()) : "out of memory"));
}

void Database::run(const char* sql) {
  if (sqlite3_exec(handle_.get(), sql, nullptr, nullptr, nullptr) != SQLITE_OK) {
    fail("cannot be used");
  }
}

int64_t Database::integer(const char* sql) {
  Statement statement(*this, sql);
  return statement.step() ? statement.integer(0) : 0;
}

int64_t Database::changes() const { return sqlite3_changes64(handle_.get()); }

Statement::Statement(Database& database, const char* sql)
    : database_(database), statement_(nullptr, sqlite3_finalize) {
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v2(database.handle_.get(), sql, -1, &statement, nullptr);
  statement_.reset(statement);
  check(code);
}

void Statement::check(int code) const {
  if (code != SQLITE_OK) database_.fail("cannot be used");
}

Statement& Statement::bind(int index, const std::string& text) {
  check(sqlite3_bind_text64(statement_.get(), index + 1, text.data(), text.size(), SQLITE_TRANSIENT,
                            SQLITE_UTF8));
  return *this;
}

Statement& Statement::bind(int index, int64_t value) {
  check(sqlite3_bind_int64(statement_.get(), index + 1, value));
  return *this;
}

Statement& Statement::bind(int index, double value) {
  if (std::isnan(value)) return bind_null(index);
  check(sqlite3_bind_double(statement_.get(), index + 1, value));
  return *this;
}

Statement& Statement::bind_null(int index) {
  check(sqlite3_bind_null(statement_.get(), index + 1));
  return *this;
}

bool Statement::step() {
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  const int reset = sqlite3_reset(statement_.get());
  if (code != SQLITE_DONE) check(reset == SQLITE_OK ? SQLITE_ERROR : reset);
  return false;
}

void Statement::run() {
  while (step()) {
  }
}

std::string Statement::text(int column) const {
  const unsigned char* text = sqlite3_column_text(statement_.get(), column);
  if (!text) return "";
  const auto size = static_cast<size_t>(sqlite3_column_bytes(statement_.get(), column));
  return {reinterpret_cast<const char*>(text), size};
}

int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

std::optional<double> Statement::real(int column) const {
  if (sqlite3_column_type(statement_.get(), column) == SQLITE_NULL) return std::nullopt;
  return sqlite3_column_double(statement_.get(), column);
}

Transaction::Transaction(Database& database) : database_(database) {
  database_.run("BEGIN IMMEDIATE");
}

Transaction::~Transaction() {
  if (!open_) return;
  try {
    database_.run("ROLLBACK");
  } catch (const Error&) {  // an error on the way out; the first one is already on its way
  }
}

void Transaction::commit() {
  database_.run("COMMIT");
  open_ = false;
}

}  // namespace qsim
