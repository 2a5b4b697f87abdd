// Turns words of one pixel into streams of one channel: row r's register takes the r-th word of a tile and gives it away byte by byte, channel 0 first.
//
// A word with index r in cycle t (load_i, row_i, word_i) leaves row r in cycles t + 1 … t + Rows. Words of a tile come in consecutive cycles, row 0 first, so the rows' streams
// are skewed as the array wants them, and one register a row is enough when tiles follow each other without a gap.
// first_i and last_i belong to the tile: the first of a sum, the last of a sum. They mark the first and the last byte: bits 8 and 9 of operand_o's 16 bits a row.
// valid_o: the byte is of a word that came with valid_i; low after reset.

module qsim_transposer #(
  parameter int unsigned Rows = 16
) (
  input  logic               clk_i,
  input  logic               rst_ni,
  input  logic               en_i,
  input  logic               load_i,
  input  logic               valid_i,
  input  logic [7:0]         row_i,
  input  logic               first_i,
  input  logic               last_i,
  input  logic [8*Rows-1:0]  word_i,
  output logic [16*Rows-1:0] operand_o,
  output logic [Rows-1:0]    valid_o
);
  for (genvar r = 0; r < Rows; r++) begin : gen_row
    logic [8*Rows-1:0] bytes_q;
    logic [Rows-1:0] end_q;  // one bit, at the place of the byte that is the last of its tile
    logic first_q, last_q;
    logic load;
    logic valid_q;
    assign valid_o[r] = valid_q;
    always_ff @(posedge clk_i or negedge rst_ni) begin
      if (!rst_ni) valid_q <= 1'b0;
      else if (en_i && load) valid_q <= valid_i;
      else if (en_i && end_q[0]) valid_q <= 1'b0;
    end

    assign load = load_i && row_i == 8'(r);
    assign operand_o[16*r+:16] = {6'b0, last_q && end_q[0], first_q, bytes_q[7:0]};

    always_ff @(posedge clk_i) begin
      if (en_i) begin
        if (load) begin
          bytes_q <= word_i;
          end_q <= {1'b1, {(Rows - 1) {1'b0}}};
          first_q <= first_i;
          last_q <= last_i;
        end else begin
          bytes_q <= bytes_q >> 8;
          end_q <= end_q >> 1;
          first_q <= 1'b0;
        end
      end
    end
  end

endmodule
