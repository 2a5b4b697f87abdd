// Rounds acc * multiplier * 2^-shift as gemmlowp does: saturating left shift, rounding doubling high multiply, rounding right
// shift, half away from zero (A13); a plain operator takes the exact product and one RNE (A20 to A22).
// Stages, ports and ranges are those of qsim_requant. Before the zero point is added, values are saturated to [-512, 512] (A7).
module qsim_requant_tflite (
  input  logic               clk_i,
  input  logic [3:0]         valid_i,
  input  logic signed [31:0] acc_i,
  input  logic [30:0]        multiplier_i,
  input  logic [5:0]         shift_i,
  input  logic               plain_i,
  input  logic               plain_late_i,
  input  logic signed [7:0]  zero_i,
  input  logic signed [7:0]  low_i,
  input  logic signed [7:0]  high_i,
  output logic [7:0]         code_o
);
  logic signed [31:0] value_q;
  logic [30:0] multiplier_q;
  logic [5:0] shift_0_q, shift_1_q;
  logic [4:0] right_q;
  logic signed [63:0] product_q;
  logic signed [31:0] high_q;  // A13's h; a plain one's quotient
  logic up_q;

  always_ff @(posedge clk_i) begin
    if (valid_i[0]) begin : stage_0
      logic signed [63:0] shifted;
      shifted = 64'(acc_i) <<< (6'd31 - shift_i);
      if (plain_i || shift_i >= 6'd31) value_q <= acc_i;
      else if (shifted != 64'($signed(shifted[31:0]))) value_q <= acc_i < 0 ? 32'sh80000000 : 32'sh7FFFFFFF;
      else value_q <= shifted[31:0];
      multiplier_q <= multiplier_i;
      shift_0_q <= shift_i;
    end
    if (valid_i[1]) begin
      product_q <= 64'(value_q) * $signed({33'd0, multiplier_q});
      shift_1_q <= shift_0_q;
    end
    if (valid_i[2]) begin : stage_2
      logic signed [63:0] shifted;
      logic signed [62:0] quotient;
      logic sticky;
      shifted = (product_q <<< 1) >>> shift_1_q;
      sticky = |(product_q & $signed(((64'd1 << shift_1_q) - 64'd1) >> 1));
      quotient = shifted[63:1];
      if (plain_late_i) high_q <= quotient > 63'sd511 ? 32'sd511 : quotient < -63'sd512 ? -32'sd512 : quotient[31:0];
      else high_q <= 32'((product_q + 64'sd1073741824) >>> 31);
      up_q <= shifted[0] & (sticky | shifted[1]);
      right_q <= shift_1_q > 6'd31 ? 5'(shift_1_q - 6'd31) : 5'd0;
    end
    if (valid_i[3]) begin : stage_3
      logic [31:0] mask, rest, half;
      logic signed [31:0] floor;
      logic signed [11:0] limited, sum;
      logic up;
      mask = ~(32'hFFFFFFFF << right_q);
      rest = high_q & mask;
      half = (mask >> 1) + 32'(high_q[31]);
      floor = plain_late_i ? high_q : high_q >>> right_q;
      limited = floor > 32'sd511 ? 12'sd511 : floor < -32'sd512 ? -12'sd512 : floor[11:0];
      up = plain_late_i ? up_q : rest > half;
      sum = limited + 12'($signed({1'b0, up})) + 12'(zero_i);
      code_o <= sum < 12'(low_i) ? low_i : sum > 12'(high_i) ? high_i : sum[7:0];
    end
  end
endmodule
