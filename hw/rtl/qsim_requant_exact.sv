// Rounds acc * multiplier * 2^-shift from the exact product: by RNE (A11, A15, A16, A20 to A22), or with HalfUp half up (A14)
// unless the operator is a plain one. LeftShifts: a negative shift moves to the left (A15).
// Stages, ports and ranges are those of qsim_requant. Before the zero point is added, values are saturated to [-512, 512] (A7).
module qsim_requant_exact #(
  parameter bit HalfUp = 1'b0,
  parameter bit LeftShifts = 1'b0
) (
  input  logic               clk_i,
  input  logic [3:0]         valid_i,
  input  logic signed [31:0] acc_i,
  input  logic [30:0]        multiplier_i,
  input  logic [6:0]         shift_i,
  input  logic               plain_late_i,
  input  logic signed [7:0]  zero_i,
  input  logic signed [7:0]  low_i,
  input  logic signed [7:0]  high_i,
  output logic [7:0]         code_o
);
  logic signed [31:0] acc_q;
  logic [30:0] multiplier_q;
  logic [6:0] shift_0_q, shift_1_q;
  logic signed [63:0] product_q;
  logic signed [9:0] floor_q;  // 511 stands for any quotient that is larger, with up_q or without
  logic up_q;

  always_ff @(posedge clk_i) begin
    if (valid_i[0]) begin
      acc_q <= acc_i;
      multiplier_q <= multiplier_i;
      shift_0_q <= shift_i;
    end
    if (valid_i[1]) begin
      product_q <= 64'(acc_q) * $signed({33'd0, multiplier_q});
      shift_1_q <= shift_0_q;
    end
    if (valid_i[2]) begin : stage_2
      logic signed [63:0] shifted;  // twice the quotient: bit 0 is the guard
      logic signed [62:0] quotient;
      logic sticky;
      if (LeftShifts && shift_1_q[6]) shifted = product_q <<< (4'd1 - shift_1_q[3:0]);
      else shifted = (product_q <<< 1) >>> shift_1_q[5:0];
      sticky = |(product_q & $signed(((64'd1 << shift_1_q[5:0]) - 64'd1) >> 1));
      quotient = shifted[63:1];
      floor_q <= quotient[62:9] == {54{quotient[62]}} ? quotient[9:0] : {quotient[62], {9{!quotient[62]}}};
      up_q <= shifted[0] & ((HalfUp & !plain_late_i) | sticky | shifted[1]);
    end
    if (valid_i[3]) begin : stage_3
      logic signed [11:0] sum;
      sum = 12'(floor_q) + 12'($signed({1'b0, up_q})) + 12'(zero_i);
      code_o <= sum < 12'(low_i) ? low_i : sum > 12'(high_i) ? high_i : sum[7:0];
    end
  end
endmodule
