// Arch: one machine. Every field comes from a row of arch.def; a named machine is an INI file that
// holds them under [section] headings (hw/configs/edge16.cfg).
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "hw/spec/arithmetic.h"

namespace qsim {

enum class Dataflow : uint8_t { kWs, kOs };
enum class PeModes : uint8_t { k8, k84, k842 };
enum class MemoryModel : uint8_t { kIdeal, kLatency, kDdr4, kLpddr4 };
enum class ChannelBits : uint8_t { k16, k32, k64 };
enum class Technology : uint8_t { k45nm, k28nm, k16nm, k7nm };
enum class ZeroMacs : uint8_t { kFull, kCounted };
enum class Activity : uint8_t { kAssumed, kCounted };

struct Arch {
#define QSIM_SECTION_BEGIN(section) struct {
#define QSIM_SECTION_END(section) \
  }                               \
  section;
#define QSIM_INT(section, key, default_value, min, max, kind, unit, meaning) \
  int32_t key = default_value;
#define QSIM_REAL(section, key, default_value, min, max, kind, unit, meaning) \
  double key = default_value;
#define QSIM_CHOICE(section, key, type, default_value, names, kind, meaning) \
  type key = type::default_value;
#include "hw/spec/arch.def"
#undef QSIM_SECTION_BEGIN
#undef QSIM_SECTION_END
#undef QSIM_INT
#undef QSIM_REAL
#undef QSIM_CHOICE

  std::string name = "edge16";  // of the named machine or file it started from; "+" marks overrides

  // Derived quantities, in one place.
  int64_t pes() const { return int64_t{1} * array.rows * array.cols; }
  // Lanes of the vector unit: a word of array.rows bytes a cycle feeds no more (T15).
  int32_t lanes() const { return std::min({vector.lanes, array.rows, array.cols}); }
  // The most codes that a byte can hold, as a power of two (hw/spec/packing.h).
  int32_t max_pack() const { return static_cast<int32_t>(array.pe_modes); }
  // Of the DRAM, where memory.model is one.
  int64_t channel_bits() const { return int64_t{16} << static_cast<int>(memory.channel_bits); }
  int64_t act_words() const { return int64_t{1024} * buffers.act_kib / array.rows; }
  int64_t act_bytes() const { return act_words() * array.rows; }
  int64_t weight_words() const { return int64_t{1024} * buffers.weight_kib / array.cols; }
  int64_t weight_bytes() const { return weight_words() * array.cols; }
  int64_t param_word_bytes() const { return int64_t{4} * array.cols; }
  int64_t param_bytes() const {
    return int64_t{1024} * buffers.param_kib / param_word_bytes() * param_word_bytes();
  }

  // Throws Error when keys do not fit together (bus not a power of two, a buffer of no word,
  // sub-word modes on odd numbers of lanes, zeros that activity counts already).
  // Ranges of single keys are checked when they are set.
  void check() const;
};

// One row of arch.def, for help texts, reference pages and parameter lists.
struct ArchKey {
  std::string name;   // "array.rows"
  std::string kind;   // "structure" or "runtime"
  std::string range;  // "[2, 256]" or "ws|os"
  std::string unit;   // "" for choices
  std::string meaning;
  std::string default_value;
};
const std::vector<ArchKey>& arch_keys();

// Sets one key from text; `place` opens the message when key or value is wrong:
//   "edge8.cfg: array.rows = 1 is outside [2, 256]"
//   "--array.rowz: unknown key 'array.rowz' (did you mean array.rows?)"
void set_arch_key(Arch& arch, const std::string& key, const std::string& value,
                  const std::string& place);
std::string get_arch_key(const Arch& arch, const std::string& key);

// Reads an INI file over the defaults of arch.def. Unknown keys and values out of range are errors.
Arch read_arch_file(const std::string& path);

// The whole machine as an INI file that read_arch_text() turns back into an equal Arch.
std::string to_text(const Arch& arch);
Arch read_arch_text(const std::string& text, const std::string& place);

// The candidate with the smallest edit distance to `word`, or "" when none is within half its
// length.
std::string nearest(const std::string& word, const std::vector<std::string>& candidates);

}  // namespace qsim
