// PriceTable: what elementary things cost in one technology, read from a file of hw/prices or from
// one that takes its place. A line a price, in the sections of prices.def:
//
//   # 28 nm, ...                                        the first line: what the table is
//   [node]
//   name = 28nm
//   [logic]
//   add_32 = 0.076 pJ, 0.038 .. 0.16, derived, where the number comes from
//
// Value and unit, interval, origin (measured, derived, assumed), source. Lines that begin with #
// are remarks. Every price of prices.def stands there once, in its unit.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "hw/spec/arch.h"
#include "sim/price/estimate.h"

namespace qsim {

struct Price : Estimate {
  std::string source;
};

struct PriceTable {
  std::string name;     // "28nm"
  std::string summary;  // the first line of the file, without "# "
  std::string text;     // the file
#define QSIM_PRICE(section, key, unit, least, most, meaning) Price section##_##key;
#include "sim/price/prices.def"
#undef QSIM_PRICE
};

// One row of prices.def.
struct PriceKey {
  std::string section, key, unit;
  double least, most;
  std::string meaning;
  Price PriceTable::*price;
};
const std::vector<PriceKey>& price_keys();

// Throws Error("my.cfg: line 7: logic.add_32 = 0.1 mJ is not in pJ").
PriceTable read_price_text(const std::string& text, const std::string& place);

// Those of hw/prices, which are part of the library; largest node first.
const std::vector<PriceTable>& named_prices();

// Where the prices of machines come from: one file for all of them, or each machine's
// prices.technology.
class PriceSource {
 public:
  PriceSource() = default;
  // "": no file. Throws Error when it cannot be read.
  explicit PriceSource(const std::string& path);

  const PriceTable& of(const Arch& arch) const;
  const std::optional<PriceTable>& file() const { return file_; }

 private:
  std::optional<PriceTable> file_;
};

}  // namespace qsim
