// Memory of Depth words of Width bits, a read and a write port. A read of the address that is written in the same cycle gives
// anything: a block RAM of any family does as much, with no logic around it. Contents start with zero: memories that hold copies of
// one another must start alike.
module qsim_ram_free #(
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
  (* no_rw_check *) logic [Width-1:0] mem [0:Depth-1];
  logic [Width-1:0] rdata_q;

  integer i;
  initial for (i = 0; i < Depth; i = i + 1) mem[i] = '0;

  // Not always_ff, which would have the memory to itself.
  always @(posedge clk_i) begin
    if (re_i) rdata_q <= mem[raddr_i];
    if (we_i) mem[waddr_i] <= wdata_i;
  end

  assign rdata_o = rdata_q;
endmodule
