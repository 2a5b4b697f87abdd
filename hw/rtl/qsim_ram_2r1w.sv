// Memory with two read ports and a write port. A read has its word in the next cycle, held until the port's next read; it gives the
// old value of a word that is written in the same cycle.
module qsim_ram_2r1w #(
  parameter int unsigned Depth = 1024,
  parameter int unsigned Width = 32,
  localparam int unsigned AddrBits = $clog2(Depth)
) (
  input  logic                clk_i,
  input  logic                a_re_i,
  input  logic [AddrBits-1:0] a_addr_i,
  output logic [Width-1:0]    a_rdata_o,
  input  logic                b_re_i,
  input  logic [AddrBits-1:0] b_addr_i,
  output logic [Width-1:0]    b_rdata_o,
  input  logic                we_i,
  input  logic [AddrBits-1:0] waddr_i,
  input  logic [Width-1:0]    wdata_i
);
  if (Depth < 2) $error("Depth must be at least 2");

  logic [Width-1:0] mem [0:Depth-1];
  logic [Width-1:0] a_rdata_q, b_rdata_q;

  always_ff @(posedge clk_i) if (a_re_i) a_rdata_q <= mem[a_addr_i];
  always_ff @(posedge clk_i) if (b_re_i) b_rdata_q <= mem[b_addr_i];
  always_ff @(posedge clk_i) if (we_i) mem[waddr_i] <= wdata_i;

  assign a_rdata_o = a_rdata_q;
  assign b_rdata_o = b_rdata_q;
endmodule
