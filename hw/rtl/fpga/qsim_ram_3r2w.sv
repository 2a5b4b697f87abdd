// hw/rtl/qsim_ram_3r2w.sv, port for port and cycle for cycle, of block RAMs with one read and one write port.
//
// A word is the exclusive or of two: each write port has its own bank of words, and writes what makes the or its data. So a bank is
// written by one port, and is there once for each reader: the three read ports, and the other write port, which must know
// the other half. That read takes a cycle, and writes land a cycle late; who reads meanwhile gets the data from the way.
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

  localparam int unsigned Readers = 3;

  // Writes on their way.
  logic                d_we_q, e_we_q;
  logic [AddrBits-1:0] d_addr_q, e_addr_q;
  logic [Width-1:0]    d_data_q, e_data_q;

  always_ff @(posedge clk_i) begin
    d_we_q <= d_we_i & ~(e_we_i & e_addr_i == d_addr_i);
    e_we_q <= e_we_i;
    if (d_we_i) begin
      d_addr_q <= d_addr_i;
      d_data_q <= d_wdata_i;
    end
    if (e_we_i) begin
      e_addr_q <= e_addr_i;
      e_data_q <= e_wdata_i;
    end
  end

  // The other half of a word that is written, as of the cycle before: from the bank, or what was written to it just then.
  logic             d_late_q, e_late_q;
  logic [Width-1:0] d_half, e_half, d_half_bank, e_half_bank, d_half_late_q, e_half_late_q, d_word, e_word;

  assign d_half = d_late_q ? d_half_late_q : d_half_bank;
  assign e_half = e_late_q ? e_half_late_q : e_half_bank;
  assign d_word = d_data_q ^ d_half;
  assign e_word = e_data_q ^ e_half;

  always_ff @(posedge clk_i) begin
    d_late_q      <= e_we_q & e_addr_q == d_addr_i;
    e_late_q      <= d_we_q & d_addr_q == e_addr_i;
    d_half_late_q <= e_word;
    e_half_late_q <= d_word;
  end

  qsim_ram_free #(.Width(Width), .Depth(Depth)) u_d_other (
    .clk_i, .re_i(e_we_i), .raddr_i(e_addr_i), .rdata_o(e_half_bank),
    .we_i(d_we_q), .waddr_i(d_addr_q), .wdata_i(d_word)
  );
  qsim_ram_free #(.Width(Width), .Depth(Depth)) u_e_other (
    .clk_i, .re_i(d_we_i), .raddr_i(d_addr_i), .rdata_o(d_half_bank),
    .we_i(e_we_q), .waddr_i(e_addr_q), .wdata_i(e_word)
  );

  logic [Readers-1:0]          re;
  logic [Readers*AddrBits-1:0] addr;
  logic [Readers*Width-1:0]    rdata;

  assign re   = {c_re_i, b_re_i, a_re_i};
  assign addr = {c_addr_i, b_addr_i, a_addr_i};
  assign {c_rdata_o, b_rdata_o, a_rdata_o} = rdata;

  for (genvar r = 0; r < Readers; r++) begin : gen_reader
    logic [AddrBits-1:0] raddr;
    logic                d_hit, e_hit, way_q;
    logic [Width-1:0]    d_bank, e_bank, way_data_q;

    assign raddr = addr[AddrBits*r +: AddrBits];
    assign d_hit = d_we_q & d_addr_q == raddr;
    assign e_hit = e_we_q & e_addr_q == raddr;

    always_ff @(posedge clk_i) begin
      if (re[r]) begin
        way_q      <= d_hit | e_hit;
        way_data_q <= e_hit ? e_data_q : d_data_q;
      end
    end

    qsim_ram_free #(.Width(Width), .Depth(Depth)) u_d (
      .clk_i, .re_i(re[r]), .raddr_i(raddr), .rdata_o(d_bank),
      .we_i(d_we_q), .waddr_i(d_addr_q), .wdata_i(d_word)
    );
    qsim_ram_free #(.Width(Width), .Depth(Depth)) u_e (
      .clk_i, .re_i(re[r]), .raddr_i(raddr), .rdata_o(e_bank),
      .we_i(e_we_q), .waddr_i(e_addr_q), .wdata_i(e_word)
    );
    assign rdata[Width*r +: Width] = way_q ? way_data_q : d_bank ^ e_bank;
  end
endmodule
