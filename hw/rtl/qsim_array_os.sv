// Output-stationary array: transposer, Rows x Cols elements, the skew of the upper edge, and the drain (T14).
//
// Word q of a tile (load_i, row_i = q, word_i) in cycle t goes to row q, whose channel j meets column 0's element in t + 1 + j. The weight word of channel j comes in the cycle of word j
// (weight_i in the cycle before) and goes down the rows. first_i and last_i: the tile begins, ends its pixels' sums.
// drain_i = j moves what is above column 0's rows r >= j down into them at the end of the cycle, in column c c cycles later; 1 to Rows - 1 in successive cycles, 16'hffff: none moves.
// mode_i belongs to the word: log2 of the products that its elements make (PeModes > 0). weight_mode_i belongs to the weight word, for the count of zeros.
// sum_o: column c's lowest drain register. Nothing moves while en_i is low.

module qsim_array_os #(
  parameter int unsigned Rows = 16,
  parameter int unsigned Cols = 16,
  parameter int unsigned PeModes = 0
) (
  input  logic               clk_i,
  input  logic               rst_ni,
  input  logic               en_i,
  input  logic               load_i,
  input  logic               valid_i,  // the word is a pixel's
  input  logic [7:0]         row_i,
  input  logic               first_i,
  input  logic               last_i,
  input  logic [1:0]         mode_i,
  input  logic [8*Rows-1:0]  word_i,
  input  logic [1:0]         weight_mode_i,
  input  logic [8*Cols-1:0]  weight_i,
  input  logic [15:0]        drain_i,
  output logic [32*Cols-1:0] sum_o,
  output logic [31:0]        zero_macs_o  // of a wave that has left the last row
);
  logic [15:0] operand[Rows][Cols+1];
  logic [7:0] weight[Rows+1][Cols];
  logic [31:0] sum[Rows+1][Cols];
  logic [15:0] drain[Cols];
  logic [16*Rows-1:0] stream;

  logic [Rows-1:0] valid;
  qsim_transposer #(.Rows(Rows), .PeModes(PeModes)) u_transposer (
    .clk_i, .rst_ni, .en_i, .load_i, .valid_i, .row_i, .first_i, .last_i, .mode_i, .word_i, .operand_o(stream), .valid_o(valid)
  );

  for (genvar r = 0; r < Rows; r++) begin : gen_left
    assign operand[r][0] = stream[16*r+:16];
  end

  logic [16*Rows-1:0] left;
  for (genvar r = 0; r < Rows; r++) begin : gen_zero_macs
    assign left[16*r+:16] = {4'b0, stream[16*r+10+:2], valid[r], 1'b0, stream[16*r+:8]};
  end
  qsim_zero_macs #(.Rows(Rows), .Cols(Cols), .Dataflow(1), .PeModes(PeModes)) u_zero_macs (
    .clk_i, .rst_ni, .en_i, .weight_mode_i, .weight_i, .operand_i(left), .count_o(zero_macs_o)
  );

  for (genvar c = 0; c < Cols; c++) begin : gen_top
    assign sum[0][c] = '0;
    assign sum_o[32*c+:32] = sum[Rows][c];
    qsim_skew #(.Width(8), .Stages(c + 2)) u_skew (
      .clk_i, .en_i, .data_i(weight_i[8*c+:8]), .data_o(weight[0][c])
    );
    qsim_skew #(.Width(16), .Stages(c)) u_drain_skew (.clk_i, .en_i, .data_i(drain_i), .data_o(drain[c]));
  end

  for (genvar r = 0; r < Rows; r++) begin : gen_row
    for (genvar c = 0; c < Cols; c++) begin : gen_col
      qsim_pe_os #(.PeModes(PeModes)) u_pe (
        .clk_i, .en_i, .operand_i(operand[r][c]), .operand_o(operand[r][c+1]),
        .weight_i(weight[r][c]), .weight_o(weight[r+1][c]),
        .shift_i(drain[c] <= 16'(r)), .drain_i(sum[r][c]), .drain_o(sum[r+1][c])
      );
    end
  end

endmodule
