// Weight or parameter buffer: Bytes bytes in byte banks, a read port of ReadBytes and a write port of WriteBytes consecutive bytes,
// each at any byte address.
//
// A read with re_i in cycle t is on rdata_o from t + 1 on, held until the next read. A write with we_i in cycle t is seen by reads
// from t + 1 on; a read in t gives the old bytes. Byte 0 of the data is at the address, be_i bit k enables byte k.
// Addresses are modulo the power of two from Bytes on; enabled bytes must lie inside. Contents start with anything.
// Byte address a is in bank a mod Banks, row a / Banks, Banks being the power of two from the wider port on.
module qsim_buffer #(
  parameter  int unsigned Bytes      = 131072,
  parameter  int unsigned ReadBytes  = 16,
  parameter  int unsigned WriteBytes = 16,
  localparam int unsigned AddrBits   = $clog2(Bytes)
) (
  input  logic                    clk_i,
  input  logic                    re_i,
  input  logic [AddrBits-1:0]     raddr_i,
  output logic [8*ReadBytes-1:0]  rdata_o,
  input  logic                    we_i,
  input  logic [AddrBits-1:0]     waddr_i,
  input  logic [8*WriteBytes-1:0] wdata_i,
  input  logic [WriteBytes-1:0]   be_i
);
  localparam int unsigned Banks      = 1 << $clog2(ReadBytes > WriteBytes ? ReadBytes : WriteBytes);
  localparam int unsigned Depth      = Bytes / Banks;
  localparam int unsigned RowBits    = Depth > 1 ? $clog2(Depth) : 1;
  localparam int unsigned WriteLanes = 1 << $clog2(WriteBytes);

  if (ReadBytes < 2 || ReadBytes > 1024) $error("qsim_buffer: ReadBytes is outside [2, 1024]");
  if (WriteBytes < 2 || WriteBytes > 1024) $error("qsim_buffer: WriteBytes is outside [2, 1024]");
  if (Bytes < 1024 || Bytes % Banks != 0) $error("qsim_buffer: Bytes is not a multiple of the banks");

  logic [Banks-1:0]        read_wrap, write_wrap, bank_we;
  logic [RowBits-1:0]      read_row, read_next, write_row, write_next;
  logic [8*Banks-1:0]      bank_data;
  logic [7:0]              bank_byte [0:Banks-1];
  logic [8*WriteLanes-1:0] write_data;

  qsim_bank_read #(
    .Banks(Banks), .Width(ReadBytes), .AddrBits(AddrBits), .RowBits(RowBits)
  ) u_read (
    .clk_i, .re_i, .addr_i(raddr_i), .rdata_o, .wrap_o(read_wrap), .row_o(read_row), .next_o(read_next),
    .bank_data_i(bank_data)
  );

  qsim_bank_write #(
    .Banks(Banks), .Width(WriteBytes), .AddrBits(AddrBits), .RowBits(RowBits)
  ) u_write (
    .we_i, .addr_i(waddr_i), .wdata_i, .be_i,
    .we_o(bank_we), .wrap_o(write_wrap), .row_o(write_row), .next_o(write_next), .data_o(write_data)
  );

  for (genvar b = 0; b < Banks; b++) begin : gen_bank
    qsim_ram_1r1w #(
      .Width(8), .Depth(Depth)
    ) u_ram (
      .clk_i,
      .re_i, .raddr_i(read_wrap[b] ? read_next : read_row), .rdata_o(bank_byte[b]),
      .we_i(bank_we[b]), .waddr_i(write_wrap[b] ? write_next : write_row),
      .wdata_i(write_data[8*(b % WriteLanes) +: 8])
    );
  end

  // A very wide net driven in pieces costs Verilator a time of Banks squared; on one that is not, pieces are faster than a loop.
  if (Banks > 128) begin : gen_loop
    always_comb begin
      for (int unsigned b = 0; b < Banks; b++) bank_data[8*b +: 8] = bank_byte[b];
    end
  end else begin : gen_pieces
    for (genvar b = 0; b < Banks; b++) begin : gen_byte
      assign bank_data[8*b +: 8] = bank_byte[b];
    end
  end
endmodule
