// Processing element of the weight-stationary array: one byte of weights; its product, or with PeModes > 0 the products of its narrower codes, added to the sum from above.
//
// Bits 10 and 11 of the operand that passes are the mode, log2 of the products (at most PeModes), so that it may change in every cycle.
// Bit 8 of the operand that passes says that the column bus carries this element's next weight: it is taken at the end of the cycle,
// after its last use in the same cycle, so that weights change along the wave (docs/developer/rtl.md). Latency: one cycle to the right and one down.
// Nothing moves while en_i is low. No reset: what comes out before operands have come in is not used by anybody.

module qsim_pe_ws #(
  parameter int unsigned PeModes = 0
) (
  input  logic        clk_i,
  input  logic        en_i,
  input  logic [15:0] operand_i,  // {4 unused, 2 mode, 1 unused, load, activation}
  output logic [15:0] operand_o,
  input  logic [7:0]  weight_i,
  input  logic [31:0] sum_i,
  output logic [31:0] sum_o
);
  logic [7:0] weight_q;

  always_ff @(posedge clk_i) begin
    if (en_i) begin
      operand_o <= operand_i;
      sum_o <= sum_i + (PeModes == 0 ? 32'(16'(signed'(operand_i[7:0])) * 16'(signed'(weight_q)))
        : 32'(signed'(qsim_subword_pkg::product({PeModes == 2 && operand_i[11], operand_i[10]}, operand_i[7:0], weight_q))));
      if (operand_i[8]) weight_q <= weight_i;
    end
  end

endmodule
