// The output-stationary mesh (T14), without its edges: row r works on pixel r of a group, column c on output lane c. Activations move
// right, weights down; complete sums drain downwards, the last row's first.
//
// Row r must be fed r cycles after row 0, column c c cycles after column 0; drain_i comes with the skew of row Rows - 1's sum:
// in the cycle in which column 0's bottom sum is complete. All rows but the first then shift, one row fewer every cycle: a row
// that has sent on all that came from above keeps the next group's sum.
// Latency: of activations that enter row 0 from cycle t on, the last with `last` in cycle u, lane c of the last row's sum is on
// sum_o in cycle u + Rows + c. Handshake: none; everything stands still while en_i is low.
module qsim_array_os #(
  parameter int unsigned Rows = 16,
  parameter int unsigned Cols = 16
) (
  input  logic               clk_i,
  input  logic               rst_ni,
  input  logic               en_i,
  input  logic [8*Rows-1:0]  act_i,
  input  logic [8*Cols-1:0]  weight_i,
  input  logic               first_i,  // with column 0's weight: it starts the sums
  input  logic               last_i,   // with column 0's weight: it completes the sums
  input  logic               drain_i,
  output logic [32*Cols-1:0] sum_o
);
  if (Rows < 2 || Rows > 256) $error("Rows must be in [2, 256]");
  if (Cols < 2 || Cols > 256) $error("Cols must be in [2, 256]");

  wire [8:0]  act    [0:Rows-1][0:Cols];
  wire [9:0]  weight [0:Rows][0:Cols-1];
  wire [31:0] drain  [0:Rows][0:Cols-1];

  // Flags of column 0, and of those to its right a cycle later each.
  logic [Cols-1:0] first, last;
  logic [Cols-2:0] first_q, last_q;
  assign first = {first_q, first_i};
  assign last = {last_q, last_i};

  // Rows that shift in column 0.
  logic [Rows-1:0] shift, shift_q;
  assign shift = drain_i ? {{(Rows - 1){1'b1}}, 1'b0} : shift_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      first_q <= '0;
      last_q <= '0;
      shift_q <= '0;
    end else if (en_i) begin
      first_q <= first[Cols-2:0];
      last_q <= last[Cols-2:0];
      shift_q <= {shift[Rows-2:0], 1'b0};
    end
  end

  for (genvar c = 0; c < Cols; c++) begin : gen_edge
    assign weight[0][c] = {last[c], first[c], weight_i[8*c+:8]};
    assign drain[0][c] = '0;
    assign sum_o[32*c+:32] = drain[Rows][c];
  end

  for (genvar r = 0; r < Rows; r++) begin : gen_row
    assign act[r][0] = {shift[r], act_i[8*r+:8]};
    for (genvar c = 0; c < Cols; c++) begin : gen_col
      qsim_pe_os u_pe (
        .clk_i,
        .en_i,
        .act_i   (act[r][c]),
        .weight_i(weight[r][c]),
        .drain_i (drain[r][c]),
        .act_o   (act[r][c+1]),
        .weight_o(weight[r+1][c]),
        .drain_o (drain[r+1][c])
      );
    end
  end
endmodule
