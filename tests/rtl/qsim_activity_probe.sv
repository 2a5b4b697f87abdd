// For tests alone: a compute unit, and the bits that have changed in the registers of its elements (rules S1 to S5, docs/reference/activity.md).
//
// Weight-stationary: of every cycle, as these registers change in slots alone. Output-stationary: from slot to slot; a slot's operands are in the
// registers of row r and column c r + c + 2 cycles of en after its word was at the array.
// Counts are a cycle behind, and start random as registers do: take differences.

module qsim_activity_probe #(
  parameter int unsigned Rows = 16,
  parameter int unsigned Cols = 16,
  parameter int unsigned Dataflow = 0,
  parameter int unsigned PeModes = 0,
  parameter int unsigned AccEntries = 1024
) (
  input  logic               clk_i,
  input  logic               rst_ni,
  input  logic               issue_i,
  input  logic [511:0]       instr_i,
  output logic               free_o,
  output logic               done_o,
  output logic               act_re_o,
  output logic [31:0]        act_addr_o,
  input  logic [8*Rows-1:0]  act_rdata_i,
  output logic               weight_re_o,
  output logic [31:0]        weight_addr_o,
  input  logic [8*Cols-1:0]  weight_rdata_i,
  input  logic               acc_re_i,
  input  logic [15:0]        acc_raddr_i,
  output logic [32*Cols-1:0] acc_rdata_o,
  output logic               act_read_o,
  output logic               weight_read_o,
  output logic               acc_write_o,
  output logic [8:0]         wraps_o,
  output logic [31:0]        zero_macs_o,
  output logic [31:0]        operand_bits_o,
  output logic [31:0]        sign_bits_o,
  output logic [31:0]        weight_bits_o,
  output logic [31:0]        sum_bits_o
);
  qsim_compute #(.Rows(Rows), .Cols(Cols), .Dataflow(Dataflow), .PeModes(PeModes), .AccEntries(AccEntries)) u_compute (.*);

  logic [7:0] operand[Rows*Cols];
  logic [1:0] mode[Rows*Cols];
  logic [7:0] weight[Rows*Cols];
  logic [31:0] sum[Rows*Cols];
  logic [Rows*Cols-1:0] slot;

  for (genvar r = 0; r < Rows; r++) begin : gen_row
    for (genvar c = 0; c < Cols; c++) begin : gen_col
      localparam int unsigned I = r * Cols + c;
      if (Dataflow == qsim_pkg::DataflowOs) begin : gen_os
        assign operand[I] = u_compute.gen_os.u_array.gen_row[r].gen_col[c].u_pe.operand_o[7:0];
        assign mode[I] = u_compute.gen_os.u_array.gen_row[r].gen_col[c].u_pe.operand_o[11:10];
        assign weight[I] = u_compute.gen_os.u_array.gen_row[r].gen_col[c].u_pe.weight_o;
        assign sum[I] = u_compute.gen_os.u_array.gen_row[r].gen_col[c].u_pe.sum_q;
      end else begin : gen_ws
        assign operand[I] = u_compute.gen_ws.u_array.gen_row[r].gen_col[c].u_pe.operand_o[7:0];
        assign mode[I] = u_compute.gen_ws.u_array.gen_row[r].gen_col[c].u_pe.operand_o[11:10];
        assign weight[I] = u_compute.gen_ws.u_array.gen_row[r].gen_col[c].u_pe.weight_q;
        assign sum[I] = u_compute.gen_ws.u_array.gen_row[r].gen_col[c].u_pe.sum_o;
      end
    end
  end

  if (Dataflow == qsim_pkg::DataflowOs) begin : gen_os
    logic [Rows+Cols-1:0] load_q;  // [k]: k + 1 cycles ago
    always_ff @(posedge clk_i or negedge rst_ni) begin
      if (!rst_ni) load_q <= '0;
      else if (u_compute.en) load_q <= {load_q[Rows+Cols-2:0], u_compute.gen_os.u_array.load_i};
    end
    for (genvar r = 0; r < Rows; r++) begin : gen_row
      for (genvar c = 0; c < Cols; c++) begin : gen_col
        assign slot[r*Cols+c] = load_q[r+c+1];
      end
    end
  end else begin : gen_ws
    assign slot = '1;
  end

  logic [7:0] operand_q[Rows*Cols];
  logic [7:0] weight_q[Rows*Cols];
  logic [31:0] sum_q[Rows*Cols];
  always_ff @(posedge clk_i) begin : count
    logic [31:0] operand_bits, sign_bits, weight_bits, sum_bits;
    operand_bits = operand_bits_o;
    sign_bits = sign_bits_o;
    weight_bits = weight_bits_o;
    sum_bits = sum_bits_o;
    for (int unsigned i = 0; i < Rows * Cols; i++) begin
      if (slot[i]) begin
        operand_bits += 32'($countones(operand[i] ^ operand_q[i]));
        sign_bits += 32'($countones((operand[i] ^ operand_q[i]) & (mode[i][1] ? 8'haa : mode[i][0] ? 8'h88 : 8'h80)));
        weight_bits += 32'($countones(weight[i] ^ weight_q[i]));
        sum_bits += 32'($countones(sum[i] ^ sum_q[i]));
        operand_q[i] <= operand[i];
        weight_q[i] <= weight[i];
        sum_q[i] <= sum[i];
      end
    end
    operand_bits_o <= operand_bits;
    sign_bits_o <= sign_bits;
    weight_bits_o <= weight_bits;
    sum_bits_o <= sum_bits;
  end

endmodule
