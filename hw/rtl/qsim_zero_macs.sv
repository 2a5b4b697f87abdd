// Counts multiply-accumulates with an operand of 0 (counter zero_operand_macs), from what enters the mesh on its left and its top, without an adder
// in any element: an activation of 0 makes Cols of them, another one as many as its row's weight word has zeros. Of narrow codes (PeModes > 0) each place in a byte
// has its count of zeros in the weight word, and makes its part: Cols or that count.
//
// The count of a wave goes down with it, row by row, and is below the last row when column 0's sum is: Rows cycles after row 0's activation.
// Weight-stationary: the zeros of a word are kept by the row that takes it (load_i). Output-stationary: they go down with the word, and only rows with
// a pixel count (valid_i). A weight word comes two cycles before it is on column 0's bus. Everything stands still while en_i is low.

module qsim_zero_macs #(
  parameter int unsigned Rows = 16,
  parameter int unsigned Cols = 16,
  parameter int unsigned Dataflow = 0,
  parameter int unsigned PeModes = 0
) (
  input  logic               clk_i,
  input  logic               rst_ni,
  input  logic               en_i,
  input  logic [1:0]         weight_mode_i,  // log2 of the codes in a byte of the weight word, at most PeModes
  input  logic [8*Cols-1:0]  weight_i,
  input  logic [16*Rows-1:0] operand_i,  // {4 unused, 2 mode, valid (os), load (ws), activation} a row
  output logic [31:0]        count_o
);
  logic [8*Cols-1:0] weight_q;
  // Zeros of a word, a field for each place that a code may have in a byte.
  localparam int unsigned Places = 1 << PeModes;
  localparam int unsigned Field = PeModes == 0 ? 32 : 16;
  logic [Field*Places-1:0] zeros_q, zeros;
  if (PeModes == 0) begin : gen_zeros
    always_comb begin
      zeros = '0;
      for (int unsigned c = 0; c < Cols; c++) zeros += 32'(weight_q[8*c+:8] == '0);
    end
  end else begin : gen_zeros
    logic [1:0] mode_q;
    always_ff @(posedge clk_i) begin
      if (en_i) mode_q <= weight_mode_i;
    end
    always_comb begin
      zeros = '0;
      for (int unsigned c = 0; c < Cols; c++) zeros += flags(mode_q, weight_q[8*c+:8]);
    end
  end

  // Which places of a byte hold a code that is 0: 0 or 1 a field.
  function automatic logic [Field*Places-1:0] flags(input logic [1:0] mode, input logic [7:0] codes);
    flags = '0;
    if (mode == 2'd0) flags[0] = codes == '0;
    else if (mode[0]) for (int unsigned i = 0; i < 2 && i < Places; i++) flags[Field*i] = codes[4*i+:4] == '0;
    else for (int unsigned i = 0; i < Places; i++) flags[Field*i] = codes[2*i+:2] == '0;
  endfunction

  // Products with a 0 of an activation byte: by place, Cols or the weights' zeros.
  function automatic logic [31:0] products(input logic [1:0] mode, input logic [7:0] codes, input logic [Field*Places-1:0] weights);
    logic [Field*Places-1:0] own;
    own = flags(mode, codes);
    products = own[0] ? Cols : 32'(weights[Field-1:0]);
    for (int unsigned i = 1; i < Places; i++) products += own[Field*i] ? Cols : 32'(weights[Field*i+:Field]);
  endfunction

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
    logic [31:0] count_q;
    logic [Field*Places-1:0] row_zeros;
    logic counts;
    assign count[r+1] = count_q;

    if (Dataflow == qsim_pkg::DataflowOs) begin : gen_os
      assign counts = operand_i[16*r+9];
      if (r == 0) begin : gen_first
        assign row_zeros = zeros_q;
      end else begin : gen_next
        logic [Field*Places-1:0] passed_q;
        always_ff @(posedge clk_i) begin
          if (en_i) passed_q <= gen_row[r-1].row_zeros;
        end
        assign row_zeros = passed_q;
      end
    end else begin : gen_ws
      logic [Field*Places-1:0] kept_q;
      assign counts = 1'b1;
      assign row_zeros = kept_q;
      always_ff @(posedge clk_i) begin
        if (en_i && operand_i[16*r+8]) kept_q <= zeros_q;
      end
    end

    always_ff @(posedge clk_i or negedge rst_ni) begin
      if (!rst_ni) count_q <= '0;
      else if (en_i) count_q <= count[r] + (counts ? products(PeModes == 0 ? '0 : operand_i[16*r+10+:2], operand_i[16*r+:8], row_zeros) : '0);
    end
  end

endmodule
