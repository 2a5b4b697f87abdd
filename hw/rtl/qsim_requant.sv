// y = clamp(round(acc * multiplier * 2^-shift) + zero), four registered stages: the code is there four cycles after its operands.
// Rounding is that of the mode Requant (A11 to A16, order of arch.def), or with `plain` that of the vector operators: exact
// product, one RNE (A20 to A22).
//
//   stage 0  normalise: f32's first rounding to 24 bits, tflite's left shift
//   stage 1  multiply
//   stage 2  shift, guard and sticky (A2); f32's second rounding; tflite's high half
//   stage 3  round, add the zero point, clamp (A7)
//
// Handshake: valid_i bit n says that stage n holds something; the pipeline that owns the unit shifts it. acc_i, multiplier_i,
// shift_i and plain_i belong to stage 0, plain_late_i to stages 2 and 3, zero_i, low_i and high_i to stage 3.
// Ranges: A10. Parameters beyond them give some code.
module qsim_requant #(
  parameter int unsigned Requant = 0
) (
  input  logic               clk_i,
  input  logic [3:0]         valid_i,
  input  logic signed [31:0] acc_i,
  input  logic [30:0]        multiplier_i,
  input  logic [6:0]         shift_i,  // signed
  input  logic               plain_i,
  input  logic               plain_late_i,
  input  logic signed [7:0]  zero_i,
  input  logic signed [7:0]  low_i,
  input  logic signed [7:0]  high_i,
  output logic [7:0]         code_o
);
  if (Requant > 5) $error("Requant is outside [0, 5]");

  if (Requant == qsim_pkg::RequantF32) begin : gen_f32
    qsim_requant_f32 u_round (
      .clk_i, .valid_i, .acc_i, .multiplier_i, .shift_i(shift_i[5:0]), .plain_i, .plain_late_i,
      .zero_i, .low_i, .high_i, .code_o
    );
  end else if (Requant == qsim_pkg::RequantTflite) begin : gen_tflite
    qsim_requant_tflite u_round (
      .clk_i, .valid_i, .acc_i, .multiplier_i, .shift_i(shift_i[5:0]), .plain_i, .plain_late_i,
      .zero_i, .low_i, .high_i, .code_o
    );
  end else begin : gen_exact
    qsim_requant_exact #(
      .HalfUp(Requant == qsim_pkg::RequantTflite1), .LeftShifts(Requant == qsim_pkg::RequantPot)
    ) u_round (
      .clk_i, .valid_i, .acc_i, .multiplier_i, .shift_i, .plain_late_i, .zero_i, .low_i, .high_i, .code_o
    );
  end
endmodule
