// Processing element of the output-stationary mesh (T14): multiplies the activation that passes from left to right by the weight
// that passes downwards, and keeps the sum of one pixel and one output lane.
//
// The product that comes with the flag `first` starts a sum; the one with `last` completes it and puts it into the drain register,
// from where it moves down, towards the accumulators, while the shift flag is set. Both cannot happen in one cycle.
// Latency: one cycle from act_i to act_o, weight_i to weight_o, drain_i to drain_o. Handshake: none; all registers stand still
// while en_i is low.
module qsim_pe_os (
  input  logic        clk_i,
  input  logic        en_i,
  input  logic [8:0]  act_i,     // {shift the drain, int8 activation}
  input  logic [9:0]  weight_i,  // {last, first, int8 weight}
  input  logic [31:0] drain_i,
  output logic [8:0]  act_o,
  output logic [9:0]  weight_o,
  output logic [31:0] drain_o
);
  logic [8:0]  act_q;
  logic [9:0]  weight_q;
  logic [31:0] sum_q;
  logic [31:0] drain_q;

  logic signed [7:0] act, weight;
  assign act = act_i[7:0];
  assign weight = weight_i[7:0];

  logic [31:0] total;
  assign total = (weight_i[8] ? 32'd0 : sum_q) + (32'(act) * 32'(weight));

  always_ff @(posedge clk_i) begin
    if (en_i) begin
      act_q <= act_i;
      weight_q <= weight_i;
      sum_q <= total;
      if (weight_i[9]) drain_q <= total;
      else if (act_i[8]) drain_q <= drain_i;
    end
  end

  assign act_o = act_q;
  assign weight_o = weight_q;
  assign drain_o = drain_q;
endmodule
