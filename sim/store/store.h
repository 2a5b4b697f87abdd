// The results of sweeps, in one SQLite file (docs/reference/store.md describes the tables).
//
// Whoever is killed loses what was not yet committed and nothing else: add() is one transaction in
// the write-ahead log. Several processes may read while one writes. Rows never change once they
// are written; adding a row whose key is there does nothing.
#pragma once

#include <memory>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "sim/store/database.h"
#include "sim/store/results.h"

namespace qsim {

// Its functions may be called from any thread.
class ResultStore {
 public:
  enum class Mode : uint8_t { kRead, kWrite };

  // kWrite creates the file. Throws Error when it is no store, or one of another schema.
  ResultStore(const std::string& path, Mode mode);
  ~ResultStore();

  void require_writable() const;  // throws Error when it was opened with kRead

  // A store holds results of one build. Throws Error when it holds some of another `version`
  // (PointResult::version), whatever that differs in.
  void require_version(const std::string& version);
  // A store holds accuracies on one set of samples. `description` says what they contain, then
  // ", of " and the file's name, which is for people alone; "" when there are none. Throws Error
  // when the store has samples of other content.
  void use_samples(const std::string& description);

  std::set<std::string> point_keys();
  std::set<std::string> values_keys();
  void remove_failed();  // points and accuracies, so that they are evaluated again
  void remove_failed(const std::set<std::string>& keys);  // those of them with these keys

  // Throws Error as require_version() does, and adds nothing then.
  void add(std::span<const PointResult> points, std::span<const ValuesResult> values);

  // All rows, in the order of their keys.
  std::vector<PointResult> points();
  std::vector<ValuesResult> values();

  const std::string& path() const { return database_.path(); }

 private:
  struct Writer;
  void require_store();
  void require_held(const std::string& version);  // within lock and transaction
  std::vector<Metric> metrics(const char* table, int64_t id);

  std::mutex mutex_;  // one thread at a time
  Database database_;
  std::unique_ptr<Writer> writer_;  // of kWrite
};

}  // namespace qsim
