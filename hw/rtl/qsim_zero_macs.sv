// Counts multiply-accumulates with an operand of 0 (counter zero_operand_macs), from what enters the mesh on its left and its top, without an adder
// in any element: an activation of 0 makes Cols of them, another one as many as its row's weight word has zeros.
//
// The count of a wave goes down with it, row by row, and is below the last row when column 0's sum is: Rows cycles after row 0's activation.
// Weight-stationary: the zeros of a word are kept by the row that takes it (load_i). Output-stationary: they go down with the word, and only rows with
// a pixel count (valid_i). A weight word comes two cycles before it is on column 0's bus. Everything stands still while en_i is low.

module qsim_zero_macs #(
  parameter int unsigned Rows = 16,
  parameter int unsigned Cols = 16,
  parameter int unsigned Dataflow = 0
) (
  input  logic               clk_i,
  input  logic               rst_ni,
  input  logic               en_i,
  input  logic [8*Cols-1:0]  weight_i,
  input  logic [16*Rows-1:0] operand_i,  // {6 unused, valid (os), load (ws), activation} a row
  output logic [31:0]        count_o
);
  logic [8*Cols-1:0] weight_q;
  logic [31:0] zeros_q, zeros;
  always_comb begin
    zeros = '0;
    for (int unsigned c = 0; c < Cols; c++) zeros += 32'(weight_q[8*c+:8] == '0);
  end

  always_ff @(posedge clk_i) begin
    if (en_i) begin
      weight_q <= weight_i;
      zeros_q <= zeros;
    end
  end

  logic [31:0] count[Rows+1];
  assign count[0] = '0;
  assign count_o = count[Rows];

  for (genvar r = 0; r < Rows; r++) begin : gen_row
    logic [31:0] count_q, row_zeros;
    logic zero, counts;
    assign zero = operand_i[16*r+:8] == '0;
    assign count[r+1] = count_q;

    if (Dataflow == qsim_pkg::DataflowOs) begin : gen_os
      assign counts = operand_i[16*r+9];
      if (r == 0) begin : gen_first
        assign row_zeros = zeros_q;
      end else begin : gen_next
        logic [31:0] passed_q;
        always_ff @(posedge clk_i) begin
          if (en_i) passed_q <= gen_row[r-1].row_zeros;
        end
        assign row_zeros = passed_q;
      end
    end else begin : gen_ws
      logic [31:0] kept_q;
      assign counts = 1'b1;
      assign row_zeros = kept_q;
      always_ff @(posedge clk_i) begin
        if (en_i && operand_i[16*r+8]) kept_q <= zeros_q;
      end
    end

    always_ff @(posedge clk_i or negedge rst_ni) begin
      if (!rst_ni) count_q <= '0;
      else if (en_i) count_q <= count[r] + (!counts ? '0 : zero ? Cols : row_zeros);
    end
  end

endmodule
