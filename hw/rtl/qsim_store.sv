// Store unit: copies pieces of the activation buffer to DRAM (T12), one write burst after the other.
//
// Issued in cycle i, it reads the buffer for its first beat in i + 1 and requests the burst in i + 2, where its first data are
// valid too. The buffer is read for a beat when the beat before it is accepted, also across bursts, so that wdata_o is the buffer's
// read port itself, which holds its data while the memory is slow. The next request comes one cycle after address
// and last beat of a burst are accepted. re_o depends on awready_i and wready_i of the same cycle, the AXI outputs do not.
// raddr_o is the place of byte 0 of the beat, also when it does not count, modulo 2^26. awaddr_o is aligned to the bus.
//
// Handshake: issue_i only with free_o, which is high from the cycle after the acceptance of the instruction's last beat on. done_o is high
// with the response of its last burst (bvalid_i, same cycle). InFlight instructions at most are issued and not done.
// store_*_o: increments of the counters of these names. error_o: a response that is not OKAY.
module qsim_store #(
  parameter  int unsigned BusBytes = 16,
  parameter  int unsigned InFlight = 4,
  localparam int unsigned SpanBits = $clog2(qsim_pkg::MaxBurstBeats * BusBytes) + 1
) (
  input  logic                  clk_i,
  input  logic                  rst_ni,

  input  logic                  issue_i,
  input  logic [511:0]          instr_i,
  output logic                  free_o,
  output logic                  done_o,

  output logic                  awvalid_o,
  input  logic                  awready_i,
  output logic [39:0]           awaddr_o,
  output logic [7:0]            awlen_o,
  output logic [2:0]            awsize_o,
  output logic [1:0]            awburst_o,
  output logic                  wvalid_o,
  input  logic                  wready_i,
  output logic [8*BusBytes-1:0] wdata_o,
  output logic [BusBytes-1:0]   wstrb_o,
  output logic                  wlast_o,
  input  logic                  bvalid_i,
  output logic                  bready_o,
  input  logic [1:0]            bresp_i,

  output logic                  re_o,
  output logic [25:0]           raddr_o,
  input  logic [8*BusBytes-1:0] rdata_i,

  output logic                  store_bursts_o,
  output logic [4:0]            store_beats_o,
  output logic [SpanBits-1:0]   store_bytes_o,
  output logic                  error_o
);
  if (BusBytes < 4 || BusBytes > 64 || 1 << $clog2(BusBytes) != BusBytes)
    $error("qsim_store: BusBytes is not 4, 8, 16, 32 or 64");
  if (InFlight < 1 || InFlight > 8) $error("qsim_store: InFlight is outside [1, 8]");

  localparam int unsigned SkipBits = $clog2(BusBytes);

  // The descriptor of a store is that of a load without the buffer.
  qsim_pkg::store_t op;
  qsim_pkg::load_t  transfer_op;
  assign op = instr_i[qsim_pkg::StoreBits-1:0];

  always_comb begin
    transfer_op                = '0;
    transfer_op.buffer_address = op.buffer_address;
    transfer_op.dram_address   = op.dram_address;
    transfer_op.bytes          = op.bytes;
    transfer_op.count0         = op.count0;
    transfer_op.count1         = op.count1;
    transfer_op.count2         = op.count2;
    transfer_op.dram_stride0   = op.dram_stride0;
    transfer_op.dram_stride1   = op.dram_stride1;
    transfer_op.dram_stride2   = op.dram_stride2;
    transfer_op.buffer_stride0 = op.buffer_stride0;
    transfer_op.buffer_stride1 = op.buffer_stride1;
    transfer_op.buffer_stride2 = op.buffer_stride2;
  end

  logic                 valid, start, ends;
  logic [39-SkipBits:0] word;
  logic [4:0]           beats;
  logic [SkipBits-1:0]  skip;
  logic [SpanBits-1:0]  span_end;
  logic [25:0]          place;

  qsim_transfer #(
    .BusBytes(BusBytes)
  ) u_transfer (
    .clk_i, .rst_ni, .load_i(issue_i), .op_i(transfer_op), .step_i(start), .valid_o(valid), .word_o(word), .beats_o(beats),
    .skip_o(skip), .end_o(span_end), .buffer_o(place), .last_o(ends)
  );

  // The burst under way: its address and its data, each valid until accepted. `start` reads the next one's first data.
  logic                 awvalid_q, wvalid_q, last, last_q, accepted;
  logic [39-SkipBits:0] word_q;
  logic [4:0]           beats_q;
  logic [25:0]          place_q;
  logic [SpanBits-1:0]  rest, rest_q;
  logic [BusBytes-1:0]  strb, strb_q;

  assign accepted = wvalid_q & wready_i;
  assign start    = valid & (~awvalid_q | awready_i) & (~wvalid_q | (wready_i & last_q));
  assign re_o     = start | (accepted & ~last_q);
  assign raddr_o  = start ? place : place_q + 26'(BusBytes);

  qsim_beat #(
    .BusBytes(BusBytes)
  ) u_beat (
    .first_i(start), .skip_i(skip), .end_i(span_end), .rest_i(rest_q), .be_o(strb), .last_o(last), .rest_o(rest)
  );

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      awvalid_q <= 1'b0;
      wvalid_q  <= 1'b0;
    end else begin
      if (start) awvalid_q <= 1'b1;
      else if (awready_i) awvalid_q <= 1'b0;
      if (start) wvalid_q <= 1'b1;
      else if (wready_i & last_q) wvalid_q <= 1'b0;
    end
  end

  always_ff @(posedge clk_i) begin
    if (start) begin
      word_q  <= word;
      beats_q <= beats;
    end
    if (re_o) begin
      place_q <= raddr_o;
      rest_q  <= rest;
      strb_q  <= strb;
      last_q  <= last;
    end
  end

  assign free_o    = ~valid & ~awvalid_q & ~wvalid_q;
  assign awvalid_o = awvalid_q;
  assign awaddr_o  = {word_q, {SkipBits{1'b0}}};
  assign awlen_o   = 8'(beats_q) - 8'd1;
  assign awsize_o  = 3'(SkipBits);
  assign awburst_o = 2'b01;
  assign wvalid_o  = wvalid_q;
  assign wdata_o   = rdata_i;
  assign wstrb_o   = strb_q;
  assign wlast_o   = last_q;
  assign bready_o  = 1'b1;

  // Responses come in order: an instruction is done with the one whose number, modulo 2^32, is that of its last burst.
  logic [31:0] started_q, answered_q, final_number;
  logic        waiting, unused_room;

  qsim_fifo #(
    .Width(32), .Depth(InFlight)
  ) u_finals (
    .clk_i, .rst_ni, .push_i(start & ends), .data_i(started_q), .pop_i(done_o), .data_o(final_number), .valid_o(waiting),
    .room_o(unused_room)
  );

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      started_q  <= '0;
      answered_q <= '0;
    end else begin
      if (start) started_q <= started_q + 32'd1;
      if (bvalid_i) answered_q <= answered_q + 32'd1;
    end
  end

  assign done_o  = bvalid_i & waiting & answered_q == final_number;
  assign error_o = bvalid_i & bresp_i != 2'b00;

  assign store_bursts_o = start;
  assign store_beats_o  = start ? beats : '0;
  assign store_bytes_o  = start ? span_end - SpanBits'(skip) : '0;
endmodule
