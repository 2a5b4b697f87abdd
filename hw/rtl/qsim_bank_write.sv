// Lines a write of Width consecutive bytes, at any byte address, up with Banks byte banks: byte address a is row a / Banks of
// bank a mod Banks. Combinational; costs nothing to simulate while we_i is low.
//
// Bank b writes data_o byte b mod Lanes (Lanes: the power of two from Width on) when bit b of we_o is set, to row_o, or to
// row_o + 1 (given as next_o) when bit b of wrap_o is set. Addresses are modulo 2^AddrBits: bytes at the end of the buffer that are
// not enabled do no harm.
module qsim_bank_write #(
  parameter  int unsigned Banks    = 16,
  parameter  int unsigned Width    = 16,
  parameter  int unsigned AddrBits = 18,
  parameter  int unsigned RowBits  = 14,
  localparam int unsigned Lanes    = 1 << $clog2(Width)
) (
  input  logic                we_i,
  input  logic [AddrBits-1:0] addr_i,
  input  logic [8*Width-1:0]  wdata_i,
  input  logic [Width-1:0]    be_i,
  output logic [Banks-1:0]    we_o,
  output logic [Banks-1:0]    wrap_o,
  output logic [RowBits-1:0]  row_o,
  output logic [RowBits-1:0]  next_o,
  output logic [8*Lanes-1:0]  data_o
);
  localparam int unsigned BankBits = $clog2(Banks);

  if (Lanes > Banks) $error("qsim_bank_write: Width is greater than Banks");

  logic [BankBits-1:0] bank;
  logic [2*Banks-1:0]  enabled;
  logic [16*Lanes-1:0] moved;

  assign bank   = addr_i[BankBits-1:0];
  assign row_o  = RowBits'(addr_i >> BankBits);
  assign next_o = RowBits'((addr_i + AddrBits'(Banks)) >> BankBits);

  always_comb begin
    enabled = '0;
    wrap_o  = '0;
    moved   = '0;
    if (we_i) begin
      enabled = (2*Banks)'(be_i) << bank;
      wrap_o  = ~({Banks{1'b1}} << bank);
      moved   = (16*Lanes)'(wdata_i) << {bank & BankBits'(Lanes - 1), 3'b0};
    end
  end

  assign we_o   = enabled[Banks-1:0] | enabled[2*Banks-1:Banks];
  assign data_o = moved[8*Lanes-1:0] | moved[16*Lanes-1:8*Lanes];
endmodule
