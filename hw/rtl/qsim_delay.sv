// Delays a word by Depth cycles, in a ring of Depth words instead of a shift register.
//
// What comes out in the first Depth cycles is undefined. Latency: Depth cycles, counted while en_i is high.
module qsim_delay #(
  parameter int unsigned Width = 16,
  parameter int unsigned Depth = 4
) (
  input  logic             clk_i,
  input  logic             rst_ni,
  input  logic             en_i,
  input  logic [Width-1:0] data_i,
  output logic [Width-1:0] data_o
);
  if (Depth < 2) $error("Depth must be at least 2");

  localparam int unsigned IndexBits = $clog2(Depth);
  logic [Width-1:0]     mem [0:Depth-1];
  logic [IndexBits-1:0] index_q;

  always_ff @(posedge clk_i) if (en_i) mem[index_q] <= data_i;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) index_q <= '0;
    else if (en_i) index_q <= (index_q == IndexBits'(Depth - 1)) ? '0 : index_q + 1'b1;
  end
  assign data_o = mem[index_q];
endmodule
