// The tables of a store. docs/reference/store.md explains them; a change raises kSchemaVersion.
#pragma once

namespace qsim {

constexpr int kApplicationId = 0x7173696d;  // "qsim", PRAGMA application_id
constexpr int kSchemaVersion = 2;           // PRAGMA user_version

constexpr const char* kSchema = R"(
CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE networks (
  id INTEGER PRIMARY KEY,
  model TEXT NOT NULL, model_sha256 TEXT NOT NULL, shapes TEXT NOT NULL, recipe TEXT NOT NULL,
  UNIQUE (model, model_sha256, shapes, recipe));
CREATE TABLE machines (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL, text TEXT NOT NULL, keys TEXT NOT NULL,
  UNIQUE (name, text));
CREATE TABLE metrics (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL, unit TEXT NOT NULL, origin TEXT NOT NULL,
  UNIQUE (name, unit, origin));
CREATE TABLE accuracies (
  id INTEGER PRIMARY KEY,
  key TEXT NOT NULL UNIQUE, version TEXT NOT NULL,
  network INTEGER NOT NULL REFERENCES networks, requant TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('done', 'failed')), message TEXT NOT NULL);
CREATE TABLE points (
  id INTEGER PRIMARY KEY,
  key TEXT NOT NULL UNIQUE, version TEXT NOT NULL,
  network INTEGER NOT NULL REFERENCES networks, machine INTEGER NOT NULL REFERENCES machines,
  prices TEXT NOT NULL, values_key TEXT NOT NULL, command TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('done', 'failed')), message TEXT NOT NULL);
CREATE TABLE point_values (
  owner INTEGER NOT NULL REFERENCES points, metric INTEGER NOT NULL REFERENCES metrics, value REAL,
  PRIMARY KEY (owner, metric)) WITHOUT ROWID;
CREATE TABLE accuracy_values (
  owner INTEGER NOT NULL REFERENCES accuracies, metric INTEGER NOT NULL REFERENCES metrics, value REAL,
  PRIMARY KEY (owner, metric)) WITHOUT ROWID;
CREATE VIEW results AS
  SELECT points.key AS key, networks.model AS model, networks.recipe AS recipe,
         machines.name AS machine, machines.keys AS machine_keys,
         metrics.name AS metric, all_values.value AS value, metrics.unit AS unit,
         metrics.origin AS origin
  FROM points
  JOIN networks ON networks.id = points.network
  JOIN machines ON machines.id = points.machine
  JOIN (SELECT owner AS point, metric, value FROM point_values
        UNION ALL
        SELECT points.id, metric, value FROM accuracy_values
        JOIN accuracies ON accuracies.id = accuracy_values.owner
        JOIN points ON points.values_key = accuracies.key AND points.status = 'done') AS all_values
    ON all_values.point = points.id
  JOIN metrics ON metrics.id = all_values.metric;
)";

}  // namespace qsim
