// SQLite as values that clean up after themselves. Every failure is an Error that names the file.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

struct sqlite3;
struct sqlite3_stmt;

namespace qsim {

class Database;

// One prepared statement. Parameters and columns count from 0.
class Statement {
 public:
  Statement(Database& database, const char* sql);

  Statement& bind(int index, const std::string& text);
  Statement& bind(int index, int64_t value);
  Statement& bind(int index, double value);  // NaN becomes NULL
  Statement& bind_null(int index);

  // True: a row stands ready. False: done, and ready to be bound anew.
  bool step();
  void run();  // of a statement without rows

  std::string text(int column) const;  // NULL: ""
  int64_t integer(int column) const;
  std::optional<double> real(int column) const;  // NULL: nothing

 private:
  void check(int code) const;

  Database& database_;
  std::unique_ptr<sqlite3_stmt, int (*)(sqlite3_stmt*)> statement_;
};

// An open file. One thread at a time.
class Database {
 public:
  enum class Mode : uint8_t { kRead, kWrite };  // kWrite creates the file

  // A path is a file's, whatever SQLite makes of its name elsewhere. kRead reads from folders that
  // cannot be written as well, unless rows still stand in the log beside the file. Throws
  // Error("<path>: cannot be opened: ...").
  Database(const std::string& path, Mode mode);

  void use_write_ahead_log();  // waits for others that open the file
  void run(const char* sql);   // one or more statements without parameters
  int64_t integer(const char* sql);
  int64_t changes() const;  // rows that the last statement changed
  const std::string& path() const { return path_; }
  [[noreturn]] void fail(const std::string& what) const;

 private:
  friend class Statement;
  void open(const std::string& name, int flags);
  bool can_be_read();

  std::string path_;
  std::unique_ptr<sqlite3, int (*)(sqlite3*)> handle_;
};

// Rolled back unless commit() was called.
class Transaction {
 public:
  explicit Transaction(Database& database);
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  void commit();

 private:
  Database& database_;
  bool open_ = true;
};

}  // namespace qsim
