// Reads the VCD files of sim/engines/waveform.h as any viewer does: by their declarations.
#pragma once

#include <cstdint>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

namespace qsim {

struct Vcd {
  std::string timescale;  // "1 ns"
  int64_t end = 0;        // last time stamp
  // By hierarchical name: time and value, at the times at which the file states one.
  std::map<std::string, std::vector<std::pair<int64_t, std::string>>> changes;

  // "x", or binary digits; "" before the first.
  std::string at(const std::string& name, int64_t time) const {
    std::string value;
    for (const auto& [when, text] : changes.at(name)) {
      if (when > time) break;
      value = text;
    }
    return value;
  }
};

// Throws std::runtime_error for what is no VCD.
inline Vcd read_vcd(const std::string& text) {
  Vcd vcd;
  std::map<std::string, std::string> names;  // by code
  std::vector<std::string> scopes;
  size_t at = 0;
  const auto word = [&] {
    at = text.find_first_not_of(" \n", at);
    if (at == std::string::npos) return std::string();
    const size_t end = std::min(text.find_first_of(" \n", at), text.size());
    const std::string found = text.substr(at, end - at);
    at = end;
    return found;
  };
  const auto rest = [&] {
    std::string words;
    for (std::string next = word(); next != "$end"; next = word()) {
      if (next.empty()) throw std::runtime_error("a VCD section without $end");
      words += (words.empty() ? "" : " ") + next;
    }
    return words;
  };
  for (std::string next = word(); !next.empty(); next = word()) {
    if (next == "$scope") {
      word();
      scopes.push_back(word());
      rest();
    } else if (next == "$upscope") {
      scopes.pop_back();
      rest();
    } else if (next == "$var") {
      word(), word();
      const std::string code = word();
      std::string name;
      for (const std::string& scope : scopes) name += scope + ".";
      name += word();
      rest();
      if (!names.emplace(code, name).second) throw std::runtime_error("two signals " + code);
      vcd.changes[name];
    } else if (next == "$timescale") {
      vcd.timescale = rest();
    } else if (next == "$version" || next == "$enddefinitions") {
      rest();
    } else if (next[0] == '#') {
      const int64_t time = std::stoll(next.substr(1));
      if (time < vcd.end) throw std::runtime_error("time falls at " + next);
      vcd.end = time;
    } else if (next == "$dumpvars" || next == "$end") {
      continue;
    } else {
      const bool vector = next[0] == 'b';
      const std::string value = vector ? next.substr(1) : next.substr(0, 1);
      const std::string code = vector ? word() : next.substr(1);
      vcd.changes[names.at(code)].push_back({vcd.end, value});
    }
  }
  return vcd;
}

}  // namespace qsim
