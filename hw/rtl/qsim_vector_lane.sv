// One lane of the vector unit: channel l of every chunk. Stages 2 and 3 of the pipeline, then qsim_requant (stages 4 to 7);
// stages are counted from the read of the operand (qsim_vector).
//
//   stage 2  term = (code - zero) * factor; the accumulator word itself for requant; 0 for padding (-128 for max_pool)
//   stage 3  sum over the pixel's operands or taps, one sum a chunk; with the last of them, the bias is added
//
// The lane holds the parameters of its channels: word k of a parameter block (bias, multiplier, shift, weight zero point) is taken
// with capture_i bit k. A block's words come while the block before is in the pipeline, word k two cycles and k after its last
// read: the bias is chosen in stage 2, multiplier and shift in stage 3, just before they change.
// Constants (…_i without a stage) hold while the stages that read them hold something.
module qsim_vector_lane #(
  parameter int unsigned Chunks = 1,
  parameter int unsigned Requant = 0,
  localparam int unsigned ChunkBits = Chunks > 1 ? $clog2(Chunks) : 1
) (
  input  logic                 clk_i,

  input  logic [3:0]           capture_i,
  input  logic [32*Chunks-1:0] parameters_i,

  input  logic [1:0]           operand_i,  // bit 0: stage 2 holds an operand; bit 1: stage 3
  input  logic [3:0]           result_i,   // bit n: stage 4 + n holds a result

  input  logic                 requant_i,
  input  logic                 depthwise_i,
  input  logic                 max_i,
  input  logic                 own_i,         // the parameters are the channel's own (requant, depthwise), else the instruction's
  input  logic                 plain_i,       // in stage 4: A20 to A22, not the machine's mode
  input  logic                 plain_late_i,  // the same in stages 6 and 7
  input  logic [30:0]          multiplier_i,
  input  logic [6:0]           shift_i,

  // Stage 2.
  input  logic [7:0]           code_i,
  input  logic [7:0]           weight_i,
  input  logic [31:0]          accumulator_i,
  input  logic                 pad_i,
  input  logic signed [7:0]    zero_i,
  input  logic signed [22:0]   factor_i,
  input  logic [ChunkBits-1:0] chunk_2_i,

  // Stage 3.
  input  logic                 first_i,
  input  logic                 last_i,
  input  logic                 enable_i,  // the channel exists: its wraps count
  input  logic [ChunkBits-1:0] chunk_3_i,

  // Stage 7.
  input  logic signed [7:0]    zero_dst_i,
  input  logic signed [7:0]    low_i,
  input  logic signed [7:0]    high_i,

  output logic [1:0]           wraps_o,  // stage 4: sums that left the int32 range (A4)
  output logic [7:0]           code_o    // stage 8
);
  // Channel l + c * ChunkBytes has field c.
  logic [31*Chunks-1:0] multiplier_word;
  logic [7*Chunks-1:0] shift_word;
  logic [8*Chunks-1:0] weight_zero_word;
  for (genvar c = 0; c < Chunks; c++) begin : gen_channel
    assign multiplier_word[31*c+:31] = parameters_i[32*c+:31];
    assign shift_word[7*c+:7] = parameters_i[32*c+:7];
    assign weight_zero_word[8*c+:8] = parameters_i[32*c+:8];
  end

  logic [32*Chunks-1:0] biases_q;
  logic [31*Chunks-1:0] multipliers_q;
  logic [7*Chunks-1:0] shifts_q;
  logic [8*Chunks-1:0] weight_zeros_q;
  always_ff @(posedge clk_i) begin
    if (capture_i[0]) biases_q <= parameters_i;
    if (capture_i[1]) multipliers_q <= multiplier_word;
    if (capture_i[2]) shifts_q <= shift_word;
    if (capture_i[3]) weight_zeros_q <= weight_zero_word;
  end

  int unsigned chunk_2, chunk_3;
  assign chunk_2 = Chunks == 1 ? 0 : 32'(chunk_2_i);
  assign chunk_3 = Chunks == 1 ? 0 : 32'(chunk_3_i);

  logic signed [31:0] term_q, acc_q;
  logic [31:0] bias_q;
  logic [32*Chunks-1:0] sums_q;

  always_ff @(posedge clk_i) begin
    if (operand_i[0]) begin : stage_2
      logic signed [8:0] difference;
      logic signed [22:0] factor;
      difference = 9'($signed(code_i)) - 9'(zero_i);
      factor = depthwise_i ? 23'($signed(weight_i)) - 23'($signed(weight_zeros_q[8*chunk_2+:8])) : factor_i;
      if (requant_i) term_q <= accumulator_i;
      else if (pad_i) term_q <= max_i ? -32'sd128 : 32'sd0;
      else term_q <= 32'(difference) * 32'(factor);
      bias_q <= own_i ? biases_q[32*chunk_2+:32] : '0;
    end
  end

  logic [30:0] multiplier_q;
  logic [6:0] shift_q;
  always_ff @(posedge clk_i) begin
    if (operand_i[1]) begin : stage_3
      logic signed [31:0] previous, total, biased;
      previous = sums_q[32*chunk_3+:32];
      total = first_i ? term_q : max_i ? (term_q > previous ? term_q : previous) : previous + term_q;
      biased = total + bias_q;
      sums_q[32*chunk_3+:32] <= total;
      wraps_o[0] <= enable_i & depthwise_i & (previous[31] == term_q[31]) & (total[31] != term_q[31]);
      wraps_o[1] <= enable_i & last_i & (total[31] == bias_q[31]) & (biased[31] != bias_q[31]);
      if (last_i) begin
        acc_q <= biased;
        multiplier_q <= own_i ? multipliers_q[31*chunk_3+:31] : multiplier_i;
        shift_q <= own_i ? shifts_q[7*chunk_3+:7] : shift_i;
      end
    end
  end

  qsim_requant #(.Requant(Requant)) u_requant (
    .clk_i, .valid_i(result_i),
    .acc_i(acc_q), .multiplier_i(multiplier_q), .shift_i(shift_q),
    .plain_i, .plain_late_i, .zero_i(zero_dst_i), .low_i, .high_i, .code_o
  );
endmodule
