// Fetches a segment's instructions and dispatches them to the units' queues (T4, T5); retires HALT (T2).
//
// start_i, a pulse with segment_address_i (a multiple of 64) and segment_count_i (HALT included): the first request is in
// the cycle after it. One read burst an instruction, at most one a cycle, at most FifoDepth requested and not dispatched,
// nothing beyond the count. AXI4 read port without ids: a request waits for arready, beats are taken in any cycle
// (rready is constantly 1). An instruction whose last beat comes in cycle t is dispatched in t + 1 at the earliest.
// push_o[u] with push_instr_o: dispatch to unit u, only when room_i[u]. halt_dispatch_o: HALT is dispatched. halt_o: it
// retires in this cycle, one after the last of its dispatch and the last retirement (idle_i, one bit a unit).
// beat_o: a beat arrived.
// error_o, until reset: a response was not OKAY, or the opcode next in line is unknown: it is never dispatched.
module qsim_fetch #(
  parameter int unsigned FifoDepth = 8,
  parameter int unsigned BusBytes  = 16
) (
  input  logic                  clk_i,
  input  logic                  rst_ni,
  input  logic                  start_i,
  input  logic [39:0]           segment_address_i,
  input  logic [31:0]           segment_count_i,
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
  input  logic [3:0]            room_i,
  output logic [3:0]            push_o,
  output logic [511:0]          push_instr_o,
  input  logic [3:0]            idle_i,
  output logic                  halt_dispatch_o,
  output logic                  halt_o,
  output logic                  beat_o,
  output logic                  error_o
);
  if (FifoDepth < 1 || FifoDepth > 64) $error("qsim_fetch: FifoDepth is outside [1, 64]");
  if (BusBytes != 4 && BusBytes != 8 && BusBytes != 16 && BusBytes != 32 && BusBytes != 64) begin : gen_bad_bus
    $error("qsim_fetch: BusBytes is not 4, 8, 16, 32 or 64");
  end

  localparam int unsigned Beats = qsim_pkg::InstructionBytes / BusBytes;

  // Requests (T4).
  logic [33:0] line_q;  // the address in instructions
  logic [31:0] left_q;  // to request
  logic [7:0]  held_q;  // requested and not dispatched
  logic        request, dispatch;

  assign arvalid_o = left_q != '0 & held_q < 8'(FifoDepth);
  assign araddr_o  = {line_q, 6'd0};
  assign arlen_o   = 8'(Beats - 1);
  assign arsize_o  = 3'($clog2(BusBytes));
  assign arburst_o = 2'b01;
  assign request   = arvalid_o & arready_i;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      left_q <= '0;
      held_q <= '0;
    end else begin
      if (start_i) left_q <= segment_count_i;
      else if (request) left_q <= left_q - 32'd1;
      if (request != dispatch) held_q <= request ? held_q + 8'd1 : held_q - 8'd1;
    end
  end

  always_ff @(posedge clk_i) begin
    if (start_i) line_q <= segment_address_i[39:6];
    else if (request) line_q <= line_q + 34'd1;
  end

  logic unused_address;
  assign unused_address = |segment_address_i[5:0];

  // Beats become an instruction: each comes in at the top and moves the earlier ones down.
  logic [511:0] arrived;

  if (Beats == 1) begin : gen_whole
    assign arrived = rdata_i;
  end else begin : gen_beats
    logic [511-8*BusBytes:0] earlier_q;

    assign arrived = {rdata_i, earlier_q};

    always_ff @(posedge clk_i) begin
      if (rvalid_i) earlier_q <= arrived[511:8*BusBytes];
    end
  end

  assign rready_o = 1'b1;
  assign beat_o   = rvalid_i;

  // Dispatch (T5). There is room for all that was requested.
  logic         valid, unknown, is_halt, unused_room;
  logic [3:0]   target, opcode;

  qsim_fifo #(
    .Width(512), .Depth(FifoDepth)
  ) u_fifo (
    .clk_i, .rst_ni,
    .push_i(rvalid_i & rlast_i), .data_i(arrived), .pop_i(dispatch), .data_o(push_instr_o), .valid_o(valid),
    .room_o(unused_room)
  );

  assign opcode = push_instr_o[3:0];

  always_comb begin
    target  = '0;
    is_halt = 1'b0;
    unknown = 1'b0;
    unique case (opcode)
      4'(qsim_pkg::OpHalt):   is_halt = 1'b1;
      4'(qsim_pkg::OpLoad):   target[qsim_pkg::UnitLoad] = 1'b1;
      4'(qsim_pkg::OpMatmul): target[qsim_pkg::UnitCompute] = 1'b1;
      4'(qsim_pkg::OpVector): target[qsim_pkg::UnitVector] = 1'b1;
      4'(qsim_pkg::OpStore):  target[qsim_pkg::UnitStore] = 1'b1;
      default:                unknown = 1'b1;
    endcase
  end

  assign push_o          = valid ? target & room_i : '0;
  assign halt_dispatch_o = valid & is_halt;
  assign dispatch        = push_o != '0 | halt_dispatch_o;

  logic halting_q, error_q;  // halting: HALT is dispatched and has not retired

  assign halt_o = halting_q & idle_i == '1;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      halting_q <= 1'b0;
      error_q   <= 1'b0;
    end else begin
      if (halt_dispatch_o) halting_q <= 1'b1;
      else if (halt_o) halting_q <= 1'b0;
      if ((rvalid_i & rresp_i != 2'b00) | (valid & unknown)) error_q <= 1'b1;
    end
  end

  assign error_o = error_q;
endmodule
