// The accumulator buffer: one bank a column. Where a pixel's sums go travels from column to column, one a cycle, as the sums do.
//
// valid_i, addr_i, overwrite_i, last_i come with column 0's sum in cycle t; column c's sum is taken in t + c and written in
// t + c + 1 (qsim_acc_bank). written_o, with last_o and the pixel's wraps_o, is high in the cycle of the last column's write.
// Read port of the vector unit: a read at t has its data from t + 1 on, held until the next.
module qsim_accumulators #(
  parameter int unsigned Cols = 16,
  parameter int unsigned AccEntries = 1024,
  localparam int unsigned AccBits = $clog2(AccEntries)
) (
  input  logic               clk_i,
  input  logic               rst_ni,
  input  logic               valid_i,
  input  logic [AccBits-1:0] addr_i,
  input  logic               overwrite_i,
  input  logic               last_i,
  input  logic [32*Cols-1:0] sum_i,
  output logic               written_o,
  output logic               last_o,
  output logic [8:0]         wraps_o,
  input  logic               re_i,
  input  logic [AccBits-1:0] raddr_i,
  output logic [32*Cols-1:0] rdata_o
);
  if (Cols < 2 || Cols > 256) $error("Cols must be in [2, 256]");
  if (AccEntries < 4 || AccEntries > 65536) $error("AccEntries must be in [4, 65536]");

  wire               valid     [0:Cols];
  wire [AccBits-1:0] addr      [0:Cols];
  wire               overwrite [0:Cols];
  wire               forward   [0:Cols];
  wire               last      [0:Cols];
  wire [8:0]         wraps     [0:Cols];

  assign valid[0] = valid_i;
  assign addr[0] = addr_i;
  assign overwrite[0] = overwrite_i;
  assign forward[0] = valid[1] && addr[1] == addr_i;
  assign last[0] = last_i;
  assign wraps[0] = '0;

  for (genvar c = 0; c < Cols; c++) begin : gen_col
    qsim_acc_bank #(.AccEntries(AccEntries)) u_bank (
      .clk_i,
      .rst_ni,
      .valid_i    (valid[c]),
      .addr_i     (addr[c]),
      .overwrite_i(overwrite[c]),
      .forward_i  (forward[c]),
      .last_i     (last[c]),
      .wraps_i    (wraps[c]),
      .sum_i      (sum_i[32*c+:32]),
      .valid_o    (valid[c+1]),
      .addr_o     (addr[c+1]),
      .overwrite_o(overwrite[c+1]),
      .forward_o  (forward[c+1]),
      .last_o     (last[c+1]),
      .wraps_o    (wraps[c+1]),
      .re_i,
      .raddr_i,
      .rdata_o    (rdata_o[32*c+:32])
    );
  end

  assign written_o = valid[Cols];
  assign last_o = last[Cols];
  assign wraps_o = wraps[Cols];
endmodule
