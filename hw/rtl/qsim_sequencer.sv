// One unit's instruction queue, issue and retirement (T5 to T8). What the instructions do is the unit's business.
//
// Queue: whoever pushes looks at room_o (fewer than QueueDepth waiting at the start of the cycle). An instruction pushed in
// cycle t issues in t + 1 at the earliest.
// Issue: issue_o is high in the issue cycle; instr_o is the head of the queue, valid then. It waits for the unit
// (free_i: it is busy_until or later), for InFlight, for a token from each unit in its take mask and, with HasDrain and
// the bit `drain` of vector_t, for all before it to have retired.
// Retirement: in the unit's order, one a cycle, from the cycle of done_i on (done_i: the oldest instruction that was not
// done is done), once the token counters that it gives to are not full. take_o and give_o go with issue and retirement;
// bit u of the four token ports is unit u.
// free_trace_o: the cycle is busy_until of the latest instruction. full_wait_o: a retirement waits for a counter.
// idle_o: nothing waits or is in flight. issue_o does not depend on done_i, nor retire_o on free_i.
module qsim_sequencer #(
  parameter int unsigned QueueDepth = 16,
  parameter int unsigned InFlight   = 4,
  parameter int unsigned HasDrain   = 0  // 1: the vector unit's
) (
  input  logic         clk_i,
  input  logic         rst_ni,
  input  logic         push_i,
  input  logic [511:0] push_instr_i,
  output logic         room_o,
  output logic         issue_o,
  output logic [511:0] instr_o,
  input  logic         free_i,
  input  logic         done_i,
  input  logic [3:0]   available_i,
  output logic [3:0]   take_o,
  input  logic [3:0]   full_i,
  output logic [3:0]   give_o,
  output logic         free_trace_o,
  output logic         retire_o,
  output logic         idle_o,
  output logic         full_wait_o
);
  if (QueueDepth < 1 || QueueDepth > 64) $error("qsim_sequencer: QueueDepth is outside [1, 64]");
  if (InFlight < 1 || InFlight > 8) $error("qsim_sequencer: InFlight is outside [1, 8]");
  if (HasDrain > 1) $error("qsim_sequencer: HasDrain is outside [0, 1]");

  logic       waiting, in_flight, window_room;
  logic [3:0] take, give;
  logic       drained, ready;

  qsim_fifo #(
    .Width(512), .Depth(QueueDepth)
  ) u_queue (
    .clk_i, .rst_ni,
    .push_i, .data_i(push_instr_i), .pop_i(issue_o), .data_o(instr_o), .valid_o(waiting), .room_o
  );

  // The give masks of what is in flight.
  qsim_fifo #(
    .Width(4), .Depth(InFlight)
  ) u_window (
    .clk_i, .rst_ni,
    .push_i(issue_o), .data_i(instr_o[11:8]), .pop_i(retire_o), .data_o(give), .valid_o(in_flight),
    .room_o(window_room)
  );

  qsim_pkg::vector_t op;
  assign op = instr_o[qsim_pkg::VectorBits-1:0];
  if (HasDrain == 1) begin : gen_drain
    assign drained = ~in_flight | ~op.drain;
  end else begin : gen_no_drain
    assign drained = 1'b1;
  end

  assign take    = instr_o[7:4];
  assign issue_o = waiting & free_i & window_room & drained & (take & ~available_i) == '0;
  assign take_o  = issue_o ? take : '0;

  // Instructions that are done and have not retired.
  logic [7:0] done_q;

  assign ready       = done_i | done_q != '0;
  assign full_wait_o = ready & (give & full_i) != '0;
  assign retire_o    = ready & (give & full_i) == '0;
  assign give_o      = retire_o ? give : '0;

  logic busy_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      done_q <= '0;
      busy_q <= 1'b0;
    end else begin
      if (done_i != retire_o) done_q <= done_i ? done_q + 8'd1 : done_q - 8'd1;
      if (issue_o) busy_q <= 1'b1;
      else if (free_i) busy_q <= 1'b0;
    end
  end

  assign free_trace_o = busy_q & free_i;
  assign idle_o       = ~waiting & ~in_flight;
endmodule
