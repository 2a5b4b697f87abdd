// Widens weights to the activations' codes at the array's edge: of each byte of a weight word that serves 2^ratio_i rows, the codes of row part_i, sign-extended. Combinational.
//
// pack_i: log2 of the codes that a byte has afterwards, 0 or 1; before it is pack_i + ratio_i, at most PeModes. part_i < 2^ratio_i: part 0 has the lowest codes.
// ratio_i = 0: the word as it is.

module qsim_weight_expand #(
  parameter int unsigned Cols = 16,
  parameter int unsigned PeModes = 0
) (
  input  logic              pack_i,
  input  logic [1:0]        ratio_i,
  input  logic [1:0]        part_i,
  input  logic [8*Cols-1:0] word_i,
  output logic [8*Cols-1:0] word_o
);
  if (PeModes > 2) begin : gen_range
    $error("PeModes is outside [0, 2]");
  end

  always_comb begin : expand
    logic [3:0] half;
    logic [1:0] quarter;
    word_o = word_i;
    half = '0;
    quarter = '0;
    if (PeModes != 0 && ratio_i != '0) begin
      for (int unsigned c = 0; c < Cols; c++) begin
        half = part_i[0] ? word_i[8*c+4+:4] : word_i[8*c+:4];
        quarter = part_i[1] ? (part_i[0] ? word_i[8*c+6+:2] : word_i[8*c+4+:2]) : (part_i[0] ? word_i[8*c+2+:2] : word_i[8*c+:2]);
        if (PeModes == 2 && ratio_i[1]) word_o[8*c+:8] = 8'(signed'(quarter));
        else if (PeModes == 2 && pack_i) word_o[8*c+:8] = {4'(signed'(half[3:2])), 4'(signed'(half[1:0]))};
        else word_o[8*c+:8] = 8'(signed'(half));
      end
    end
  end

endmodule
