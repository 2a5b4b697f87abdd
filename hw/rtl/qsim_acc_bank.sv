// Accumulators of one column: read-modify-write port of the array, read port of the vector unit.
//
// A sum that comes in cycle t is added to (overwrite_i: replaces) its word at the edge that ends t + 1; modulo 2^32. Sums may come
// in every cycle, for any addresses: forward_i says that the sum before, one cycle earlier, was for the same word.
// What comes with a sum leaves with valid_o one cycle later, for the next column; wraps_o is wraps_i plus this column's wrap:
// whether the exact sum of old value and update left int32.
// The vector unit's read at t has its data from t + 1 on, and sees what was written before t.
module qsim_acc_bank #(
  parameter int unsigned AccEntries = 1024,
  localparam int unsigned AccBits = $clog2(AccEntries)
) (
  input  logic               clk_i,
  input  logic               rst_ni,
  input  logic               valid_i,
  input  logic [AccBits-1:0] addr_i,
  input  logic               overwrite_i,
  input  logic               forward_i,
  input  logic               last_i,
  input  logic [8:0]         wraps_i,
  input  logic [31:0]        sum_i,
  output logic               valid_o,
  output logic [AccBits-1:0] addr_o,
  output logic               overwrite_o,
  output logic               forward_o,
  output logic               last_o,
  output logic [8:0]         wraps_o,
  input  logic               re_i,
  input  logic [AccBits-1:0] raddr_i,
  output logic [31:0]        rdata_o
);
  logic               valid_q, overwrite_q, forward_q, last_q;
  logic [AccBits-1:0] addr_q;
  logic [8:0]         wraps_q;
  logic [31:0]        sum_q, written_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) valid_q <= 1'b0;
    else valid_q <= valid_i;
  end

  logic [31:0] stored, old, total;
  assign old = overwrite_q ? 32'd0 : forward_q ? written_q : stored;
  assign total = old + sum_q;

  always_ff @(posedge clk_i) begin
    if (valid_i) begin
      addr_q <= addr_i;
      overwrite_q <= overwrite_i;
      forward_q <= forward_i;
      last_q <= last_i;
      wraps_q <= wraps_i;
      sum_q <= sum_i;
    end
    if (valid_q) written_q <= total;
  end

  qsim_ram_2r1w #(.Depth(AccEntries), .Width(32)) u_ram (
    .clk_i,
    .a_re_i   (valid_i),
    .a_addr_i (addr_i),
    .a_rdata_o(stored),
    .b_re_i   (re_i),
    .b_addr_i (raddr_i),
    .b_rdata_o(rdata_o),
    .we_i     (valid_q),
    .waddr_i  (addr_q),
    .wdata_i  (total)
  );

  assign valid_o = valid_q;
  assign addr_o = addr_q;
  assign overwrite_o = overwrite_q;
  assign forward_o = forward_q;
  assign last_o = last_q;
  assign wraps_o = wraps_q + 9'((old[31] == sum_q[31]) && (total[31] != old[31]));
endmodule
