// Address generator of load and store: cuts the pieces of one instruction into AXI4 bursts (T10).
//
// A descriptor given with load_i in cycle i is shown burst by burst from i + 1 on: valid_o and the burst, until step_i, which shows
// the next one in the next cycle, one a cycle if need be. valid_o falls after the last burst (last_o) was stepped over.
// load_i only while valid_o is low. Of the descriptor, opcode, masks and buffer are ignored.
//
// word_o: address of the burst's first beat, in beats. beats_o: 1 to MaxBurstBeats. skip_o: bytes of the first beat that do not
// count. end_o: skip_o plus the bytes that count. buffer_o: where byte 0 of the first beat belongs in the buffer, also when it does
// not count; modulo 2^26.
module qsim_transfer #(
  parameter  int unsigned BusBytes = 16,
  localparam int unsigned SkipBits = $clog2(BusBytes),
  localparam int unsigned SpanBits = $clog2(qsim_pkg::MaxBurstBeats * BusBytes) + 1
) (
  input  logic                 clk_i,
  input  logic                 rst_ni,
  input  logic                 load_i,
  input  qsim_pkg::load_t      op_i,
  input  logic                 step_i,
  output logic                 valid_o,
  output logic [39-SkipBits:0] word_o,
  output logic [4:0]           beats_o,
  output logic [SkipBits-1:0]  skip_o,
  output logic [SpanBits-1:0]  end_o,
  output logic [25:0]          buffer_o,
  output logic                 last_o
);
  if (BusBytes < 4 || BusBytes > 64 || 1 << $clog2(BusBytes) != BusBytes)
    $error("qsim_transfer: BusBytes is not 4, 8, 16, 32 or 64");

  localparam int unsigned PageBits = $clog2(qsim_pkg::BurstBoundaryBytes);
  localparam int unsigned PageBeatBits = PageBits - SkipBits + 1;

  logic        valid_q;
  logic [23:0] bytes_q, rest_q;
  logic [15:0] count0_q, count1_q;               // of the instruction
  logic [15:0] left0_q, left1_q, left2_q;        // iterations after this one
  logic [39:0] dram_q, dram0_q, dram1_q, dram2_q;  // next byte; start of the piece, of the middle and of the outer iteration
  logic [25:0] buffer_q, buffer0_q, buffer1_q, buffer2_q;
  logic signed [31:0] dram_stride0_q, dram_stride1_q, dram_stride2_q;
  logic signed [25:0] buffer_stride0_q, buffer_stride1_q, buffer_stride2_q;

  // The burst: to the end of the piece, of 16 beats or of the page, whatever comes first.
  logic [PageBeatBits-1:0] page_beats;
  logic [4:0]              limit_beats;
  logic [SpanBits-1:0]     limit, bytes;
  logic [24:0]             span;
  logic                    piece_ends;

  assign skip_o      = dram_q[SkipBits-1:0];
  assign page_beats  = PageBeatBits'(qsim_pkg::BurstBoundaryBytes / BusBytes) - PageBeatBits'(dram_q[PageBits-1:SkipBits]);
  assign limit_beats = page_beats < PageBeatBits'(qsim_pkg::MaxBurstBeats) ? page_beats[4:0]
                                                                           : 5'(qsim_pkg::MaxBurstBeats);
  assign limit       = {limit_beats, {SkipBits{1'b0}}};
  assign span        = 25'(rest_q) + 25'(skip_o);
  assign piece_ends  = span <= 25'(limit);
  assign end_o       = piece_ends ? span[SpanBits-1:0] : limit;
  assign bytes       = end_o - SpanBits'(skip_o);
  assign beats_o     = piece_ends ? 5'((span + 25'(BusBytes - 1)) >> SkipBits) : limit_beats;
  assign word_o      = dram_q[39:SkipBits];
  assign buffer_o    = buffer_q - 26'(skip_o);
  assign last_o      = piece_ends & left0_q == '0 & left1_q == '0 & left2_q == '0;
  assign valid_o     = valid_q;

  // Where the next piece starts.
  logic        next1, next2;
  logic [39:0] dram_next;
  logic [25:0] buffer_next;

  assign next1 = left0_q == '0;
  assign next2 = next1 & left1_q == '0;

  always_comb begin
    dram_next   = dram0_q + 40'(dram_stride0_q);
    buffer_next = buffer0_q + buffer_stride0_q;
    if (next2) begin
      dram_next   = dram2_q + 40'(dram_stride2_q);
      buffer_next = buffer2_q + buffer_stride2_q;
    end else if (next1) begin
      dram_next   = dram1_q + 40'(dram_stride1_q);
      buffer_next = buffer1_q + buffer_stride1_q;
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) valid_q <= 1'b0;
    else if (load_i) valid_q <= 1'b1;
    else if (step_i & last_o) valid_q <= 1'b0;
  end

  always_ff @(posedge clk_i) begin
    if (load_i) begin
      bytes_q          <= op_i.bytes;
      rest_q           <= op_i.bytes;
      count0_q         <= op_i.count0;
      count1_q         <= op_i.count1;
      left0_q          <= op_i.count0 - 16'd1;
      left1_q          <= op_i.count1 - 16'd1;
      left2_q          <= op_i.count2 - 16'd1;
      dram_q           <= op_i.dram_address;
      dram0_q          <= op_i.dram_address;
      dram1_q          <= op_i.dram_address;
      dram2_q          <= op_i.dram_address;
      buffer_q         <= op_i.buffer_address;
      buffer0_q        <= op_i.buffer_address;
      buffer1_q        <= op_i.buffer_address;
      buffer2_q        <= op_i.buffer_address;
      dram_stride0_q   <= op_i.dram_stride0;
      dram_stride1_q   <= op_i.dram_stride1;
      dram_stride2_q   <= op_i.dram_stride2;
      buffer_stride0_q <= op_i.buffer_stride0;
      buffer_stride1_q <= op_i.buffer_stride1;
      buffer_stride2_q <= op_i.buffer_stride2;
    end else if (step_i) begin
      if (!piece_ends) begin
        dram_q   <= dram_q + 40'(bytes);
        buffer_q <= buffer_q + 26'(bytes);
        rest_q   <= rest_q - 24'(bytes);
      end else begin
        dram_q    <= dram_next;
        dram0_q   <= dram_next;
        buffer_q  <= buffer_next;
        buffer0_q <= buffer_next;
        rest_q    <= bytes_q;
        left0_q   <= next1 ? count0_q - 16'd1 : left0_q - 16'd1;
        if (next1) begin
          dram1_q   <= dram_next;
          buffer1_q <= buffer_next;
          left1_q   <= next2 ? count1_q - 16'd1 : left1_q - 16'd1;
        end
        if (next2) begin
          dram2_q   <= dram_next;
          buffer2_q <= buffer_next;
          left2_q   <= left2_q - 16'd1;
        end
      end
    end
  end
endmodule
