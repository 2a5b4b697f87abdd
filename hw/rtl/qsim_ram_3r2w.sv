// Memory of Depth words of Width bits, three read ports (a, b, c) and two write ports (d, e), none ever waits.
//
// A read with re in cycle t is on rdata from t + 1 until the port's next data. A write with we in cycle t is seen by reads from
// t + 1 on; a read of the same address in t gives the old value. Two writes to one address in one cycle: e's stays.
// No reset: contents start with anything. An address of Depth or more reads anything and must not be written.
module qsim_ram_3r2w #(
  parameter  int unsigned Width    = 8,
  parameter  int unsigned Depth    = 1024,
  localparam int unsigned AddrBits = Depth > 1 ? $clog2(Depth) : 1
) (
  input  logic                clk_i,
  input  logic                a_re_i,
  input  logic [AddrBits-1:0] a_addr_i,
  output logic [Width-1:0]    a_rdata_o,
  input  logic                b_re_i,
  input  logic [AddrBits-1:0] b_addr_i,
  output logic [Width-1:0]    b_rdata_o,
  input  logic                c_re_i,
  input  logic [AddrBits-1:0] c_addr_i,
  output logic [Width-1:0]    c_rdata_o,
  input  logic                d_we_i,
  input  logic [AddrBits-1:0] d_addr_i,
  input  logic [Width-1:0]    d_wdata_i,
  input  logic                e_we_i,
  input  logic [AddrBits-1:0] e_addr_i,
  input  logic [Width-1:0]    e_wdata_i
);
  if (Width < 1) $error("qsim_ram_3r2w: Width is less than 1");
  if (Depth < 1) $error("qsim_ram_3r2w: Depth is less than 1");

  logic [Width-1:0] mem [0:Depth-1];
  logic [Width-1:0] a_rdata_q, b_rdata_q, c_rdata_q;

  // No other process touches mem, and reads stand first: they see old values. Written with `<=`, every idle write port would
  // cost a nanosecond of simulated cycle, and there are a hundred.
  always_ff @(posedge clk_i) begin
    if (a_re_i) a_rdata_q <= mem[a_addr_i];
    if (b_re_i) b_rdata_q <= mem[b_addr_i];
    if (c_re_i) c_rdata_q <= mem[c_addr_i];
    if (d_we_i) mem[d_addr_i] = d_wdata_i;
    if (e_we_i) mem[e_addr_i] = e_wdata_i;
  end

  assign a_rdata_o = a_rdata_q;
  assign b_rdata_o = b_rdata_q;
  assign c_rdata_o = c_rdata_q;
endmodule
