// Load unit: copies pieces of DRAM into the activation, weight and parameter buffers (T11).
//
// Issued in cycle i, it requests its first burst in i + 1 and one a cycle, as long as fewer than LoadOutstanding are requested
// and not landed; a burst counts as requested when arready_i accepts it. A beat with rvalid_i in cycle r is registered and
// written in r + 1: addr_o, wdata_o and be_o are common to the three buffers, one of act_we_o, weight_we_o, param_we_o says which.
// addr_o is the place of byte 0 of the beat, also when it does not count, modulo 2^26. A burst lands with its last write.
//
// Handshake: issue_i only with free_o, which is high from the cycle after the last request on. done_o is high in the cycle of an
// instruction's last write; instructions end in order. Read data are always taken: their place is known before they are
// requested. araddr_o is aligned to the bus. load_*_o: increments of the counters of these names.
// error_o: a response that is not OKAY, or rlast_i elsewhere than on a burst's last beat.
module qsim_load #(
  parameter int unsigned BusBytes        = 16,
  parameter int unsigned LoadOutstanding = 32,
  localparam int unsigned SpanBits       = $clog2(qsim_pkg::MaxBurstBeats * BusBytes) + 1
) (
  input  logic                  clk_i,
  input  logic                  rst_ni,

  input  logic                  issue_i,
  input  logic [511:0]          instr_i,
  output logic                  free_o,
  output logic                  done_o,

  output logic                  arvalid_o,
  input  logic                  arready_i,
  output logic [39:0]           araddr_o,
  output logic [7:0]            arlen_o,
  output logic [2:0]            arsize_o,
  output logic [1:0]            arburst_o,
  input  logic                  rvalid_i,
  output logic                  rready_o,
  input  logic [8*BusBytes-1:0] rdata_i,
  input  logic [1:0]            rresp_i,
  input  logic                  rlast_i,

  output logic                  act_we_o,
  output logic                  weight_we_o,
  output logic                  param_we_o,
  output logic [25:0]           addr_o,
  output logic [8*BusBytes-1:0] wdata_o,
  output logic [BusBytes-1:0]   be_o,

  output logic                  load_bursts_o,
  output logic [4:0]            load_beats_o,
  output logic [SpanBits-1:0]   load_bytes_o,
  output logic                  error_o
);
  if (BusBytes < 4 || BusBytes > 64 || 1 << $clog2(BusBytes) != BusBytes)
    $error("qsim_load: BusBytes is not 4, 8, 16, 32 or 64");
  if (LoadOutstanding < 1 || LoadOutstanding > 256) $error("qsim_load: LoadOutstanding is outside [1, 256]");

  localparam int unsigned SkipBits    = $clog2(BusBytes);
  localparam int unsigned CountBits   = $clog2(LoadOutstanding + 1);
  localparam int unsigned PointerBits = LoadOutstanding > 1 ? $clog2(LoadOutstanding) : 1;
  localparam int unsigned ContextBits = 2 + 1 + 26 + SkipBits + SpanBits;

  qsim_pkg::load_t op;
  assign op = instr_i[qsim_pkg::LoadBits-1:0];

  // Requests.
  logic [1:0]           target_q;  // of the instruction that makes requests
  logic                 valid, requested, last;
  logic [39-SkipBits:0] word;
  logic [4:0]           beats;
  logic [SkipBits-1:0]  skip;
  logic [SpanBits-1:0]  span_end;
  logic [25:0]          place;
  logic [CountBits-1:0] outstanding_q;
  logic                 landed_q;

  qsim_transfer #(
    .BusBytes(BusBytes)
  ) u_transfer (
    .clk_i, .rst_ni, .load_i(issue_i), .op_i(op), .step_i(requested), .valid_o(valid), .word_o(word), .beats_o(beats),
    .skip_o(skip), .end_o(span_end), .buffer_o(place), .last_o(last)
  );

  assign free_o    = ~valid;
  assign arvalid_o = valid & outstanding_q != CountBits'(LoadOutstanding);
  assign araddr_o  = {word, {SkipBits{1'b0}}};
  assign arlen_o   = 8'(beats) - 8'd1;
  assign arsize_o  = 3'(SkipBits);
  assign arburst_o = 2'b01;
  assign requested = arvalid_o & arready_i;

  assign load_bursts_o = requested;
  assign load_beats_o  = requested ? beats : '0;
  assign load_bytes_o  = requested ? span_end - SpanBits'(skip) : '0;

  // What is known of each burst on its way, oldest first.
  logic [ContextBits-1:0] mem [0:LoadOutstanding-1];
  logic [PointerBits-1:0] write_q, read_q;
  logic [1:0]             target;
  logic                   ends;
  logic [25:0]            first_place;
  logic [SkipBits-1:0]    first_skip;
  logic [SpanBits-1:0]    first_end;
  logic                   first_q, burst_ends;

  assign {target, ends, first_place, first_skip, first_end} = mem[read_q];

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      write_q       <= '0;
      read_q        <= '0;
      outstanding_q <= '0;
    end else begin
      if (requested) write_q <= write_q == PointerBits'(LoadOutstanding - 1) ? '0 : write_q + PointerBits'(1);
      if (burst_ends) read_q <= read_q == PointerBits'(LoadOutstanding - 1) ? '0 : read_q + PointerBits'(1);
      if (requested != landed_q) outstanding_q <= requested ? outstanding_q + CountBits'(1) : outstanding_q - CountBits'(1);
    end
  end

  always_ff @(posedge clk_i) begin
    if (issue_i) target_q <= op.buffer;
    if (requested) mem[write_q] <= {target_q, last, place, skip, span_end};
  end

  // Beats: registered, then written.
  logic [SpanBits-1:0]   rest, rest_q;
  logic [BusBytes-1:0]   be, be_q;
  logic                  beat_last, write_valid_q, done_q;
  logic [1:0]            write_target_q;
  logic [25:0]           addr_q;
  logic [8*BusBytes-1:0] data_q;

  qsim_beat #(
    .BusBytes(BusBytes)
  ) u_beat (
    .first_i(first_q), .skip_i(first_skip), .end_i(first_end), .rest_i(rest_q), .be_o(be), .last_o(beat_last), .rest_o(rest)
  );

  assign burst_ends = rvalid_i & beat_last;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      write_valid_q <= 1'b0;
      landed_q      <= 1'b0;
      done_q        <= 1'b0;
      first_q       <= 1'b1;
    end else begin
      write_valid_q <= rvalid_i;
      landed_q      <= burst_ends;
      done_q        <= burst_ends & ends;
      if (rvalid_i) first_q <= beat_last;
    end
  end

  always_ff @(posedge clk_i) begin
    if (rvalid_i) begin
      rest_q         <= rest;
      be_q           <= be;
      write_target_q <= target;
      addr_q         <= first_q ? first_place : addr_q + 26'(BusBytes);
      data_q         <= rdata_i;
    end
  end

  assign rready_o    = 1'b1;
  assign act_we_o    = write_valid_q & write_target_q == 2'(qsim_pkg::BufferActivation);
  assign weight_we_o = write_valid_q & write_target_q == 2'(qsim_pkg::BufferWeight);
  assign param_we_o  = write_valid_q & write_target_q == 2'(qsim_pkg::BufferParam);
  assign addr_o      = addr_q;
  assign wdata_o     = data_q;
  assign be_o        = be_q;
  assign done_o      = done_q;
  assign error_o     = rvalid_i & (rresp_i != 2'b00 | rlast_i != beat_last);
endmodule
