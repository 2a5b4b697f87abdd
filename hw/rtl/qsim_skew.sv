// Delays byte l of a word by l + 1 cycles: the slope along which operands enter the mesh.
//
// A lane's shift register is cut into pieces of eight bytes, which Verilate to one shift each.
// Latency: l + 1 cycles for byte l. Handshake: none; everything stands still while en_i is low.
module qsim_skew #(
  parameter int unsigned Lanes = 16
) (
  input  logic               clk_i,
  input  logic               en_i,
  input  logic [8*Lanes-1:0] data_i,
  output logic [8*Lanes-1:0] data_o
);
  if (Lanes < 2 || Lanes > 256) $error("Lanes must be in [2, 256]");

  for (genvar l = 0; l < Lanes; l++) begin : gen_lane
    localparam int unsigned Pieces = l / 8 + 1;
    wire [7:0] piece [0:Pieces];
    assign piece[0] = data_i[8*l+:8];
    for (genvar p = 0; p < Pieces; p++) begin : gen_piece
      localparam int unsigned Bits = (p + 1 < Pieces) ? 64 : 8 * (l % 8 + 1);
      logic [Bits-1:0] piece_q;
      always_ff @(posedge clk_i) if (en_i) piece_q <= Bits'({piece_q, piece[p]});
      assign piece[p+1] = piece_q[Bits-1-:8];
    end
    assign data_o[8*l+:8] = piece[Pieces];
  end
endmodule
