// Processing element of the weight-stationary array: one int8 weight, one product a cycle, added to the sum from above.
//
// Bit 8 of the operand that passes says that the column bus carries this element's next weight: it is taken at the end of the cycle,
// after its last use in the same cycle, so that weights change along the wave (docs/developer/rtl.md). Latency: one cycle to the right and one down.
// Nothing moves while en_i is low. No reset: what comes out before operands have come in is not used by anybody.

module qsim_pe_ws (
  input  logic        clk_i,
  input  logic        en_i,
  input  logic [15:0] operand_i,  // {7 unused, load, activation}
  output logic [15:0] operand_o,
  input  logic [7:0]  weight_i,
  input  logic [31:0] sum_i,
  output logic [31:0] sum_o
);
  logic [7:0] weight_q;

  always_ff @(posedge clk_i) begin
    if (en_i) begin
      operand_o <= operand_i;
      sum_o <= sum_i + 32'(16'(signed'(operand_i[7:0])) * 16'(signed'(weight_q)));
      if (operand_i[8]) weight_q <= weight_i;
    end
  end

endmodule
