// What a DRAM standard says about time: the parameters of rules T19 to T23, in clocks of the DRAM's
// command clock (two transfers a clock).
#pragma once

#include <cstdint>

#include "hw/spec/arch.h"

namespace qsim {

struct DramPart {
  int64_t clock_mhz;
  // Organisation: devices of device_bits side by side make the channel, and work in lock-step.
  int64_t device_bits, page_bytes;  // a page: the row of one device's bank
  int64_t groups, banks_per_group;
  int64_t burst_clocks;  // data of one column command: 2 x burst_clocks transfers
  // Column commands.
  int64_t cl, wl;        // from a read or write command to its data
  int64_t ccd_s, ccd_l;  // column to column: other bank group, same
  int64_t wtr_s, wtr_l;  // end of write data to a read command
  int64_t rtp, wr;       // read command, end of write data to precharge
  // Row commands.
  int64_t rcd, rp, ras, rc;   // activate to column, precharge to activate, activate to ...
  int64_t rrd_s, rrd_l, faw;  // activate to activate; at most four activates in any faw
  // Refresh of all banks.
  int64_t rp_all, rfc, refi;

  int64_t banks() const { return groups * banks_per_group; }
  // Read command to write command: the bus is free again, and turned round in two clocks.
  int64_t rtw() const { return cl + burst_clocks + 2 - wl; }
  // Of a channel of channel_bits.
  int64_t column_bytes(int64_t channel_bits) const { return channel_bits / 8 * 2 * burst_clocks; }
  int64_t columns_per_row(int64_t channel_bits) const {
    return page_bytes * (channel_bits / device_bits) / column_bytes(channel_bits);
  }
};

// The part behind a memory model; null for models that are no DRAM.
const DramPart* dram_part(MemoryModel model);

}  // namespace qsim
