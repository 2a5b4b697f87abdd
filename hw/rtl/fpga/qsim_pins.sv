// qsim_top behind five pins, so that it can be placed on a device and timed alone: its ports are more than a package has pins.
//
// Inputs come from a chain of registers that shift_i fills, outputs go to one that load_i takes and shift_o empties. So each
// path from and to a port begins or ends in a register next to it, as it would with a memory controller on the device.
module qsim_pins #(
  parameter int unsigned BusBytes = 16
) (
  input  logic clk_i,
  input  logic rst_ni,
  input  logic shift_i,
  input  logic load_i,
  output logic shift_o
);
  localparam int unsigned Bus     = 8 * BusBytes;
  localparam int unsigned Inputs  = 93 + 2 * Bus;
  localparam int unsigned Outputs = 250 + Bus + BusBytes;

  logic [Inputs-1:0]  in_q;
  logic [Outputs-1:0] out, out_q;

  always_ff @(posedge clk_i) begin
    in_q  <= {in_q[Inputs-2:0], shift_i};
    out_q <= load_i ? out : {1'b0, out_q[Outputs-1:1]};
  end
  assign shift_o = out_q[0];

  logic             start, fetch_arready, fetch_rvalid, fetch_rlast, data_arready, data_rvalid, data_rlast;
  logic             data_awready, data_wready, data_bvalid;
  logic [39:0]      segment_address;
  logic [31:0]      segment_count;
  logic [Bus-1:0]   fetch_rdata, data_rdata;
  logic [1:0]       fetch_rresp, data_rresp, data_bresp;
  logic [4:0]       counter_select;

  assign {start, segment_address, segment_count, fetch_arready, fetch_rvalid, fetch_rdata, fetch_rresp, fetch_rlast,
          data_arready, data_rvalid, data_rdata, data_rresp, data_rlast, data_awready, data_wready, data_bvalid, data_bresp,
          counter_select} = in_q;

  qsim_top u_top (
    .clk_i(clk_i), .rst_ni(rst_ni),
    .start_i(start), .segment_address_i(segment_address), .segment_count_i(segment_count), .halt_o(out[0]), .error_o(out[1]),
    .fetch_arvalid_o(out[2]), .fetch_arready_i(fetch_arready), .fetch_araddr_o(out[42:3]), .fetch_arlen_o(out[50:43]),
    .fetch_arsize_o(out[53:51]), .fetch_arburst_o(out[55:54]), .fetch_rvalid_i(fetch_rvalid), .fetch_rready_o(out[56]),
    .fetch_rdata_i(fetch_rdata), .fetch_rresp_i(fetch_rresp), .fetch_rlast_i(fetch_rlast),
    .data_arvalid_o(out[57]), .data_arready_i(data_arready), .data_araddr_o(out[97:58]), .data_arlen_o(out[105:98]),
    .data_arsize_o(out[108:106]), .data_arburst_o(out[110:109]), .data_rvalid_i(data_rvalid), .data_rready_o(out[111]),
    .data_rdata_i(data_rdata), .data_rresp_i(data_rresp), .data_rlast_i(data_rlast),
    .data_awvalid_o(out[112]), .data_awready_i(data_awready), .data_awaddr_o(out[152:113]), .data_awlen_o(out[160:153]),
    .data_awsize_o(out[163:161]), .data_awburst_o(out[165:164]), .data_wvalid_o(out[166]), .data_wready_i(data_wready),
    .data_wlast_o(out[167]), .data_bvalid_i(data_bvalid), .data_bready_o(out[168]), .data_bresp_i(data_bresp),
    .counter_select_i(counter_select), .counter_o(out[232:169]),
    .trace_issue_o(out[236:233]), .trace_free_o(out[240:237]), .trace_done_o(out[244:241]), .trace_retire_o(out[248:245]),
    .trace_halt_o(out[249]), .data_wstrb_o(out[250 +: BusBytes]), .data_wdata_o(out[250 + BusBytes +: Bus])
  );
endmodule
