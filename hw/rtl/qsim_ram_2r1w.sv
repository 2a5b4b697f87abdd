// Memory of Depth words with two read ports and a write port, synchronous: data from the cycle after the read on, held until the next; a read of
// what is written in the same cycle gives the old value. Content starts as anything.

module qsim_ram_2r1w #(
  parameter int unsigned Depth = 1024,
  parameter int unsigned Width = 32
) (
  input  logic             clk_i,
  input  logic             re0_i,
  input  logic [15:0]      raddr0_i,
  output logic [Width-1:0] rdata0_o,
  input  logic             re1_i,
  input  logic [15:0]      raddr1_i,
  output logic [Width-1:0] rdata1_o,
  input  logic             we_i,
  input  logic [15:0]      waddr_i,
  input  logic [Width-1:0] wdata_i
);
  localparam int unsigned AddressBits = $clog2(Depth);
  if (Depth < 2 || Depth > 65536) begin : gen_range
    $error("Depth is outside [2, 65536]");
  end

  logic [Width-1:0] mem[Depth];

  always_ff @(posedge clk_i) begin
    if (we_i) mem[waddr_i[AddressBits-1:0]] <= wdata_i;
    if (re0_i) rdata0_o <= mem[raddr0_i[AddressBits-1:0]];
    if (re1_i) rdata1_o <= mem[raddr1_i[AddressBits-1:0]];
  end

endmodule
