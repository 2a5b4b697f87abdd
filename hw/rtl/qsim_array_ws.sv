// The weight-stationary mesh (T13), without its edges: activations enter on the left and move right, sums move down, the weight bus
// of a column is seen by all its rows.
//
// Row r must be fed r cycles after row 0, column c's bus be driven c cycles after column 0's (qsim_skew).
// Latency: the sum of the activations that enter row 0 in cycle t is on lane c of sum_o in cycle t + Rows + c.
// Handshake: none; everything stands still while en_i is low.
module qsim_array_ws #(
  parameter int unsigned Rows = 16,
  parameter int unsigned Cols = 16
) (
  input  logic               clk_i,
  input  logic               en_i,
  input  logic [8*Rows-1:0]  act_i,
  input  logic [Rows-1:0]    load_i,  // row r takes its weights, column c from its bus c cycles later
  input  logic [8*Cols-1:0]  weight_i,
  output logic [32*Cols-1:0] sum_o
);
  if (Rows < 2 || Rows > 256) $error("Rows must be in [2, 256]");
  if (Cols < 2 || Cols > 256) $error("Cols must be in [2, 256]");

  wire [8:0]  act [0:Rows-1][0:Cols];
  wire [31:0] sum [0:Rows][0:Cols-1];

  for (genvar c = 0; c < Cols; c++) begin : gen_edge
    assign sum[0][c] = '0;
    assign sum_o[32*c+:32] = sum[Rows][c];
  end

  for (genvar r = 0; r < Rows; r++) begin : gen_row
    assign act[r][0] = {load_i[r], act_i[8*r+:8]};
    for (genvar c = 0; c < Cols; c++) begin : gen_col
      qsim_pe_ws u_pe (
        .clk_i,
        .en_i,
        .act_i   (act[r][c]),
        .weight_i(weight_i[8*c+:8]),
        .sum_i   (sum[r][c]),
        .act_o   (act[r][c+1]),
        .sum_o   (sum[r+1][c])
      );
    end
  end
endmodule
