// Turns words of one pixel into streams of one channel: row r's register takes the r-th word of a tile and gives it away byte by byte, channel 0 first.
//
// A word with index r in cycle t (load_i, row_i, word_i) leaves row r in cycles t + 1 … t + Rows. Words of a tile come in consecutive cycles, row 0 first, so the rows' streams
// are skewed as the array wants them, and one register a row is enough when tiles follow each other without a gap.
// first_i and last_i belong to the tile: the first of a sum, the last of a sum. They mark the first and the last byte: bits 8 and 9 of operand_o's 16 bits a row.
// mode_i belongs to the word (PeModes > 0): bits 10 and 11 beside each of its bytes.
// valid_o: the byte is of a word that came with valid_i; low after reset.

module qsim_transposer #(
  parameter int unsigned Rows = 16,
  parameter int unsigned PeModes = 0
) (
  input  logic               clk_i,
  input  logic               rst_ni,
  input  logic               en_i,
  input  logic               load_i,
  input  logic               valid_i,
  input  logic [7:0]         row_i,
  input  logic               first_i,
  input  logic               last_i,
  input  logic [1:0]         mode_i,
  input  logic [8*Rows-1:0]  word_i,
  output logic [16*Rows-1:0] operand_o,
  output logic [Rows-1:0]    valid_o
);
  localparam int unsigned Pieces = (Rows + 7) / 8;

  for (genvar r = 0; r < Rows; r++) begin : gen_row
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

    logic [1:0] mode;
    if (PeModes == 0) begin : gen_no_mode
      assign mode = '0;
    end else begin : gen_mode
      logic [1:0] mode_q;
      always_ff @(posedge clk_i) begin
        if (en_i && load) mode_q <= mode_i;
      end
      assign mode = mode_q;
    end

    wire [7:0] low[0:Pieces];  // lowest byte of each piece
    assign operand_o[16*r+:16] = {4'b0, mode, last_q && end_q[0], first_q, low[0]};

    // The bytes, in pieces of 64 bits that cost a simulation one shift each.
    assign low[Pieces] = '0;
    for (genvar p = 0; p < Pieces; p++) begin : gen_piece
      localparam int unsigned Bits = p + 1 < Pieces ? 64 : 8 * Rows - 64 * p;
      logic [Bits-1:0] bytes_q;
      assign low[p] = bytes_q[7:0];
      always_ff @(posedge clk_i) begin
        if (en_i) begin
          if (load) bytes_q <= word_i[64*p+:Bits];
          else bytes_q <= Bits'({low[p+1], bytes_q} >> 8);
        end
      end
    end

    always_ff @(posedge clk_i) begin
      if (en_i) begin
        if (load) begin
          end_q <= {1'b1, {(Rows - 1) {1'b0}}};
          first_q <= first_i;
          last_q <= last_i;
        end else begin
          end_q <= end_q >> 1;
          first_q <= 1'b0;
        end
      end
    end
  end

endmodule
