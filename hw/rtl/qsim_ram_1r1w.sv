// Memory of Depth words of Width bits, a read and a write port.
//
// A read with re_i in cycle t is on rdata_o from t + 1 until the next read's data. A write with we_i in cycle t is seen by
// reads from t + 1 on; a read of the same address in t gives the old value. No reset: contents start with anything.
// An address of Depth or more reads anything and must not be written.
module qsim_ram_1r1w #(
  parameter  int unsigned Width    = 8,
  parameter  int unsigned Depth    = 1024,
  localparam int unsigned AddrBits = Depth > 1 ? $clog2(Depth) : 1
) (
  input  logic                clk_i,
  input  logic                re_i,
  input  logic [AddrBits-1:0] raddr_i,
  output logic [Width-1:0]    rdata_o,
  input  logic                we_i,
  input  logic [AddrBits-1:0] waddr_i,
  input  logic [Width-1:0]    wdata_i
);
  if (Width < 1) $error("qsim_ram_1r1w: Width is less than 1");
  if (Depth < 1) $error("qsim_ram_1r1w: Depth is less than 1");

  logic [Width-1:0] mem [0:Depth-1];
  logic [Width-1:0] rdata_q;

  // No other process touches mem, and reads stand first: they see old values. Written with `<=`, every idle write port would
  // cost a nanosecond of simulated cycle, and there are a hundred.
  always_ff @(posedge clk_i) begin
    if (re_i) rdata_q <= mem[raddr_i];
    if (we_i) mem[waddr_i] = wdata_i;
  end

  assign rdata_o = rdata_q;
endmodule
