// Controller of matmuls: streams activation and weight words into the array and tells the accumulators what comes out (T13, T14).
//
// An instruction issued in cycle i streams from i + 1 on; free_o is high in the last cycle of its stream, so that the next one follows without a gap.
// The word read in cycle t, or padding, is at the array in t + 2. done_o in the cycle of an instruction's last write to the accumulators.
// With PeModes > 0 a matmul has codes of 8, 4 or 2 bits, and a weight word of narrower codes serves 2, 4 rows: it is read for the first of them and then held by the buffer's port (T13, T14).
// Buffers' ports and the vector unit's port to the accumulators: docs/developer/rtl.md. Hazards are the program's business.

module qsim_compute #(
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
  // activation buffer, byte addresses
  output logic               act_re_o,
  output logic [31:0]        act_addr_o,
  input  logic [8*Rows-1:0]  act_rdata_i,
  // weight buffer, byte addresses
  output logic               weight_re_o,
  output logic [31:0]        weight_addr_o,
  input  logic [8*Cols-1:0]  weight_rdata_i,
  // the vector unit's port to the accumulators
  input  logic               acc_re_i,
  input  logic [15:0]        acc_raddr_i,
  output logic [32*Cols-1:0] acc_rdata_o,
  // counters, what to add in this cycle
  output logic               act_read_o,
  output logic               weight_read_o,
  output logic               acc_write_o,
  output logic [8:0]         wraps_o,
  output logic [31:0]        zero_macs_o
);
  localparam bit IsOs = Dataflow == qsim_pkg::DataflowOs;

  if (Rows < 2 || Rows > 256) begin : gen_rows_range
    $error("Rows is outside [2, 256]");
  end
  if (Cols < 2 || Cols > 256) begin : gen_cols_range
    $error("Cols is outside [2, 256]");
  end
  if (Dataflow > 1) begin : gen_dataflow_range
    $error("Dataflow is outside [0, 1]");
  end

  if (PeModes > 2) begin : gen_pe_modes_range
    $error("PeModes is outside [0, 2]");
  end
  if (Cols % (1 << PeModes) != 0) begin : gen_pe_modes_cols
    $error("Cols is not a multiple of 2^PeModes");
  end

  qsim_pkg::matmul_t op;
  assign op = instr_i[qsim_pkg::MatmulBits-1:0];

  // The slot: position in the stream of a tile, tile, first pixel (of the group, os).
  logic busy_q, accumulate_q;
  logic [7:0] pad_value_q;
  logic [15:0] acc_q;
  logic [31:0] pixels_q, tiles_q, pace_q, position_q, tile_q, group_q;
  logic tile_end, last_tile, last_group, stream_end, valid;

  assign tile_end = position_q == pace_q - 32'd1;
  assign last_tile = tile_q == tiles_q - 32'd1;
  assign last_group = !IsOs || group_q + Rows >= pixels_q;
  assign stream_end = tile_end && last_tile && last_group;
  assign valid = busy_q && group_q + position_q < pixels_q;
  assign free_o = !busy_q || stream_end;

  logic [31:0] pixels;
  assign pixels = 32'(op.out_h) * 32'(op.out_w);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) busy_q <= 1'b0;
    else if (issue_i) busy_q <= 1'b1;
    else if (stream_end) busy_q <= 1'b0;
  end

  always_ff @(posedge clk_i) begin
    if (issue_i) begin
      accumulate_q <= op.accumulate;
      pad_value_q <= op.pad_value;
      acc_q <= op.acc;
      pixels_q <= pixels;
      tiles_q <= 32'(op.kh) * 32'(op.kw) * 32'(op.cblocks);
      pace_q <= IsOs || pixels < Rows ? Rows : pixels;
      position_q <= '0;
      tile_q <= '0;
      group_q <= '0;
    end else if (busy_q) begin
      position_q <= tile_end ? '0 : position_q + 32'd1;
      if (tile_end) tile_q <= last_tile ? '0 : tile_q + 32'd1;
      if (tile_end && last_tile && IsOs) group_q <= group_q + Rows;
    end
  end

  // Activations: read, padded, registered.
  logic padding, step, pixel_end;
  assign pixel_end = IsOs ? tile_end : position_q == pixels_q - 32'd1;
  assign step = IsOs ? busy_q : valid;
  assign act_re_o = valid && !padding;
  assign act_read_o = valid;

  qsim_matmul_agu #(.Rows(Rows)) u_agu (
    .clk_i, .load_i(issue_i), .op_i(op), .step_i(step), .tile_i(pixel_end), .mark_i(IsOs && tile_end && last_tile),
    .address_o(act_addr_o), .padding_o(padding)
  );

  logic valid_q, padding_q;
  logic [7:0] value_q;
  logic [8*Rows-1:0] word_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) valid_q <= 1'b0;
    else valid_q <= valid;
  end

  always_ff @(posedge clk_i) begin
    if (valid) begin
      padding_q <= padding;
      value_q <= pad_value_q;
    end
    if (valid_q) word_q <= padding_q ? {Rows{value_q}} : act_rdata_i;
  end

  // Weights: words in their order; ws begins in the issue cycle. In this cycle it is weight_row's turn (weight_turn), of the matmul whose packs these are.
  logic [31:0] weight_q;
  logic [1:0] weight_row;
  logic weight_turn, weight_own;
  logic [1:0] mode_qq, weight_mode;
  logic [8*Cols-1:0] weight;
  assign weight_read_o = weight_re_o;

  if (PeModes == 0) begin : gen_one_mode
    assign weight_re_o = weight_turn;
    assign weight = weight_rdata_i;
    assign mode_qq = '0;
    assign weight_mode = '0;
  end else begin : gen_modes
    logic [1:0] pack_q, ratio_q, mode_q, weight_pack_q, weight_ratio_q, part_q, ratio, part;
    assign ratio = weight_own ? op.weight_pack - op.act_pack : ratio_q;
    assign part = weight_row & {ratio[1], ratio != '0};
    assign weight_re_o = weight_turn && part == '0;
    assign weight_mode = weight_pack_q;

    always_ff @(posedge clk_i) begin
      if (issue_i) begin
        pack_q <= op.act_pack;
        ratio_q <= op.weight_pack - op.act_pack;
      end
      mode_q <= pack_q;
      mode_qq <= mode_q;
      if (weight_turn) begin
        weight_pack_q <= weight_own ? op.act_pack : pack_q;
        weight_ratio_q <= ratio;
        part_q <= part;
      end
    end

    qsim_weight_expand #(.Cols(Cols), .PeModes(PeModes)) u_expand (
      .pack_i(weight_pack_q[0]), .ratio_i(weight_ratio_q), .part_i(part_q), .word_i(weight_rdata_i), .word_o(weight)
    );
  end

  // Something is between issue and the last accumulator.
  logic [3:0] flying_q;
  logic en;
  assign en = flying_q != '0;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) flying_q <= '0;
    else if (issue_i && !done_o) flying_q <= flying_q + 4'd1;
    else if (done_o && !issue_i) flying_q <= flying_q - 4'd1;
  end

  // What the accumulators are told, in the cycle in which column 0's sum is below the array.
  logic acc_valid, acc_overwrite, acc_last;
  logic [15:0] acc_address;
  logic [32*Cols-1:0] sum;
  logic [31:0] zero_macs;
  assign acc_write_o = acc_valid;

  qsim_accumulators #(.Cols(Cols), .AccEntries(AccEntries)) u_accumulators (
    .clk_i, .rst_ni, .valid_i(acc_valid), .overwrite_i(acc_overwrite), .last_i(acc_last), .address_i(acc_address), .sum_i(sum),
    .done_o, .wraps_o, .re_i(acc_re_i), .raddr_i(acc_raddr_i), .rdata_o(acc_rdata_o)
  );

  if (!IsOs) begin : gen_ws
    logic next_tile, load_q, load_qq;
    assign next_tile = issue_i || (busy_q && tile_end && !last_tile);
    assign weight_own = issue_i;
    assign weight_turn = next_tile || (busy_q && position_q < Rows - 1);
    assign weight_row = next_tile ? '0 : position_q[1:0] + 2'd1;
    assign weight_addr_o = issue_i ? 32'(op.weight) * Cols : weight_q;

    always_ff @(posedge clk_i) begin
      if (weight_re_o) weight_q <= weight_addr_o + Cols;
      load_q <= next_tile;
      load_qq <= load_q;
    end

    logic [31:0] control;
    qsim_delay #(.Width(32), .Stages(Rows + 3)) u_control (
      .clk_i, .rst_ni, .en_i(en),
      .data_i({13'b0, valid && last_tile && pixel_end, !accumulate_q && tile_q == '0, valid, acc_q + position_q[15:0]}),
      .data_o(control)
    );
    assign acc_address = control[15:0];
    assign acc_valid = en && control[16];
    assign acc_overwrite = control[17];
    assign acc_last = control[18];

    qsim_array_ws #(.Rows(Rows), .Cols(Cols), .PeModes(PeModes)) u_array (
      .clk_i, .rst_ni, .en_i(en), .load_i(load_qq), .mode_i(mode_qq), .word_i(word_q), .weight_mode_i(weight_mode), .weight_i(weight), .sum_o(sum),
      .zero_macs_o(zero_macs)
    );
    assign zero_macs_o = acc_valid ? zero_macs : '0;
  end else begin : gen_os
    logic [31:0] weight_base_q;
    assign weight_own = 1'b0;
    assign weight_turn = busy_q;
    assign weight_row = position_q[1:0];
    assign weight_addr_o = weight_q;

    logic valid_qq, load_q, load_qq, first_q, first_qq, last_q, last_qq;
    logic [7:0] row_q, row_qq;
    always_ff @(posedge clk_i) begin
      if (issue_i) begin
        weight_q <= 32'(op.weight) * Cols;
        weight_base_q <= 32'(op.weight) * Cols;
      end else if (busy_q) begin
        if (tile_end && last_tile) weight_q <= weight_base_q;
        else if (weight_re_o) weight_q <= weight_q + Cols;
      end
      load_q <= busy_q;
      valid_qq <= valid_q;
      row_q <= position_q[7:0];
      first_q <= tile_q == '0;
      last_q <= last_tile;
      load_qq <= load_q;
      row_qq <= row_q;
      first_qq <= first_q;
      last_qq <= last_q;
    end

    // A group's sums leave 2 Rows + 2 cycles after the first cycle of its last tile, the last pixel first.
    logic [31:0] count, trigger;
    logic draining_q, overwrite_q, last_group_q;
    logic [7:0] drain_q, most_q;
    logic [15:0] base_q;
    assign count = last_group ? pixels_q - group_q : Rows;
    qsim_delay #(.Width(32), .Stages(2 * Rows + 1)) u_control (
      .clk_i, .rst_ni, .en_i(en),
      .data_i({5'b0, last_group, !accumulate_q, busy_q && last_tile && position_q == '0, count[7:0] - 8'd1, acc_q + group_q[15:0]}),
      .data_o(trigger)
    );

    always_ff @(posedge clk_i or negedge rst_ni) begin
      if (!rst_ni) draining_q <= 1'b0;
      else if (en && trigger[24]) draining_q <= 1'b1;
      else if (drain_q == 8'(Rows - 1)) draining_q <= 1'b0;
    end

    always_ff @(posedge clk_i) begin
      if (en && trigger[24]) begin
        drain_q <= '0;
        base_q <= trigger[15:0];
        most_q <= trigger[23:16];
        overwrite_q <= trigger[25];
        last_group_q <= trigger[26];
      end else if (draining_q) begin
        drain_q <= drain_q + 8'd1;
      end
    end

    logic [7:0] pixel;
    assign pixel = 8'(Rows - 1) - drain_q;
    assign acc_valid = draining_q && pixel <= most_q;
    assign acc_address = base_q + 16'(pixel);
    assign acc_overwrite = overwrite_q;
    assign acc_last = last_group_q && pixel == '0;

    qsim_array_os #(.Rows(Rows), .Cols(Cols), .PeModes(PeModes)) u_array (
      .clk_i, .rst_ni, .en_i(en), .load_i(load_qq), .valid_i(valid_qq), .row_i(row_qq), .first_i(first_qq), .last_i(last_qq),
      .mode_i(mode_qq), .word_i(word_q), .weight_mode_i(weight_mode), .weight_i(weight), .drain_i(draining_q ? 16'(drain_q) + 16'd1 : 16'hffff), .sum_o(sum), .zero_macs_o(zero_macs)
    );
    assign zero_macs_o = en ? zero_macs : '0;
  end

endmodule
