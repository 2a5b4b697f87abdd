// One column's accumulators, and their adder.
//
// en_i, address_i and sum_i in cycle t: the word is read in t and written in t + 1, old value plus sum or, with overwrite_i, the sum. A word may be updated
// in every cycle: forward_i says that the update of the cycle before is of the same word. re_i, raddr_i: the vector unit's port, data from the next cycle on, held. wrap_o in the cycle of the write: the exact sum left int32.

module qsim_acc_bank #(
  parameter int unsigned AccEntries = 1024
) (
  input  logic        clk_i,
  input  logic        rst_ni,
  input  logic        en_i,
  input  logic        overwrite_i,
  input  logic        forward_i,
  input  logic [15:0] address_i,
  input  logic [31:0] sum_i,
  output logic        wrap_o,
  input  logic        re_i,
  input  logic [15:0] raddr_i,
  output logic [31:0] rdata_o
);
  logic en_q, overwrite_q, forward_q;
  logic [15:0] address_q;
  logic [31:0] sum_q, written_q, old, base, total;

  assign base = overwrite_q ? '0 : forward_q ? written_q : old;
  assign total = base + sum_q;
  assign wrap_o = en_q && base[31] == sum_q[31] && total[31] != base[31];

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) en_q <= 1'b0;
    else en_q <= en_i;
  end

  always_ff @(posedge clk_i) begin
    if (en_i) begin
      overwrite_q <= overwrite_i;
      forward_q <= forward_i;
      address_q <= address_i;
      sum_q <= sum_i;
    end
    if (en_q) written_q <= total;
  end

  qsim_ram_2r1w #(.Depth(AccEntries), .Width(32)) u_ram (
    .clk_i, .re0_i(en_i), .raddr0_i(address_i), .rdata0_o(old), .re1_i(re_i), .raddr1_i(raddr_i), .rdata1_o(rdata_o),
    .we_i(en_q), .waddr_i(address_q), .wdata_i(total)
  );

endmodule
