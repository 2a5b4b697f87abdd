// A top that knows HALT alone: requests an instruction, takes it for HALT, and retires it. With the ports and
// parameters of the real one, for tests of what is around it.
module qsim_top #(
  parameter int unsigned Rows = 16,
  parameter int unsigned Cols = 16,
  parameter int unsigned Dataflow = 0,
  parameter int unsigned PeModes = 0,
  parameter int unsigned ActKib = 256,
  parameter int unsigned WeightKib = 128,
  parameter int unsigned ParamKib = 32,
  parameter int unsigned AccEntries = 1024,
  parameter int unsigned Lanes = 16,
  parameter int unsigned Requant = 0,
  parameter int unsigned LoadOutstanding = 32,
  parameter int unsigned FifoDepth = 8,
  parameter int unsigned QueueDepth = 16,
  parameter int unsigned TokenDepth = 16,
  parameter int unsigned InFlight = 4,
  parameter int unsigned BusBytes = 16
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
  logic [63:0] beats_q;
  logic        dispatch_q, halt_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      fetch_arvalid_o <= 1'b0;
      beats_q         <= '0;
      dispatch_q      <= 1'b0;
      halt_q          <= 1'b0;
    end else begin
      fetch_arvalid_o <= start_i;
      dispatch_q      <= fetch_rvalid_i && fetch_rlast_i;
      halt_q          <= dispatch_q;
      if (fetch_rvalid_i) beats_q <= beats_q + 64'd1;
    end
  end
  always_ff @(posedge clk_i) if (start_i) fetch_araddr_o <= segment_address_i;

  assign fetch_arlen_o   = 8'(64 / BusBytes - 1);
  assign fetch_arsize_o  = 3'($clog2(BusBytes));
  assign fetch_arburst_o = 2'd1;
  assign fetch_rready_o  = 1'b1;
  assign data_rready_o   = 1'b1;
  assign data_bready_o   = 1'b1;
  assign {data_arvalid_o, data_araddr_o, data_arlen_o, data_arsize_o, data_arburst_o} = '0;
  assign {data_awvalid_o, data_awaddr_o, data_awlen_o, data_awsize_o, data_awburst_o} = '0;
  assign {data_wvalid_o, data_wdata_o, data_wstrb_o, data_wlast_o} = '0;
  assign counter_o    = counter_select_i == 5'd0 ? beats_q : 64'd0;
  assign trace_issue_o  = 4'd0;
  assign trace_free_o   = 4'd0;
  assign trace_done_o   = 4'd0;
  assign trace_retire_o = 4'd0;
  assign trace_halt_o   = dispatch_q;
  assign halt_o         = halt_q;
  assign error_o        = 1'b0;
endmodule
