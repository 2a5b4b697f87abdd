// The counters of hw/spec/counters.def, 64 bits each, by events of the cycle: <name>_i is added at its end. Cleared by reset.
//
// counter_o follows select_i in the same cycle and does not show the events of that cycle; any other number reads 0.
module qsim_counters (
  input  logic        clk_i,
  input  logic        rst_ni,
  input  logic [31:0] fetch_beats_i,
  input  logic [31:0] load_bursts_i,
  input  logic [31:0] load_beats_i,
  input  logic [31:0] load_bytes_i,
  input  logic [31:0] store_bursts_i,
  input  logic [31:0] store_beats_i,
  input  logic [31:0] store_bytes_i,
  input  logic [31:0] act_reads_compute_i,
  input  logic [31:0] weight_reads_i,
  input  logic [31:0] acc_writes_i,
  input  logic [31:0] acc_reads_vector_i,
  input  logic [31:0] act_reads_vector_i,
  input  logic [31:0] act_writes_vector_i,
  input  logic [31:0] vector_lane_ops_i,
  input  logic [31:0] token_full_cycles_i,
  input  logic [31:0] accumulator_wraps_i,
  input  logic [31:0] zero_operand_macs_i,
  input  logic [4:0]  select_i,
  output logic [63:0] counter_o
);
  logic [31:0] events [0:qsim_pkg::Counters-1];
  logic [63:0] counts [0:31];

  assign events[qsim_pkg::CounterFetchBeats]       = fetch_beats_i;
  assign events[qsim_pkg::CounterLoadBursts]       = load_bursts_i;
  assign events[qsim_pkg::CounterLoadBeats]        = load_beats_i;
  assign events[qsim_pkg::CounterLoadBytes]        = load_bytes_i;
  assign events[qsim_pkg::CounterStoreBursts]      = store_bursts_i;
  assign events[qsim_pkg::CounterStoreBeats]       = store_beats_i;
  assign events[qsim_pkg::CounterStoreBytes]       = store_bytes_i;
  assign events[qsim_pkg::CounterActReadsCompute] = act_reads_compute_i;
  assign events[qsim_pkg::CounterWeightReads]      = weight_reads_i;
  assign events[qsim_pkg::CounterAccWrites]        = acc_writes_i;
  assign events[qsim_pkg::CounterAccReadsVector]  = acc_reads_vector_i;
  assign events[qsim_pkg::CounterActReadsVector]  = act_reads_vector_i;
  assign events[qsim_pkg::CounterActWritesVector] = act_writes_vector_i;
  assign events[qsim_pkg::CounterVectorLaneOps]   = vector_lane_ops_i;
  assign events[qsim_pkg::CounterTokenFullCycles] = token_full_cycles_i;
  assign events[qsim_pkg::CounterAccumulatorWraps] = accumulator_wraps_i;
  assign events[qsim_pkg::CounterZeroOperandMacs]  = zero_operand_macs_i;

  for (genvar i = 0; i < 32; i++) begin : gen_counter
    if (i < qsim_pkg::Counters) begin : gen_used
      logic [63:0] count_q;

      always_ff @(posedge clk_i or negedge rst_ni) begin
        if (!rst_ni) count_q <= '0;
        else count_q <= count_q + 64'(events[i]);
      end

      assign counts[i] = count_q;
    end else begin : gen_unused
      assign counts[i] = '0;
    end
  end

  assign counter_o = counts[select_i];
endmodule
