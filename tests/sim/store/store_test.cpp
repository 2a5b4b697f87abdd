// The file of results: what goes in comes out, whole transactions or nothing, no row twice.
#include "sim/store/store.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <memory>
#include <thread>

#include "hw/spec/error.h"
#include "hw/spec/machines.h"

namespace qsim {
namespace {

class StoreTest : public testing::Test {
 protected:
  void SetUp() override {
    const std::string name = testing::UnitTest::GetInstance()->current_test_info()->name();
    folder_ = std::filesystem::path(testing::TempDir()) /
              ("qsim_store_" + name + "_" + std::to_string(getpid()));
    std::filesystem::create_directories(folder_);
    path_ = folder_ / "results.db";
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string message_of(ResultStore::Mode mode) const {
    try {
      ResultStore store(path_, mode);
      return "";
    } catch (const Error& error) {
      return error.what();
    }
  }

  std::filesystem::path folder_;
  std::string path_;
};

PointResult point(const std::string& key, double cycles) {
  PointResult result;
  result.key = key;
  result.version = "1";
  result.model = "net.onnx";
  result.model_sha256 = "ab";
  result.shapes = "batch 1";
  result.recipe = R"({"weights":4})";
  result.machine = "edge16";
  result.machine_text = to_text(find_arch("edge16"));
  result.prices = "ours 9bdf627b20f766ca";
  result.values_key = "values";
  result.command = "qsim run net.onnx";
  // In the order of their names, as a store gives them back.
  result.metrics = {{"cycles", cycles, "cycles", "measured"}, {"time_ms", 0.25, "ms", "assumed"}};
  return result;
}

ValuesResult values() {
  ValuesResult result;
  result.key = "values";
  result.version = "1";
  result.model = "net.onnx";
  result.model_sha256 = "ab";
  result.shapes = "batch 1";
  result.recipe = R"({"weights":4})";
  result.requant = "rne";
  result.metrics = {{"output_sqnr_db", std::numeric_limits<double>::infinity(), "dB", "measured"},
                    {"top1", 0.75, "share", "measured"}};
  return result;
}

TEST_F(StoreTest, ThreadsWriteAtOnce) {
  ResultStore store(path_, ResultStore::Mode::kWrite);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 20; ++i) {
        const PointResult row = point(std::to_string(t) + "." + std::to_string(i), i);
        store.add({&row, 1}, {});
        EXPECT_FALSE(store.points().empty());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(store.points().size(), 80);
}

// The change to a write-ahead log is the one moment at which SQLite itself does not wait.
TEST_F(StoreTest, WaitsForAnotherThatMakesTheFile) {
  Database other(path_, Database::Mode::kWrite);
  auto makes = std::make_unique<Transaction>(other);
  std::thread opens([&] { EXPECT_EQ(message_of(ResultStore::Mode::kWrite), ""); });
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  makes.reset();
  opens.join();
}

// SQLite knows names that are no files: what is written there is gone with the process.
TEST_F(StoreTest, EveryNameIsThatOfAFile) {
  const std::filesystem::path before = std::filesystem::current_path();
  std::filesystem::current_path(folder_);
  for (const std::string name : {":memory:", "file:x.db?mode=memory"}) {
    ResultStore(name, ResultStore::Mode::kWrite).add(std::vector{point("a", 7)}, {});
    EXPECT_TRUE(std::filesystem::exists(folder_ / name)) << name;
    EXPECT_EQ(ResultStore(name, ResultStore::Mode::kRead).points().size(), 1u) << name;
  }
  std::filesystem::current_path(before);
}

// Nobody, to whom a folder that only its owner may write is closed, as it is not to root.
class AsNobody {
 public:
  AsNobody() {
    if (was_root_) {
      EXPECT_EQ(seteuid(65534), 0);
    }
  }
  ~AsNobody() {
    if (was_root_) {
      EXPECT_EQ(seteuid(0), 0);
    }
  }

 private:
  const bool was_root_ = geteuid() == 0;
};

TEST_F(StoreTest, IsReadInAFolderThatCannotBeWritten) {
  namespace fs = std::filesystem;
  constexpr fs::perms kReadable = static_cast<fs::perms>(0555), kAll = fs::perms::all;
  const std::string whole = folder_ / "50%?#.db", torn = folder_ / "torn.db";
  ResultStore(whole, ResultStore::Mode::kWrite).add(std::vector{point("a", 7)}, {});
  {
    ResultStore store(path_, ResultStore::Mode::kWrite);
    store.add(std::vector{point("a", 7)}, {});
    fs::copy(path_, torn);
    fs::copy(path_ + "-wal", torn + "-wal");
  }
  fs::permissions(folder_, kReadable);
  {
    const AsNobody nobody;
    ResultStore store(whole, ResultStore::Mode::kRead);
    EXPECT_EQ(store.points(), std::vector{point("a", 7)});
    try {
      ResultStore(torn, ResultStore::Mode::kRead);
      ADD_FAILURE() << "rows in the log were left out in silence";
    } catch (const Error& error) {
      const std::string message = error.what();
      EXPECT_TRUE(message.starts_with(torn + ": cannot be read where its -wal and -shm files"))
          << message;
    }
  }
  fs::permissions(folder_, kAll);
}

TEST_F(StoreTest, WhatIsOpenForReadingIsNotWritten) {
  ResultStore(path_, ResultStore::Mode::kWrite);
  ResultStore store(path_, ResultStore::Mode::kRead);
  EXPECT_THROW(store.require_writable(), Error);
  EXPECT_THROW(store.add(std::vector{point("a", 7)}, {}), Error);
  EXPECT_THROW(store.use_samples("12ab, of x.npz"), Error);
  EXPECT_THROW(store.remove_failed(), Error);
}

TEST_F(StoreTest, SamplesAreKnownByContent) {
  ResultStore store(path_, ResultStore::Mode::kWrite);
  store.use_samples("12ab, of x.npz");
  store.use_samples("12ab, of ../data/x.npz");
  EXPECT_THROW(store.use_samples("12ab without the float network, of x.npz"), Error);
  EXPECT_THROW(store.use_samples("34cd, of x.npz"), Error);
}

TEST_F(StoreTest, ResultsOfTwoBuildsDoNotMix) {
  ResultStore store(path_, ResultStore::Mode::kWrite);
  store.require_version("2");  // holds nothing yet
  store.add(std::vector{point("a", 7)}, std::vector{values()});
  store.require_version("1");
  PointResult other = point("b", 8);
  other.version = "2";
  try {
    store.require_version("2");
    ADD_FAILURE() << "holds results of another build";
  } catch (const Error& error) {
    EXPECT_EQ(error.what(), path_ +
                                ": holds results of qsim 1, which are not those of 2; write to "
                                "another file");
  }
  EXPECT_THROW(store.add(std::vector{point("c", 9), other}, {}), Error);
  EXPECT_EQ(store.points(), std::vector{point("a", 7)});
  ValuesResult old = values();
  old.version = "0";
  EXPECT_THROW(store.add({}, std::vector{old}), Error);
  EXPECT_EQ(ResultStore(path_, ResultStore::Mode::kRead).points().size(), 1u);
}

TEST_F(StoreTest, AnotherDatabaseStaysAsItIs) {
  {
    Database other(path_, Database::Mode::kWrite);
    other.run("CREATE TABLE mine (x)");
  }
  EXPECT_NE(message_of(ResultStore::Mode::kWrite), "");
  Database other(path_, Database::Mode::kWrite);
  Statement mode(other, "PRAGMA journal_mode");
  ASSERT_TRUE(mode.step());
  EXPECT_EQ(mode.text(0), "delete");
}

TEST_F(StoreTest, WhatGoesInComesOut) {
  PointResult failed = point("b", 0);
  failed.metrics.clear();
  failed.failure = "layer conv does not fit";
  {
    ResultStore store(path_, ResultStore::Mode::kWrite);
    store.add(std::vector{point("a", 7), failed}, std::vector{values()});
  }
  ResultStore store(path_, ResultStore::Mode::kRead);
  EXPECT_EQ(store.points(), (std::vector{point("a", 7), failed}));
  EXPECT_EQ(store.values(), std::vector{values()});
  EXPECT_EQ(store.point_keys(), (std::set<std::string>{"a", "b"}));
  EXPECT_EQ(store.values_keys(), std::set<std::string>{"values"});
}

TEST_F(StoreTest, ARowIsNeverWrittenAgain) {
  ResultStore store(path_, ResultStore::Mode::kWrite);
  store.add(std::vector{point("a", 7)}, {});
  store.add(std::vector{point("a", 8), point("b", 9)}, std::vector{values(), values()});
  EXPECT_EQ(store.points(), (std::vector{point("a", 7), point("b", 9)}));
  EXPECT_EQ(store.values().size(), 1u);
}

TEST_F(StoreTest, MachinesThatDoNotFitTogetherAreKept) {
  PointResult odd = point("a", 0);
  Arch arch = find_arch("edge16");
  arch.memory.bus_bytes = 12;
  odd.machine_text = to_text(arch);
  odd.failure = "memory.bus_bytes";
  ResultStore store(path_, ResultStore::Mode::kWrite);
  store.add(std::vector{odd}, {});
  Database database(path_, Database::Mode::kRead);
  EXPECT_EQ(database.integer("SELECT json_extract(keys, '$.\"memory.bus_bytes\"') FROM machines"),
            12);
}

TEST_F(StoreTest, TheViewJoinsAccuracies) {
  ResultStore store(path_, ResultStore::Mode::kWrite);
  store.add(std::vector{point("a", 7), point("b", 8)}, std::vector{values()});
  Database database(path_, Database::Mode::kRead);
  EXPECT_EQ(database.integer("SELECT count(*) FROM results WHERE metric = 'top1' AND value = 0.75"),
            2);
  EXPECT_EQ(database.integer("SELECT count(*) FROM results"), 8);
}

TEST_F(StoreTest, FailedRowsAreRemovedOnRequest) {
  PointResult failed = point("b", 0);
  failed.metrics.clear();
  failed.failure = "x";
  ValuesResult no_values = values();
  no_values.metrics.clear();
  no_values.failure = "y";
  ResultStore store(path_, ResultStore::Mode::kWrite);
  store.add(std::vector{point("a", 7), failed}, std::vector{no_values});
  store.remove_failed({"a", "c", "values"});
  EXPECT_EQ(store.point_keys(), (std::set<std::string>{"a", "b"}));
  EXPECT_TRUE(store.values_keys().empty());
  store.add({}, std::vector{no_values});
  store.remove_failed();
  EXPECT_EQ(store.point_keys(), std::set<std::string>{"a"});
  EXPECT_TRUE(store.values_keys().empty());
}

TEST_F(StoreTest, ReadersSeeWholeTransactionsWhileOneWrites) {
  ResultStore writer(path_, ResultStore::Mode::kWrite);
  writer.add(std::vector{point("a", 7)}, {});
  ResultStore reader(path_, ResultStore::Mode::kRead);
  EXPECT_EQ(reader.point_keys().size(), 1u);
  {
    Database database(path_, Database::Mode::kWrite);
    Transaction transaction(database);
    database.run("DELETE FROM point_values; DELETE FROM points");
    EXPECT_EQ(reader.point_keys().size(), 1u);
  }  // rolled back
  EXPECT_EQ(reader.points(), std::vector{point("a", 7)});
}

TEST_F(StoreTest, SamplesAreThoseOfTheFirstSweep) {
  ResultStore store(path_, ResultStore::Mode::kWrite);
  store.use_samples("");
  store.use_samples("x.npz 12");
  store.use_samples("x.npz 12");
  try {
    store.use_samples("y.npz 34");
    FAIL() << "took other samples";
  } catch (const Error& error) {
    EXPECT_EQ(std::string(error.what()), path_ +
                                             ": holds accuracies on other samples (x.npz 12), not "
                                             "on y.npz 34; write to another file");
  }
}

TEST_F(StoreTest, OtherFilesAreRefused) {
  EXPECT_EQ(message_of(ResultStore::Mode::kRead), path_ + ": cannot be read");
  std::ofstream(path_) << "no database, but long enough to be looked at as if it were one";
  EXPECT_EQ(message_of(ResultStore::Mode::kRead),
            path_ + ": cannot be used: file is not a database");
  std::filesystem::remove(path_);
  {
    Database other(path_, Database::Mode::kWrite);
    other.run("CREATE TABLE t (x)");
  }
  EXPECT_EQ(message_of(ResultStore::Mode::kWrite), path_ + ": is no store of sweep results");
  std::filesystem::remove(path_);
  ResultStore(path_, ResultStore::Mode::kWrite);
  {
    Database newer(path_, Database::Mode::kWrite);
    newer.run("PRAGMA user_version = 9");
  }
  EXPECT_EQ(message_of(ResultStore::Mode::kRead),
            path_ + ": has schema 9; this qsim reads 2; sweep again into another file");
  path_ = folder_ / "missing" / "results.db";
  EXPECT_EQ(message_of(ResultStore::Mode::kWrite),
            path_ + ": cannot be opened: unable to open database file");
}

}  // namespace
}  // namespace qsim
