// Lines a read of Width consecutive bytes, at any byte address, up with Banks byte banks: byte address a is row a / Banks of bank
// a mod Banks.
//
// In the cycle of the read: bank b reads row_o, or row_o + 1 (given as next_o) when bit b of wrap_o is set. From the next cycle
// on, the banks' bytes are on bank_data_i (bank b at byte b) and the bytes asked for on rdata_o, for as long as the banks
// hold theirs. Addresses are modulo 2^AddrBits.
module qsim_bank_read #(
  parameter  int unsigned Banks    = 16,
  parameter  int unsigned Width    = 16,
  parameter  int unsigned AddrBits = 18,
  parameter  int unsigned RowBits  = 14
) (
  input  logic                clk_i,
  input  logic                re_i,
  input  logic [AddrBits-1:0] addr_i,
  output logic [8*Width-1:0]  rdata_o,
  output logic [Banks-1:0]    wrap_o,
  output logic [RowBits-1:0]  row_o,
  output logic [RowBits-1:0]  next_o,
  input  logic [8*Banks-1:0]  bank_data_i
);
  localparam int unsigned BankBits = $clog2(Banks);

  if (Width > Banks) $error("qsim_bank_read: Width is greater than Banks");

  logic [BankBits-1:0] bank, bank_q;

  assign bank   = addr_i[BankBits-1:0];
  assign row_o  = RowBits'(addr_i >> BankBits);
  assign next_o = RowBits'((addr_i + AddrBits'(Banks)) >> BankBits);

  always_comb begin
    wrap_o = '0;
    if (re_i) wrap_o = ~({Banks{1'b1}} << bank);
  end

  always_ff @(posedge clk_i) begin
    if (re_i) bank_q <= bank;
  end

  assign rdata_o = (8*Width)'({bank_data_i, bank_data_i} >> {bank_q, 3'b0});
endmodule
