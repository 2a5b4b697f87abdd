// Turns words (a pixel's Rows channels at once) into rows of the output-stationary mesh (a pixel's channels one after the other),
// on the slope along which they must enter it (T14).
//
// Row q is one shift register: it takes the word of pixel q, which comes q cycles after pixel 0's, and gives its channels in the
// Rows cycles that follow. So a group may follow the other without a gap, and nothing needs to be stored twice.
// Latency: channel j of pixel q is on lane q of data_o j + 1 cycles after its word was on word_i.
// Handshake: first_i with the word of pixel 0, the words of the others in the cycles that follow; valid_i: the word is that of a
// pixel; valid_o bit q: so was the word that is on lane q. Everything stands still while en_i is low.
module qsim_transposer #(
  parameter int unsigned Rows = 16
) (
  input  logic              clk_i,
  input  logic              rst_ni,
  input  logic              en_i,
  input  logic              first_i,
  input  logic              valid_i,
  input  logic [8*Rows-1:0] word_i,
  output logic [Rows-1:0]   valid_o,
  output logic [8*Rows-1:0] data_o
);
  if (Rows < 2 || Rows > 256) $error("Rows must be in [2, 256]");

  localparam int unsigned Pieces = (Rows + 7) / 8;

  logic [Rows-1:0] load, valid_q;
  logic [Rows-2:0] load_q;
  assign load = {load_q, first_i};
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      load_q <= '0;
      valid_q <= '0;
    end else if (en_i) begin
      load_q <= load[Rows-2:0];
      valid_q <= valid_i ? valid_q | load : valid_q & ~load;
    end
  end
  assign valid_o = valid_q;

  for (genvar q = 0; q < Rows; q++) begin : gen_row
    // Lowest byte of a piece of eight channels, and zero behind the last.
    wire [7:0] low [0:Pieces];
    assign low[Pieces] = '0;
    for (genvar p = 0; p < Pieces; p++) begin : gen_piece
      localparam int unsigned Bits = (p + 1 < Pieces) ? 64 : 8 * Rows - 64 * p;
      logic [Bits-1:0] piece_q;
      always_ff @(posedge clk_i) begin
        if (en_i) piece_q <= load[q] ? word_i[64*p+:Bits] : Bits'({low[p+1], piece_q} >> 8);
      end
      assign low[p] = piece_q[7:0];
    end
    assign data_o[8*q+:8] = low[0];
  end
endmodule
