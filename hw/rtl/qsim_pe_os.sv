// Processing element of the output-stationary array: a product a cycle, or with PeModes > 0 the products of narrower codes, added to its own sum.
//
// Bit 8 of the activation that passes says that the sum begins anew with this product, bit 9 that this is the last one: then the sum goes to the drain
// register. Else the drain register takes what is above it while shift_i is high. Bits 10 and 11 are the mode, log2 of the products (at most PeModes). Latency: one cycle to the right, one down. Nothing moves while en_i is low.

module qsim_pe_os #(
  parameter int unsigned PeModes = 0
) (
  input  logic        clk_i,
  input  logic        en_i,
  input  logic [15:0] operand_i,  // {4 unused, 2 mode, last, first, activation}
  output logic [15:0] operand_o,
  input  logic [7:0]  weight_i,
  output logic [7:0]  weight_o,
  input  logic        shift_i,
  input  logic [31:0] drain_i,
  output logic [31:0] drain_o
);
  logic [31:0] sum_q;

  // The sum is made where it is needed: a mesh that stands still costs a simulation no products.
  always_ff @(posedge clk_i) begin : multiply
    logic [31:0] sum;
    if (en_i) begin
      sum = (operand_i[8] ? '0 : sum_q) + (PeModes == 0 ? 32'(16'(signed'(operand_i[7:0])) * 16'(signed'(weight_i)))
        : 32'(signed'(qsim_subword_pkg::product({PeModes == 2 && operand_i[11], operand_i[10]}, operand_i[7:0], weight_i))));
      operand_o <= operand_i;
      weight_o <= weight_i;
      sum_q <= sum;
      if (operand_i[9]) drain_o <= sum;
      else if (shift_i) drain_o <= drain_i;
    end
  end

endmodule
