// The accelerator: fetch, four units with their sequencers, token counters, buffers, counters. No logic of its own but glue.
//
// A segment (T2) begins with a pulse of start_i, in the cycle before its cycle 0, and ends with halt_o. Two AXI4 masters
// without ids, fetch (reads) and data (reads by load, writes by store); everything returns in order, rready and bready are
// constantly 1. error_o, until reset: a response was not OKAY or an opcode is unknown.
// counter_o: the counter of hw/spec/counters.def with this number, in the same cycle; cleared by reset.
// trace: bit u, unit u's instruction issues, finds its unit free again (busy_until), is done, retires in this cycle;
// trace_halt_o: HALT is dispatched. trace_done_o and trace_retire_o of store follow data_bvalid_i in the same cycle, no
// other output depends on an input of its cycle but counter_o.
module qsim_top #(
  parameter  int unsigned Rows            = 16,
  parameter  int unsigned Cols            = 16,
  parameter  int unsigned Dataflow        = 0,
  parameter  int unsigned PeModes         = 0,
  parameter  int unsigned ActKib          = 256,
  parameter  int unsigned WeightKib       = 128,
  parameter  int unsigned ParamKib        = 32,
  parameter  int unsigned AccEntries      = 1024,
  parameter  int unsigned Lanes           = 16,
  parameter  int unsigned Requant         = 0,
  parameter  int unsigned BusBytes        = 16,
  parameter  int unsigned LoadOutstanding = 32,
  parameter  int unsigned FifoDepth       = 8,
  parameter  int unsigned QueueDepth      = 16,
  parameter  int unsigned TokenDepth      = 16,
  parameter  int unsigned InFlight        = 4
) (
  input  logic                  clk_i,
  input  logic                  rst_ni,

  input  logic                  start_i,
  input  logic [39:0]           segment_address_i,
  input  logic [31:0]           segment_count_i,
  output logic                  halt_o,
  output logic                  error_o,

  output logic                  fetch_arvalid_o,
  input  logic                  fetch_arready_i,
  output logic [39:0]           fetch_araddr_o,
  output logic [7:0]            fetch_arlen_o,
  output logic [2:0]            fetch_arsize_o,
  output logic [1:0]            fetch_arburst_o,
  input  logic                  fetch_rvalid_i,
  output logic                  fetch_rready_o,
  input  logic [8*BusBytes-1:0] fetch_rdata_i,
  input  logic [1:0]            fetch_rresp_i,
  input  logic                  fetch_rlast_i,

  output logic                  data_arvalid_o,
  input  logic                  data_arready_i,
  output logic [39:0]           data_araddr_o,
  output logic [7:0]            data_arlen_o,
  output logic [2:0]            data_arsize_o,
  output logic [1:0]            data_arburst_o,
  input  logic                  data_rvalid_i,
  output logic                  data_rready_o,
  input  logic [8*BusBytes-1:0] data_rdata_i,
  input  logic [1:0]            data_rresp_i,
  input  logic                  data_rlast_i,

  output logic                  data_awvalid_o,
  input  logic                  data_awready_i,
  output logic [39:0]           data_awaddr_o,
  output logic [7:0]            data_awlen_o,
  output logic [2:0]            data_awsize_o,
  output logic [1:0]            data_awburst_o,
  output logic                  data_wvalid_o,
  input  logic                  data_wready_i,
  output logic [8*BusBytes-1:0] data_wdata_o,
  output logic [BusBytes-1:0]   data_wstrb_o,
  output logic                  data_wlast_o,
  input  logic                  data_bvalid_i,
  output logic                  data_bready_o,
  input  logic [1:0]            data_bresp_i,

  input  logic [4:0]            counter_select_i,
  output logic [63:0]           counter_o,

  output logic [3:0]            trace_issue_o,
  output logic [3:0]            trace_free_o,
  output logic [3:0]            trace_done_o,
  output logic [3:0]            trace_retire_o,
  output logic                  trace_halt_o
);
  localparam int unsigned MeshMin     = Rows < Cols ? Rows : Cols;
  localparam int unsigned VectorBytes = Lanes < MeshMin ? Lanes : MeshMin;
  localparam int unsigned ActBits     = $clog2(1024 * ActKib);
  localparam int unsigned WeightBits  = $clog2(1024 * WeightKib);
  localparam int unsigned ParamBits   = $clog2(1024 * ParamKib);
  localparam int unsigned AccBits     = $clog2(AccEntries);

  // Fetch and sequencers, unit by unit.
  logic [3:0]   push, room, issue, free, done, retire, idle, full_wait;
  logic [511:0] push_instr;
  logic [511:0] instr [0:3];
  logic [15:0]  available, take, full, give;
  logic         fetch_beat, fetch_error, load_error, store_error, error_q;

  qsim_fetch #(
    .FifoDepth(FifoDepth), .BusBytes(BusBytes)
  ) u_fetch (
    .clk_i, .rst_ni, .start_i, .segment_address_i, .segment_count_i,
    .arvalid_o(fetch_arvalid_o), .arready_i(fetch_arready_i), .araddr_o(fetch_araddr_o), .arlen_o(fetch_arlen_o),
    .arsize_o(fetch_arsize_o), .arburst_o(fetch_arburst_o),
    .rvalid_i(fetch_rvalid_i), .rready_o(fetch_rready_o), .rdata_i(fetch_rdata_i), .rresp_i(fetch_rresp_i),
    .rlast_i(fetch_rlast_i),
    .room_i(room), .push_o(push), .push_instr_o(push_instr), .idle_i(idle),
    .halt_dispatch_o(trace_halt_o), .halt_o, .beat_o(fetch_beat), .error_o(fetch_error)
  );

  for (genvar u = 0; u < 4; u++) begin : gen_unit
    qsim_sequencer #(
      .QueueDepth(QueueDepth), .InFlight(InFlight), .HasDrain(u == qsim_pkg::UnitVector ? 1 : 0)
    ) u_sequencer (
      .clk_i, .rst_ni,
      .push_i(push[u]), .push_instr_i(push_instr), .room_o(room[u]),
      .issue_o(issue[u]), .instr_o(instr[u]), .free_i(free[u]), .done_i(done[u]),
      .available_i(available[4*u +: 4]), .take_o(take[4*u +: 4]),
      .full_i(full[4*u +: 4]), .give_o(give[4*u +: 4]),
      .free_trace_o(trace_free_o[u]), .retire_o(retire[u]), .idle_o(idle[u]), .full_wait_o(full_wait[u])
    );
  end

  qsim_tokens #(
    .TokenDepth(TokenDepth)
  ) u_tokens (
    .clk_i, .rst_ni, .clear_i(start_i), .take_i(take), .give_i(give), .available_o(available), .full_o(full)
  );

  assign trace_issue_o  = issue;
  assign trace_done_o   = done;
  assign trace_retire_o = retire;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) error_q <= 1'b0;
    else if (fetch_error | load_error | store_error) error_q <= 1'b1;
  end

  assign error_o = error_q;

  // Ports of the buffers.
  logic                     load_act_we, load_weight_we, load_param_we;
  logic [25:0]              load_addr;
  logic [8*BusBytes-1:0]    load_wdata;
  logic [BusBytes-1:0]      load_be;
  logic                     store_re;
  logic [25:0]              store_addr;
  logic [8*BusBytes-1:0]    store_rdata;
  logic                     compute_act_re, compute_weight_re;
  logic [31:0]              compute_act_addr, compute_weight_addr;
  logic [8*Rows-1:0]        compute_act_rdata;
  logic [8*Cols-1:0]        compute_weight_rdata;
  logic                     vector_re, vector_we, param_re, acc_re;
  logic [ActBits-1:0]       vector_raddr, vector_waddr;
  logic [8*VectorBytes-1:0] vector_rdata, vector_wdata;
  logic [VectorBytes-1:0]   vector_be;
  logic [ParamBits-1:0]     param_addr;
  logic [32*Cols-1:0]       param_rdata, acc_rdata;
  logic [AccBits-1:0]       acc_raddr;

  qsim_act_buffer #(
    .Rows(Rows), .Cols(Cols), .Lanes(Lanes), .ActKib(ActKib), .BusBytes(BusBytes)
  ) u_act (
    .clk_i,
    .compute_re_i(compute_act_re), .compute_addr_i(compute_act_addr[ActBits-1:0]), .compute_rdata_o(compute_act_rdata),
    .vector_re_i(vector_re), .vector_addr_i(vector_raddr), .vector_rdata_o(vector_rdata),
    .store_re_i(store_re), .store_addr_i(store_addr[ActBits-1:0]), .store_rdata_o(store_rdata),
    .load_we_i(load_act_we), .load_addr_i(load_addr[ActBits-1:0]), .load_wdata_i(load_wdata), .load_be_i(load_be),
    .vector_we_i(vector_we), .vector_waddr_i(vector_waddr), .vector_wdata_i(vector_wdata), .vector_be_i(vector_be)
  );

  qsim_buffer #(
    .Bytes(1024 * WeightKib), .ReadBytes(Cols), .WriteBytes(BusBytes)
  ) u_weight (
    .clk_i, .re_i(compute_weight_re), .raddr_i(compute_weight_addr[WeightBits-1:0]), .rdata_o(compute_weight_rdata),
    .we_i(load_weight_we), .waddr_i(load_addr[WeightBits-1:0]), .wdata_i(load_wdata), .be_i(load_be)
  );

  qsim_buffer #(
    .Bytes(1024 * ParamKib), .ReadBytes(4 * Cols), .WriteBytes(BusBytes)
  ) u_param (
    .clk_i, .re_i(param_re), .raddr_i(param_addr), .rdata_o(param_rdata),
    .we_i(load_param_we), .waddr_i(load_addr[ParamBits-1:0]), .wdata_i(load_wdata), .be_i(load_be)
  );

  // Units.
  localparam int unsigned SpanBits = $clog2(qsim_pkg::MaxBurstBeats * BusBytes) + 1;

  logic                load_bursts, store_bursts;
  logic [4:0]          load_beats, store_beats;
  logic [SpanBits-1:0] load_bytes, store_bytes;
  logic                act_read, weight_read, acc_write;
  logic [8:0]          compute_wraps;
  logic                acc_reads_vector;
  logic [7:0]          act_reads_vector, act_writes_vector;
  logic [8:0]          vector_lane_ops;
  logic [9:0]          vector_wraps;

  qsim_load #(
    .BusBytes(BusBytes), .LoadOutstanding(LoadOutstanding)
  ) u_load (
    .clk_i, .rst_ni,
    .issue_i(issue[qsim_pkg::UnitLoad]), .instr_i(instr[qsim_pkg::UnitLoad]),
    .free_o(free[qsim_pkg::UnitLoad]), .done_o(done[qsim_pkg::UnitLoad]),
    .arvalid_o(data_arvalid_o), .arready_i(data_arready_i), .araddr_o(data_araddr_o), .arlen_o(data_arlen_o),
    .arsize_o(data_arsize_o), .arburst_o(data_arburst_o),
    .rvalid_i(data_rvalid_i), .rready_o(data_rready_o), .rdata_i(data_rdata_i), .rresp_i(data_rresp_i),
    .rlast_i(data_rlast_i),
    .act_we_o(load_act_we), .weight_we_o(load_weight_we), .param_we_o(load_param_we), .addr_o(load_addr),
    .wdata_o(load_wdata), .be_o(load_be),
    .load_bursts_o(load_bursts), .load_beats_o(load_beats), .load_bytes_o(load_bytes), .error_o(load_error)
  );

  qsim_store #(
    .BusBytes(BusBytes), .InFlight(InFlight)
  ) u_store (
    .clk_i, .rst_ni,
    .issue_i(issue[qsim_pkg::UnitStore]), .instr_i(instr[qsim_pkg::UnitStore]),
    .free_o(free[qsim_pkg::UnitStore]), .done_o(done[qsim_pkg::UnitStore]),
    .awvalid_o(data_awvalid_o), .awready_i(data_awready_i), .awaddr_o(data_awaddr_o), .awlen_o(data_awlen_o),
    .awsize_o(data_awsize_o), .awburst_o(data_awburst_o),
    .wvalid_o(data_wvalid_o), .wready_i(data_wready_i), .wdata_o(data_wdata_o), .wstrb_o(data_wstrb_o),
    .wlast_o(data_wlast_o),
    .bvalid_i(data_bvalid_i), .bready_o(data_bready_o), .bresp_i(data_bresp_i),
    .re_o(store_re), .raddr_o(store_addr), .rdata_i(store_rdata),
    .store_bursts_o(store_bursts), .store_beats_o(store_beats), .store_bytes_o(store_bytes), .error_o(store_error)
  );

  logic [31:0] zero_macs;
  qsim_compute #(
    .Rows(Rows), .Cols(Cols), .Dataflow(Dataflow), .PeModes(PeModes), .AccEntries(AccEntries)
  ) u_compute (
    .clk_i, .rst_ni,
    .issue_i(issue[qsim_pkg::UnitCompute]), .instr_i(instr[qsim_pkg::UnitCompute]),
    .free_o(free[qsim_pkg::UnitCompute]), .done_o(done[qsim_pkg::UnitCompute]),
    .act_re_o(compute_act_re), .act_addr_o(compute_act_addr), .act_rdata_i(compute_act_rdata),
    .weight_re_o(compute_weight_re), .weight_addr_o(compute_weight_addr), .weight_rdata_i(compute_weight_rdata),
    .acc_re_i(acc_re), .acc_raddr_i(16'(acc_raddr)), .acc_rdata_o(acc_rdata),
    .act_read_o(act_read), .weight_read_o(weight_read), .acc_write_o(acc_write), .wraps_o(compute_wraps), .zero_macs_o(zero_macs)
  );

  qsim_vector #(
    .Rows(Rows), .Cols(Cols), .Lanes(Lanes), .PeModes(PeModes), .Requant(Requant), .ActKib(ActKib), .ParamKib(ParamKib),
    .AccEntries(AccEntries)
  ) u_vector (
    .clk_i, .rst_ni,
    .issue_i(issue[qsim_pkg::UnitVector]), .instr_i(instr[qsim_pkg::UnitVector]),
    .free_o(free[qsim_pkg::UnitVector]), .done_o(done[qsim_pkg::UnitVector]),
    .acc_re_o(acc_re), .acc_raddr_o(acc_raddr), .acc_rdata_i(acc_rdata),
    .param_re_o(param_re), .param_addr_o(param_addr), .param_rdata_i(param_rdata),
    .act_re_o(vector_re), .act_raddr_o(vector_raddr), .act_rdata_i(vector_rdata),
    .act_we_o(vector_we), .act_waddr_o(vector_waddr), .act_wdata_o(vector_wdata), .act_be_o(vector_be),
    .acc_reads_vector_o(acc_reads_vector), .act_reads_vector_o(act_reads_vector),
    .act_writes_vector_o(act_writes_vector), .vector_lane_ops_o(vector_lane_ops), .accumulator_wraps_o(vector_wraps)
  );

  qsim_counters u_counters (
    .clk_i, .rst_ni,
    .fetch_beats_i(32'(fetch_beat)),
    .load_bursts_i(32'(load_bursts)), .load_beats_i(32'(load_beats)), .load_bytes_i(32'(load_bytes)),
    .store_bursts_i(32'(store_bursts)), .store_beats_i(32'(store_beats)), .store_bytes_i(32'(store_bytes)),
    .act_reads_compute_i(32'(act_read)), .weight_reads_i(32'(weight_read)), .acc_writes_i(32'(acc_write)),
    .acc_reads_vector_i(32'(acc_reads_vector)), .act_reads_vector_i(32'(act_reads_vector)),
    .act_writes_vector_i(32'(act_writes_vector)), .vector_lane_ops_i(32'(vector_lane_ops)),
    .token_full_cycles_i(32'(full_wait[0]) + 32'(full_wait[1]) + 32'(full_wait[2]) + 32'(full_wait[3])),
    .accumulator_wraps_i(32'(compute_wraps) + 32'(vector_wraps)), .zero_operand_macs_i(zero_macs),
    .select_i(counter_select_i), .counter_o
  );
endmodule
