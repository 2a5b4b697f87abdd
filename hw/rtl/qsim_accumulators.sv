// Cols columns of accumulators. The control word walks with the wave: it belongs to column 0 in the cycle in which it comes and to column c
// c cycles later; so do the columns of sum_i. The word is read in that cycle and written in the next.
// done_o: last_i's word has been written in this cycle in column Cols - 1. write_o counts words, in column 0. Port of the vector unit: all columns at once.

module qsim_accumulators #(
  parameter int unsigned Cols = 16,
  parameter int unsigned AccEntries = 1024
) (
  input  logic               clk_i,
  input  logic               rst_ni,
  input  logic               valid_i,
  input  logic               overwrite_i,
  input  logic               last_i,
  input  logic [15:0]        address_i,
  input  logic [32*Cols-1:0] sum_i,
  output logic               done_o,
  output logic [8:0]         wraps_o,
  input  logic               re_i,
  input  logic [15:0]        raddr_i,
  output logic [32*Cols-1:0] rdata_o
);
  logic [31:0] control[Cols+1];
  // The update of the cycle before was of the same word.
  logic again, valid_q;
  logic [15:0] address_q;
  assign again = valid_q && address_q == address_i;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) valid_q <= 1'b0;
    else valid_q <= valid_i;
  end

  always_ff @(posedge clk_i) begin
    if (valid_i) address_q <= address_i;
  end

  assign control[0] = {12'b0, again, last_i, overwrite_i, valid_i, address_i};

  logic [Cols-1:0] wrap;
  for (genvar c = 0; c < Cols; c++) begin : gen_col
    qsim_acc_bank #(.AccEntries(AccEntries)) u_bank (
      .clk_i, .rst_ni, .en_i(control[c][16]), .overwrite_i(control[c][17]), .forward_i(control[c][19]), .address_i(control[c][15:0]), .sum_i(sum_i[32*c+:32]),
      .wrap_o(wrap[c]), .re_i, .raddr_i, .rdata_o(rdata_o[32*c+:32])
    );
    qsim_delay #(.Width(32), .Stages(1)) u_step (.clk_i, .rst_ni, .en_i(1'b1), .data_i(control[c]), .data_o(control[c+1]));
  end

  assign done_o = control[Cols][16] && control[Cols][18];

  // Wraps are rare; their number is counted bit by bit.
  always_comb begin
    wraps_o = '0;
    if (wrap != '0) begin
      for (int unsigned c = 0; c < Cols; c++) wraps_o += 9'(wrap[c]);
    end
  end

endmodule
