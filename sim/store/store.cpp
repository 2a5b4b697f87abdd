#include "sim/store/store.h"

#include <array>
#include <cmath>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "hw/spec/error.h"
#include "sim/store/schema.h"

namespace qsim {
namespace {

using Json = nlohmann::ordered_json;

bool is_number(const std::string& key) {
  for (const ArchKey& known : arch_keys()) {
    if (known.name == key) return known.range.front() == '[';
  }
  return false;
}

// The machine's keys as JSON, numbers as numbers, for json_extract() and for data frames. Its keys
// need not fit together: points of such machines are kept as failed.
std::string keys_json(const std::string& machine_text) {
  Json json = Json::object();
  std::istringstream lines(machine_text);
  std::string section;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with('[')) section = line.substr(1, line.size() - 2) + ".";
    const size_t equals = line.find(" = ");
    if (equals == std::string::npos) continue;
    const std::string key = section + line.substr(0, equals), value = line.substr(equals + 3);
    json[key] = is_number(key) ? Json::parse(value) : Json(value);
  }
  return json.dump();
}

const char* status_of(const std::string& failure) { return failure.empty() ? "done" : "failed"; }

}  // namespace

// Prepared once: a sweep adds thousands of rows a second.
struct ResultStore::Writer {
  explicit Writer(Database& database) : db(database) {}

  int64_t network(const std::string& model, const std::string& sha256, const std::string& shapes,
                  const std::string& recipe) {
    add_network.bind(0, model).bind(1, sha256).bind(2, shapes).bind(3, recipe).run();
    find_network.bind(0, model).bind(1, sha256).bind(2, shapes).bind(3, recipe);
    return found(find_network);
  }

  int64_t machine(const std::string& name, const std::string& text) {
    find_machine.bind(0, name).bind(1, text);
    if (find_machine.step()) return found_here(find_machine);
    add_machine.bind(0, name).bind(1, text).bind(2, keys_json(text)).run();
    return db.integer("SELECT last_insert_rowid()");
  }

  void metrics(Statement& add_value, int64_t owner, const std::vector<Metric>& list) {
    for (const Metric& metric : list) {
      add_value.bind(0, owner).bind(1, metric_id(metric)).bind(2, metric.value).run();
    }
  }

  void point(const PointResult& point) {
    const int64_t network_id = network(point.model, point.model_sha256, point.shapes, point.recipe);
    const int64_t machine_id = machine(point.machine, point.machine_text);
    add_point.bind(0, point.key).bind(1, point.version).bind(2, network_id).bind(3, machine_id);
    add_point.bind(4, point.prices).bind(5, point.values_key).bind(6, point.command);
    add_point.bind(7, std::string(status_of(point.failure))).bind(8, point.failure).run();
    if (db.changes() == 0) return;
    metrics(add_point_value, db.integer("SELECT last_insert_rowid()"), point.metrics);
  }

  void values(const ValuesResult& values) {
    const int64_t network_id =
        network(values.model, values.model_sha256, values.shapes, values.recipe);
    add_accuracy.bind(0, values.key).bind(1, values.version).bind(2, network_id);
    add_accuracy.bind(3, values.requant).bind(4, std::string(status_of(values.failure)));
    add_accuracy.bind(5, values.failure).run();
    if (db.changes() == 0) return;
    metrics(add_accuracy_value, db.integer("SELECT last_insert_rowid()"), values.metrics);
  }

  // Ids seen in a transaction that was rolled back are no ids.
  void forget() { metric_ids.clear(); }

 private:
  static int64_t found_here(Statement& statement) {
    const int64_t id = statement.integer(0);
    statement.run();
    return id;
  }

  int64_t found(Statement& statement) {
    if (!statement.step()) db.fail("lost a row");
    return found_here(statement);
  }

  int64_t metric_id(const Metric& metric) {
    const auto [at, is_new] = metric_ids.try_emplace({metric.name, metric.unit, metric.origin}, 0);
    if (!is_new) return at->second;
    add_metric.bind(0, metric.name).bind(1, metric.unit).bind(2, metric.origin).run();
    find_metric.bind(0, metric.name).bind(1, metric.unit).bind(2, metric.origin);
    return at->second = found(find_metric);
  }

  Database& db;
  std::map<std::array<std::string, 3>, int64_t> metric_ids;
  Statement add_network{db,
                        "INSERT OR IGNORE INTO networks (model, model_sha256, shapes, recipe) "
                        "VALUES (?, ?, ?, ?)"};
  Statement find_network{db,
                         "SELECT id FROM networks WHERE model = ? AND model_sha256 = ? AND "
                         "shapes = ? AND recipe = ?"};
  Statement find_machine{db, "SELECT id FROM machines WHERE name = ? AND text = ?"};
  Statement add_machine{db, "INSERT INTO machines (name, text, keys) VALUES (?, ?, ?)"};
  Statement add_metric{db, "INSERT OR IGNORE INTO metrics (name, unit, origin) VALUES (?, ?, ?)"};
  Statement find_metric{db, "SELECT id FROM metrics WHERE name = ? AND unit = ? AND origin = ?"};
  Statement add_point{db,
                      "INSERT OR IGNORE INTO points (key, version, network, machine, prices, "
                      "values_key, command, status, message) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"};
  Statement add_accuracy{db,
                         "INSERT OR IGNORE INTO accuracies (key, version, network, requant, "
                         "status, message) VALUES (?, ?, ?, ?, ?, ?)"};
  Statement add_point_value{db, "INSERT INTO point_values VALUES (?, ?, ?)"};
  Statement add_accuracy_value{db, "INSERT INTO accuracy_values VALUES (?, ?, ?)"};
};

ResultStore::ResultStore(const std::string& path, Mode mode)
    : database_((mode == Mode::kRead && !std::filesystem::is_regular_file(path)
                     ? throw Error(path + ": cannot be read")
                     : path),
                mode == Mode::kRead ? Database::Mode::kRead : Database::Mode::kWrite) {
  if (mode == Mode::kWrite) {
    // Nothing is changed in a database that is somebody else's.
    if (database_.integer("SELECT count(*) FROM sqlite_schema") > 0) require_store();
    // Readers see whole transactions while a sweep writes; a commit costs one write and one sync.
    database_.use_write_ahead_log();
    database_.run("PRAGMA synchronous = FULL");
    Transaction transaction(database_);
    if (database_.integer("SELECT count(*) FROM sqlite_schema") == 0) {
      database_.run(kSchema);
      database_.run(("PRAGMA application_id = " + std::to_string(kApplicationId)).c_str());
      database_.run(("PRAGMA user_version = " + std::to_string(kSchemaVersion)).c_str());
    }
    transaction.commit();
  }
  require_store();
  if (mode == Mode::kWrite) writer_ = std::make_unique<Writer>(database_);
}

void ResultStore::require_store() {
  if (database_.integer("PRAGMA application_id") != kApplicationId) {
    throw Error(path() + ": is no store of sweep results");
  }
  const int64_t version = database_.integer("PRAGMA user_version");
  if (version != kSchemaVersion) {
    throw Error(path() + ": has schema " + std::to_string(version) + "; this qsim reads " +
                std::to_string(kSchemaVersion) + "; sweep again into another file");
  }
}

ResultStore::~ResultStore() = default;

void ResultStore::require_version(const std::string& version) {
  const std::lock_guard lock(mutex_);
  require_held(version);
}

void ResultStore::require_held(const std::string& version) {
  for (const char* sql :
       {"SELECT version FROM points LIMIT 1", "SELECT version FROM accuracies LIMIT 1"}) {
    Statement held(database_, sql);
    if (!held.step() || held.text(0) == version) continue;
    throw Error(path() + ": holds results of qsim " + held.text(0) + ", which are not those of " +
                version + "; write to another file");
  }
}

void ResultStore::require_writable() const {
  if (!writer_) throw Error(path() + ": is open for reading alone; expected mode w");
}

void ResultStore::use_samples(const std::string& description) {
  if (description.empty()) return;
  require_writable();
  const std::lock_guard lock(mutex_);
  Transaction transaction(database_);
  Statement add(database_, "INSERT OR IGNORE INTO settings VALUES ('samples', ?)");
  add.bind(0, description).run();
  Statement find(database_, "SELECT value FROM settings WHERE name = 'samples'");
  const std::string there = find.step() ? find.text(0) : "";
  const auto content = [](const std::string& text) { return text.substr(0, text.find(", of ")); };
  if (content(there) != content(description)) {
    throw Error(path() + ": holds accuracies on other samples (" + there + "), not on " +
                description + "; write to another file");
  }
  find.run();
  transaction.commit();
}

std::set<std::string> ResultStore::point_keys() {
  const std::lock_guard lock(mutex_);
  std::set<std::string> keys;
  Statement all(database_, "SELECT key FROM points");
  while (all.step()) keys.insert(all.text(0));
  return keys;
}

std::set<std::string> ResultStore::values_keys() {
  const std::lock_guard lock(mutex_);
  std::set<std::string> keys;
  Statement all(database_, "SELECT key FROM accuracies");
  while (all.step()) keys.insert(all.text(0));
  return keys;
}

void ResultStore::remove_failed() {
  require_writable();
  const std::lock_guard lock(mutex_);
  Transaction transaction(database_);
  // They have no values in other tables.
  database_.run("DELETE FROM points WHERE status = 'failed'");
  database_.run("DELETE FROM accuracies WHERE status = 'failed'");
  transaction.commit();
}

void ResultStore::remove_failed(const std::set<std::string>& keys) {
  require_writable();
  const std::lock_guard lock(mutex_);
  Transaction transaction(database_);
  for (const char* sql : {"DELETE FROM points WHERE status = 'failed' AND key = ?",
                          "DELETE FROM accuracies WHERE status = 'failed' AND key = ?"}) {
    Statement remove(database_, sql);
    for (const std::string& key : keys) remove.bind(0, key).run();
  }
  transaction.commit();
}

void ResultStore::add(std::span<const PointResult> points, std::span<const ValuesResult> values) {
  require_writable();
  const std::lock_guard lock(mutex_);
  Transaction transaction(database_);
  try {
    for (const ValuesResult& result : values) {
      require_held(result.version);
      writer_->values(result);
    }
    for (const PointResult& result : points) {
      require_held(result.version);
      writer_->point(result);
    }
    transaction.commit();
  } catch (...) {
    writer_->forget();
    throw;
  }
}

std::vector<Metric> ResultStore::metrics(const char* table, int64_t id) {
  Statement all(database_, (std::string("SELECT name, value, unit, origin FROM ") + table +
                            " JOIN metrics ON metrics.id = metric WHERE owner = ? ORDER BY name")
                               .c_str());
  all.bind(0, id);
  std::vector<Metric> list;
  while (all.step()) {
    list.push_back({all.text(0), all.real(1).value_or(std::nan("")), all.text(2), all.text(3)});
  }
  return list;
}

std::vector<PointResult> ResultStore::points() {
  const std::lock_guard lock(mutex_);
  Statement all(
      database_,
      "SELECT points.id, key, version, model, model_sha256, shapes, recipe, name, text, "
      "prices, values_key, command, message FROM points JOIN networks ON networks.id = network "
      "JOIN machines ON machines.id = machine ORDER BY key");
  std::vector<PointResult> list;
  while (all.step()) {
    list.push_back({all.text(1), all.text(2), all.text(3), all.text(4), all.text(5), all.text(6),
                    all.text(7), all.text(8), all.text(9), all.text(10), all.text(11), all.text(12),
                    metrics("point_values", all.integer(0))});
  }
  return list;
}

std::vector<ValuesResult> ResultStore::values() {
  const std::lock_guard lock(mutex_);
  Statement all(database_,
                "SELECT accuracies.id, key, version, model, model_sha256, shapes, recipe, requant, "
                "message FROM accuracies JOIN networks ON networks.id = network ORDER BY key");
  std::vector<ValuesResult> list;
  while (all.step()) {
    list.push_back({all.text(1), all.text(2), all.text(3), all.text(4), all.text(5), all.text(6),
                    all.text(7), all.text(8), metrics("accuracy_values", all.integer(0))});
  }
  return list;
}

}  // namespace qsim
