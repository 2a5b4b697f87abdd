#include "hw/spec/dram_part.h"

namespace qsim {
namespace {

// JEDEC's figures as DRAMSys carries them in its memspecs (DDR4-2400R 4 Gb x8, LPDDR4-3200 8 Gb
// x16). LPDDR4 has no bank groups: _s and _l are alike.
constexpr DramPart kDdr4_2400 = {
    .clock_mhz = 1200,
    .device_bits = 8,
    .page_bytes = 1024,
    .groups = 4,
    .banks_per_group = 4,
    .burst_clocks = 4,
    .cl = 16,
    .wl = 16,
    .ccd_s = 4,
    .ccd_l = 6,
    .wtr_s = 3,
    .wtr_l = 9,
    .rtp = 12,
    .wr = 18,
    .rcd = 16,
    .rp = 16,
    .ras = 39,
    .rc = 55,
    .rrd_s = 4,
    .rrd_l = 6,
    .faw = 26,
    .rp_all = 16,
    .rfc = 312,
    .refi = 9360,
};
constexpr DramPart kLpddr4_3200 = {
    .clock_mhz = 1600,
    .device_bits = 16,
    .page_bytes = 2048,
    .groups = 1,
    .banks_per_group = 8,
    .burst_clocks = 8,
    .cl = 28,
    .wl = 14,
    .ccd_s = 8,
    .ccd_l = 8,
    .wtr_s = 16,
    .wtr_l = 16,
    .rtp = 12,
    .wr = 29,
    .rcd = 29,
    .rp = 29,
    .ras = 68,
    .rc = 97,
    .rrd_s = 16,
    .rrd_l = 16,
    .faw = 64,
    .rp_all = 34,
    .rfc = 448,
    .refi = 6246,
};

}  // namespace

const DramPart* dram_part(MemoryModel model) {
  switch (model) {
    case MemoryModel::kIdeal:
    case MemoryModel::kLatency:
      return nullptr;
    case MemoryModel::kDdr4:
      return &kDdr4_2400;
    case MemoryModel::kLpddr4:
      return &kLpddr4_3200;
  }
  return nullptr;
}

}  // namespace qsim
