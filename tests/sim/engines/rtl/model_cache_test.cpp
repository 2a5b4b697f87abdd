// The cache of models: what makes a model another one, and builds that meet or fail.
#include "sim/engines/rtl/model_cache.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <set>
#include <string>

#include "hw/spec/error.h"
#include "sim/engines/rtl/model_builder.h"
#include "tests/sim/engines/rtl/halt_machine.h"

namespace qsim::rtl {
namespace {

namespace fs = std::filesystem;

class ModelCacheTest : public HaltMachine {
 protected:
  ModelSpec spec(const std::string& folder) const {
    ModelSpec spec = make_spec(Arch{}, folder);
    spec.quick = true;
    return spec;
  }

  // Builds in a process of its own; the exit code is 1 when that process built the model.
  static pid_t build_elsewhere(const ModelSpec& spec) {
    const pid_t child = fork();
    if (child != 0) return child;
    bool built = false;
    try {
      cached_model(spec, [&](const std::string&) { built = true; });
    } catch (...) {
      _exit(2);
    }
    _exit(built);
  }

  static int exit_code(pid_t child) {
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

  static std::string error_of(const ModelSpec& spec) {
    try {
      cached_model(spec, {});
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }
};

TEST_F(ModelCacheTest, KeyFollowsAllThatDecides) {
  const ModelSpec base = spec(sources());
  std::set<std::string> keys = {model_key(base)};
  EXPECT_EQ(model_key(spec(sources())), *keys.begin());
  const auto expect_another = [&](const ModelSpec& other, const char* what) {
    EXPECT_TRUE(keys.insert(model_key(other)).second) << what;
  };
  expect_another(spec(sources("dispatch_q;", "dispatch_q; ")), "content of a source");
  for (size_t i = 0; i < base.parameters.size(); ++i) {
    ModelSpec other = base;
    ++other.parameters[i].value;
    expect_another(other, base.parameters[i].name.c_str());
  }
  ModelSpec other = base;
  other.sources[0].name = "other.sv";
  expect_another(other, "name of a source");
  other = base;
  other.wave = true;
  expect_another(other, "tracing");
  other = base;
  other.quick = false;
  expect_another(other, "optimisation");
}

TEST_F(ModelCacheTest, ParametersAreTheStructureKeys) {
  Arch arch;
  arch.buffers.acc_entries = 77;
  arch.memory.bus_bytes = 32;
  arch.vector.requant = RequantMode::kPot;
  std::vector<std::string> texts;
  for (const NamedValue& parameter : rtl_parameters(arch)) {
    texts.push_back(parameter.name + "=" + std::to_string(parameter.value));
  }
  const std::vector<std::string> wanted = {
      "Rows=16",     "Cols=16",       "Dataflow=0",    "PeModes=0",
      "ActKib=256",  "WeightKib=128", "ParamKib=32",   "AccEntries=77",
      "Lanes=16",    "Requant=4",     "BusBytes=32",   "LoadOutstanding=32",
      "FifoDepth=8", "QueueDepth=16", "TokenDepth=16", "InFlight=4"};
  EXPECT_EQ(texts, wanted);
}

TEST_F(ModelCacheTest, TwoProcessesBuildOnce) {
  use_cache(folder_ / "cache");
  const ModelSpec model = spec(sources());
  const pid_t first = build_elsewhere(model);
  const pid_t second = build_elsewhere(model);
  EXPECT_EQ(exit_code(first) + exit_code(second), 1);
  bool built = false;
  cached_model(model, [&](const std::string&) { built = true; });
  EXPECT_FALSE(built);
}

TEST_F(ModelCacheTest, KilledBuildLeavesNothingBroken) {
  use_cache(folder_ / "cache");
  const ModelSpec model = spec(sources());
  const pid_t child = build_elsewhere(model);
  const fs::path lock = folder_ / "cache" / (model_key(model) + ".lock");
  while (!fs::exists(lock)) usleep(1000);
  usleep(100'000);
  kill(child, SIGKILL);
  EXPECT_EQ(exit_code(child), -1);
  bool built = false;
  EXPECT_TRUE(fs::exists(cached_model(model, [&](const std::string&) { built = true; })));
  EXPECT_TRUE(built);
  for (const fs::directory_entry& entry : fs::directory_iterator(folder_ / "cache")) {
    EXPECT_FALSE(entry.is_directory()) << entry.path();
  }
}

TEST_F(ModelCacheTest, FailedBuildShowsTheFirstErrors) {
  const std::string text = error_of(spec(sources("beats_q;", "beats_q")));
  EXPECT_NE(text.find("building the RTL model of 16x16 ws failed; all of it is in "),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("%Error: rtl/qsim_top.sv:"), std::string::npos) << text;
}

TEST_F(ModelCacheTest, MissingToolIsNamed) {
  const ModelSpec model = spec(sources());
  const std::string path = std::getenv("PATH");
  setenv("PATH", folder_.c_str(), 1);
  const std::string text = error_of(model);
  setenv("PATH", path.c_str(), 1);
  EXPECT_EQ(text, "rtl engine: make is not installed, or not on the PATH: it builds the model");
}

// Every inference asks for its model, and a tool takes longer to start than some of them.
TEST_F(ModelCacheTest, ToolsAreAskedOnceForAPath) {
  const fs::path log = folder_ / "asked";
  for (const std::string name : {"make", "verilator", "g++"}) {
    const fs::path tool = folder_ / name;
    std::ofstream(tool) << "#!/bin/sh\necho " << name << " >> " << log << "\necho " << name
                        << " 7\n";
    fs::permissions(tool, fs::perms::owner_all);
  }
  const std::string path = std::getenv("PATH");
  setenv("PATH", (folder_.string() + ":" + path).c_str(), 1);
  EXPECT_EQ(tool_versions(), "verilator 7\ng++ 7");
  EXPECT_EQ(tool_versions(), "verilator 7\ng++ 7");
  setenv("PATH", path.c_str(), 1);
  EXPECT_NE(tool_versions(), "verilator 7\ng++ 7");
  std::ifstream asked(log);
  const std::multiset<std::string> names(std::istream_iterator<std::string>(asked), {});
  EXPECT_EQ(names, (std::multiset<std::string>{"g++", "make", "verilator"}));
}

TEST_F(ModelCacheTest, FolderMustHoldATop) {
  EXPECT_THROW(read_sources(folder_ / "missing"), Error);
  EXPECT_THROW(read_sources(folder_), Error);
  std::ofstream(folder_ / "qsim_top.v") << "// qsim_top\nmodule qsim_top(clk_i);\nendmodule\n";
  std::ofstream(folder_ / "a.sv") << "\n";
  std::ofstream(folder_ / "z_pkg.sv") << "\n";
  const ModelSpec netlist = make_spec(Arch{}, folder_);
  EXPECT_FALSE(netlist.top_has_parameters);
  ASSERT_EQ(netlist.sources.size(), 3u);
  EXPECT_EQ(netlist.sources[0].name, "z_pkg.sv");
  EXPECT_TRUE(make_spec(Arch{}, sources()).top_has_parameters);
}

TEST_F(ModelCacheTest, CacheThatCannotBeWritten) {
  std::ofstream(folder_ / "file") << "\n";
  use_cache(folder_ / "file" / "cache");
  EXPECT_NE(error_of(spec(sources())).find("set QSIM_RTL_CACHE"), std::string::npos);
}

TEST_F(ModelCacheTest, FolderFollowsTheEnvironment) {
  setenv("QSIM_RTL_CACHE", "/a", 1);
  setenv("XDG_CACHE_HOME", "/b", 1);
  setenv("HOME", "/c", 1);
  EXPECT_EQ(cache_folder(), "/a");
  unsetenv("QSIM_RTL_CACHE");
  EXPECT_EQ(cache_folder(), "/b/qsim/rtl");
  unsetenv("XDG_CACHE_HOME");
  EXPECT_EQ(cache_folder(), "/c/.cache/qsim/rtl");
  unsetenv("HOME");
  EXPECT_THROW(cache_folder(), Error);
}

}  // namespace
}  // namespace qsim::rtl
