// Processing element of the weight-stationary mesh (T13): holds a weight, multiplies the activation that passes from left to right,
// adds the product to the sum that comes from above.
//
// It does not know which tile it works on: the weight on the column's bus is taken when the load flag passes, one cycle before
// the tile's first activation. The flag shares a wire with the activation, which Verilates to one move instead of two.
// Latency: one cycle from act_i to act_o and from sum_i to sum_o. Handshake: none; all registers stand still while en_i is low.
module qsim_pe_ws (
  input  logic        clk_i,
  input  logic        en_i,
  input  logic [8:0]  act_i,     // {load flag, int8 activation}
  input  logic [7:0]  weight_i,  // the column's bus
  input  logic [31:0] sum_i,
  output logic [8:0]  act_o,
  output logic [31:0] sum_o
);
  logic        [8:0]  act_q;
  logic signed [7:0]  weight_q;
  logic        [31:0] sum_q;

  logic signed [7:0] act;
  assign act = act_i[7:0];

  always_ff @(posedge clk_i) begin
    if (en_i) begin
      act_q <= act_i;
      sum_q <= sum_i + (32'(act) * 32'(weight_q));
      if (act_i[8]) weight_q <= weight_i;
    end
  end

  assign act_o = act_q;
  assign sum_o = sum_q;
endmodule
