// Activation buffer: ActKib KiB in byte banks, with a port for everyone who uses it, so that nobody waits: reads by compute (Rows
// bytes), vector (min(Lanes, Rows, Cols) bytes) and store (BusBytes), writes by load (BusBytes) and vector.
//
// Every port takes consecutive bytes at any byte address; byte 0 of the data is at the address. A read with re in cycle t is on
// rdata from t + 1 on, held until the port's next read. A write with we in cycle t, byte by byte where be is set, is seen by
// reads from t + 1 on; a read in t gives the old bytes. Of two writes to one byte in one cycle vector's stays.
// Addresses are modulo the power of two from the size on; enabled bytes must lie inside. Contents start with anything.
// Byte address a is in bank a mod Banks, row a / Banks, Banks being the power of two from the widest port on.
module qsim_act_buffer #(
  parameter  int unsigned Rows        = 16,
  parameter  int unsigned Cols        = 16,
  parameter  int unsigned Lanes       = 16,
  parameter  int unsigned ActKib      = 256,
  parameter  int unsigned BusBytes    = 16,
  localparam int unsigned AddrBits    = $clog2(1024 * ActKib),
  localparam int unsigned MeshMin     = Rows < Cols ? Rows : Cols,
  localparam int unsigned VectorBytes = Lanes < MeshMin ? Lanes : MeshMin
) (
  input  logic                     clk_i,
  input  logic                     compute_re_i,
  input  logic [AddrBits-1:0]      compute_addr_i,
  output logic [8*Rows-1:0]        compute_rdata_o,
  input  logic                     vector_re_i,
  input  logic [AddrBits-1:0]      vector_addr_i,
  output logic [8*VectorBytes-1:0] vector_rdata_o,
  input  logic                     store_re_i,
  input  logic [AddrBits-1:0]      store_addr_i,
  output logic [8*BusBytes-1:0]    store_rdata_o,
  input  logic                     load_we_i,
  input  logic [AddrBits-1:0]      load_addr_i,
  input  logic [8*BusBytes-1:0]    load_wdata_i,
  input  logic [BusBytes-1:0]      load_be_i,
  input  logic                     vector_we_i,
  input  logic [AddrBits-1:0]      vector_waddr_i,
  input  logic [8*VectorBytes-1:0] vector_wdata_i,
  input  logic [VectorBytes-1:0]   vector_be_i
);
  localparam int unsigned Banks       = 1 << $clog2(Rows > BusBytes ? Rows : BusBytes);
  localparam int unsigned Depth       = 1024 * ActKib / Banks;
  localparam int unsigned RowBits     = $clog2(Depth);
  localparam int unsigned VectorLanes = 1 << $clog2(VectorBytes);

  if (Rows < 2 || Rows > 256) $error("qsim_act_buffer: Rows is outside [2, 256]");
  if (Cols < 2 || Cols > 256) $error("qsim_act_buffer: Cols is outside [2, 256]");
  if (Lanes < 1 || Lanes > 256) $error("qsim_act_buffer: Lanes is outside [1, 256]");
  if (ActKib < 1 || ActKib > 65536) $error("qsim_act_buffer: ActKib is outside [1, 65536]");
  if (BusBytes < 4 || BusBytes > 64 || 1 << $clog2(BusBytes) != BusBytes)
    $error("qsim_act_buffer: BusBytes is not 4, 8, 16, 32 or 64");

  logic [Banks-1:0]         compute_wrap, vector_wrap, store_wrap, load_wrap, result_wrap, load_we, result_we;
  logic [RowBits-1:0]       compute_row, vector_row, store_row, load_row, result_row;
  logic [RowBits-1:0]       compute_next, vector_next, store_next, load_next, result_next;
  logic [8*Banks-1:0]       compute_data, vector_data, store_data;
  logic [8*BusBytes-1:0]    load_data;
  logic [8*VectorLanes-1:0] result_data;

  qsim_bank_read #(
    .Banks(Banks), .Width(Rows), .AddrBits(AddrBits), .RowBits(RowBits)
  ) u_compute (
    .clk_i, .re_i(compute_re_i), .addr_i(compute_addr_i), .rdata_o(compute_rdata_o),
    .wrap_o(compute_wrap), .row_o(compute_row), .next_o(compute_next), .bank_data_i(compute_data)
  );

  qsim_bank_read #(
    .Banks(Banks), .Width(VectorBytes), .AddrBits(AddrBits), .RowBits(RowBits)
  ) u_vector (
    .clk_i, .re_i(vector_re_i), .addr_i(vector_addr_i), .rdata_o(vector_rdata_o),
    .wrap_o(vector_wrap), .row_o(vector_row), .next_o(vector_next), .bank_data_i(vector_data)
  );

  qsim_bank_read #(
    .Banks(Banks), .Width(BusBytes), .AddrBits(AddrBits), .RowBits(RowBits)
  ) u_store (
    .clk_i, .re_i(store_re_i), .addr_i(store_addr_i), .rdata_o(store_rdata_o),
    .wrap_o(store_wrap), .row_o(store_row), .next_o(store_next), .bank_data_i(store_data)
  );

  qsim_bank_write #(
    .Banks(Banks), .Width(BusBytes), .AddrBits(AddrBits), .RowBits(RowBits)
  ) u_load (
    .we_i(load_we_i), .addr_i(load_addr_i), .wdata_i(load_wdata_i), .be_i(load_be_i),
    .we_o(load_we), .wrap_o(load_wrap), .row_o(load_row), .next_o(load_next), .data_o(load_data)
  );

  qsim_bank_write #(
    .Banks(Banks), .Width(VectorBytes), .AddrBits(AddrBits), .RowBits(RowBits)
  ) u_result (
    .we_i(vector_we_i), .addr_i(vector_waddr_i), .wdata_i(vector_wdata_i), .be_i(vector_be_i),
    .we_o(result_we), .wrap_o(result_wrap), .row_o(result_row), .next_o(result_next), .data_o(result_data)
  );

  for (genvar b = 0; b < Banks; b++) begin : gen_bank
    qsim_ram_3r2w #(
      .Width(8), .Depth(Depth)
    ) u_ram (
      .clk_i,
      .a_re_i(compute_re_i), .a_addr_i(compute_wrap[b] ? compute_next : compute_row), .a_rdata_o(compute_data[8*b +: 8]),
      .b_re_i(vector_re_i), .b_addr_i(vector_wrap[b] ? vector_next : vector_row), .b_rdata_o(vector_data[8*b +: 8]),
      .c_re_i(store_re_i), .c_addr_i(store_wrap[b] ? store_next : store_row), .c_rdata_o(store_data[8*b +: 8]),
      .d_we_i(load_we[b]), .d_addr_i(load_wrap[b] ? load_next : load_row), .d_wdata_i(load_data[8*(b % BusBytes) +: 8]),
      .e_we_i(result_we[b]), .e_addr_i(result_wrap[b] ? result_next : result_row),
      .e_wdata_i(result_data[8*(b % VectorLanes) +: 8])
    );
  end
endmodule
