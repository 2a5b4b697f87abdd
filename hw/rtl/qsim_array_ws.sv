// Weight-stationary array: Rows x Cols elements with the skew of both edges (T13).
//
// A word of activations in cycle t (operand_i; load_i belongs to the same slot) meets column 0's element of row r in t + 1 + r, and its sum leaves column c in t + Rows + 1 + c.
// A weight word in cycle t (weight_i) is on column c's bus in t + 2 + c; the slot with load_i = 1 that makes row 0 take it comes one cycle later, in t + 1.
// mode_i belongs to the word: log2 of the products that its elements make (PeModes > 0). weight_mode_i belongs to the weight word, for the count of zeros.
// Nothing moves while en_i is low.

module qsim_array_ws #(
  parameter int unsigned Rows = 16,
  parameter int unsigned Cols = 16,
  parameter int unsigned PeModes = 0
) (
  input  logic               clk_i,
  input  logic               rst_ni,
  input  logic               en_i,
  input  logic               load_i,
  input  logic [1:0]         mode_i,
  input  logic [8*Rows-1:0]  word_i,
  input  logic [1:0]         weight_mode_i,
  input  logic [8*Cols-1:0]  weight_i,
  output logic [32*Cols-1:0] sum_o,
  output logic [31:0]        zero_macs_o  // of the wave whose sum leaves column 0 in this cycle
);
  logic [15:0] operand[Rows][Cols+1];
  logic [31:0] sum[Rows+1][Cols];
  logic [7:0] weight[Cols];

  for (genvar r = 0; r < Rows; r++) begin : gen_left
    qsim_skew #(.Width(16), .Stages(r + 1)) u_skew (
      .clk_i, .en_i, .data_i({4'b0, mode_i, 1'b0, load_i, word_i[8*r+:8]}), .data_o(operand[r][0])
    );
  end

  for (genvar c = 0; c < Cols; c++) begin : gen_top
    assign sum[0][c] = '0;
    assign sum_o[32*c+:32] = sum[Rows][c];
    qsim_skew #(.Width(8), .Stages(c + 2)) u_skew (
      .clk_i, .en_i, .data_i(weight_i[8*c+:8]), .data_o(weight[c])
    );
  end

  logic [16*Rows-1:0] left;
  for (genvar r = 0; r < Rows; r++) begin : gen_zero_macs
    assign left[16*r+:16] = operand[r][0];
  end
  qsim_zero_macs #(.Rows(Rows), .Cols(Cols), .Dataflow(0), .PeModes(PeModes)) u_zero_macs (
    .clk_i, .rst_ni, .en_i, .weight_mode_i, .weight_i, .operand_i(left), .count_o(zero_macs_o)
  );

  for (genvar r = 0; r < Rows; r++) begin : gen_row
    for (genvar c = 0; c < Cols; c++) begin : gen_col
      qsim_pe_ws #(.PeModes(PeModes)) u_pe (
        .clk_i, .en_i, .operand_i(operand[r][c]), .operand_o(operand[r][c+1]), .weight_i(weight[c]),
        .sum_i(sum[r][c]), .sum_o(sum[r+1][c])
      );
    end
  end

endmodule
