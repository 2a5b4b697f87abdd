// The vector unit (rules T15, A4 to A7, A11 to A23): requant, add, max_pool, average_pool, depthwise and rescale on chunks of
// ChunkBytes channels, one chunk a cycle.
//
// Here is the pipeline: what is known of a chunk travels beside the lanes. T is the cycle in which its operand is read:
//   T + 1  data on the port, lined up with the lanes     T + 5       multiply (qsim_requant)
//   T + 2  zero points off, times the factor             T + 6, 7    round, zero point, clamp
//   T + 3  sum over the taps, then the bias              T + 8       code on the write port
//   T + 4  normalise
// With PeModes > 0 each operand may hold 2, 4 codes a byte: they are unpacked as they are lined up, and packed again behind the
// lanes, with 0 in the codes of a pixel's last byte that have no channel. All between knows nothing of it.
// Instructions and blocks follow one another without a bubble, so that the next one's parameters come while the last one's
// chunks are still under way: constants of stages 1 to 4 and of stages 5 to 8 are registered apart.
//
// It knows nothing of tokens and hazards. Latency: busy for the cycles of T15; the last write comes VectorLatencyCycles after.
// Handshake: issue_i only with free_o; free_o is high when nothing is to be read, and in the cycle of an instruction's last read.
// done_o is high in the cycle of an instruction's last write.
// Memory ports: a read at t has its data from t + 1 on, held until the port's next read; a write happens at t.
module qsim_vector #(
  parameter int unsigned Rows = 16,
  parameter int unsigned Cols = 16,
  parameter int unsigned Lanes = 16,
  parameter int unsigned PeModes = 0,
  parameter int unsigned Requant = 0,
  parameter int unsigned ActKib = 256,
  parameter int unsigned ParamKib = 32,
  parameter int unsigned AccEntries = 1024,
  // min(Lanes, Rows, Cols): a word of Rows bytes a cycle feeds no more lanes.
  localparam int unsigned MeshMin = Rows < Cols ? Rows : Cols,
  localparam int unsigned ChunkBytes = Lanes < MeshMin ? Lanes : MeshMin,
  localparam int unsigned ActBits = $clog2(ActKib * 1024),
  localparam int unsigned ParamBits = $clog2(ParamKib * 1024),
  localparam int unsigned AccBits = $clog2(AccEntries)
) (
  input  logic                    clk_i,
  input  logic                    rst_ni,

  input  logic                    issue_i,
  input  logic [511:0]            instr_i,
  output logic                    free_o,
  output logic                    done_o,

  output logic                    acc_re_o,
  output logic [AccBits-1:0]      acc_raddr_o,
  input  logic [32*Cols-1:0]      acc_rdata_i,

  output logic                    param_re_o,
  output logic [ParamBits-1:0]    param_addr_o,
  input  logic [32*Cols-1:0]      param_rdata_i,

  output logic                    act_re_o,
  output logic [ActBits-1:0]      act_raddr_o,
  input  logic [8*ChunkBytes-1:0] act_rdata_i,
  output logic                    act_we_o,
  output logic [ActBits-1:0]      act_waddr_o,
  output logic [8*ChunkBytes-1:0] act_wdata_o,
  output logic [ChunkBytes-1:0]   act_be_o,

  // Increments of the counters of these names.
  output logic                    acc_reads_vector_o,
  output logic [7:0]              act_reads_vector_o,
  output logic [7:0]              act_writes_vector_o,
  output logic [8:0]              vector_lane_ops_o,
  output logic [9:0]              accumulator_wraps_o
);
  if (Rows < 2 || Rows > 256) $error("Rows is outside [2, 256]");
  if (Cols < 2 || Cols > 256) $error("Cols is outside [2, 256]");
  if (Lanes < 1 || Lanes > 256) $error("Lanes is outside [1, 256]");
  if (Requant > 5) $error("Requant is outside [0, 5]");
  if (ActKib < 1 || ActKib > 65536) $error("ActKib is outside [1, 65536]");
  if (ParamKib < 1 || ParamKib > 4096) $error("ParamKib is outside [1, 4096]");
  if (qsim_pkg::VectorLatencyCycles != 8) $error("the pipeline has 8 stages");
  if (PeModes > 2) $error("PeModes is outside [0, 2]");
  if (Cols % (1 << PeModes) != 0) $error("Cols is not a multiple of 2^PeModes");
  if (ChunkBytes % (1 << PeModes) != 0) $error("min(Lanes, Rows, Cols) is not a multiple of 2^PeModes");
  if (AccEntries < 4 || AccEntries > 65536) $error("AccEntries is outside [4, 65536]");

  localparam int unsigned Chunks = (Cols + ChunkBytes - 1) / ChunkBytes;
  localparam int unsigned ChunkBits = Chunks > 1 ? $clog2(Chunks) : 1;

  // What happens in cycle T.
  qsim_pkg::vector_t op;
  logic [3:0] setup;
  logic is_requant, is_add, is_max, is_depthwise;
  logic read, first, last, second, pad, ends;
  logic [3:0] tap;
  logic [ChunkBits-1:0] chunk;
  logic [ChunkBytes-1:0] enable;
  logic [ActBits-1:0] dst;

  qsim_vector_control #(
    .Rows(Rows), .Cols(Cols), .Lanes(Lanes), .PeModes(PeModes), .ActBits(ActBits), .ParamBits(ParamBits), .AccBits(AccBits)
  ) u_control (
    .clk_i, .rst_ni, .issue_i, .instr_i, .free_o,
    .op_o(op), .is_requant_o(is_requant), .is_add_o(is_add), .is_max_o(is_max), .is_depthwise_o(is_depthwise),
    .setup_o(setup), .read_o(read), .first_o(first), .last_o(last), .second_o(second), .pad_o(pad), .end_o(ends),
    .tap_o(tap), .chunk_o(chunk), .enable_o(enable), .dst_o(dst),
    .acc_re_o, .acc_raddr_o, .param_re_o, .param_addr_o, .act_re_o, .act_raddr_o,
    .acc_reads_vector_o, .act_reads_vector_o, .act_writes_vector_o, .vector_lane_ops_o
  );

  // Which stages hold an operand (1 to 3), sums of the lanes (4), a result (4 to 8).
  logic [4:1] operand_q;
  logic [8:4] result_q;
  // A block's setup ended 1 to 5 cycles ago; the words of a parameter block that are on the port.
  logic [5:1] settled_q;
  logic [3:0] capture_q;

  // What travels with an operand, by stage.
  logic first_1_q, first_2_q, first_3_q, last_1_q, last_2_q, last_3_q, pad_1_q, pad_2_q, second_1_q;
  logic [3:0] tap_1_q;
  logic [ChunkBits-1:0] chunk_1_q, chunk_2_q, chunk_3_q;
  logic signed [7:0] zero_2_q;
  logic signed [22:0] factor_2_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      operand_q <= '0;
      result_q <= '0;
      settled_q <= '0;
      capture_q <= '0;
    end else begin
      operand_q <= {operand_q[3:1], read};
      result_q <= {result_q[7:4], operand_q[3] & last_3_q};
      settled_q <= {settled_q[4:1], setup[3]};
      capture_q <= setup;
    end
  end

  // Constants of stages 1 to 4 (…_q) and of stages 5 to 8 (…_late_q). An instruction's first operand enters stage 1 at its
  // issue + 6 and stage 5 at its issue + 10; its last one leaves stage 4 at the next one's issue + 4, stage 8 at + 8.
  logic requant_q, depthwise_q, max_q, own_q, plain_q, plain_late_q;
  logic signed [7:0] zero_first_q, zero_second_q, zero_dst_q, low_q, high_q;
  logic signed [7:0] zero_dst_late_q, low_late_q, high_late_q;
  logic signed [22:0] factor_first_q, factor_second_q;
  logic [30:0] multiplier_q;
  logic [6:0] shift_q;

  always_ff @(posedge clk_i) begin
    if (setup[3]) begin
      requant_q <= is_requant;
      depthwise_q <= is_depthwise;
      max_q <= is_max;
      own_q <= is_requant | is_depthwise;
      plain_q <= !(is_requant | is_depthwise);
      // The largest code passes all stages as it is.
      zero_first_q <= is_max ? '0 : op.zero_src;
      zero_second_q <= op.zero_src2;
      zero_dst_q <= is_max ? '0 : op.zero_dst;
      low_q <= op.clamp_low;
      high_q <= op.clamp_high;
      factor_first_q <= is_add ? op.multiplier[22:0] : 23'd1;
      factor_second_q <= op.multiplier2[22:0];
      multiplier_q <= is_add | is_max ? 31'd1 : 31'(op.multiplier);
      shift_q <= is_max ? '0 : op.shift[6:0];
    end
    if (settled_q[5]) begin
      plain_late_q <= plain_q;
      zero_dst_late_q <= zero_dst_q;
      low_late_q <= low_q;
      high_late_q <= high_q;
    end
  end

  always_ff @(posedge clk_i) begin
    if (read) begin
      first_1_q <= first;
      last_1_q <= last;
      pad_1_q <= pad;
      second_1_q <= second;
      tap_1_q <= tap;
      chunk_1_q <= chunk;
    end
    if (operand_q[1]) begin
      first_2_q <= first_1_q;
      last_2_q <= last_1_q;
      pad_2_q <= pad_1_q;
      chunk_2_q <= chunk_1_q;
      zero_2_q <= second_1_q ? zero_second_q : zero_first_q;
      factor_2_q <= second_1_q ? factor_second_q : factor_first_q;
    end
    if (operand_q[2]) begin
      first_3_q <= first_2_q;
      last_3_q <= last_2_q;
      chunk_3_q <= chunk_2_q;
    end
  end

  // Packs of what stage 1 lines up and of what stage 8 writes; of a weight, its byte of the word's four and its code of the byte.
  logic [1:0] act_pack, weight_pack, dst_pack, weight_byte, weight_code;
  if (PeModes == 0) begin : gen_bytes
    assign act_pack = '0;
    assign weight_pack = '0;
    assign dst_pack = '0;
    assign weight_byte = tap_1_q[1:0];
    assign weight_code = '0;
  end else begin : gen_packs
    localparam logic [1:0] Packs = {PeModes == 2, 1'b1};  // bits of a pack that count
    logic [1:0] src_pack_q, src2_pack_q, weight_pack_q, dst_pack_q, dst_pack_late_q;
    always_ff @(posedge clk_i) begin
      if (setup[3]) begin
        src_pack_q <= op.src_pack & Packs;
        src2_pack_q <= op.src2_pack & Packs;
        weight_pack_q <= op.weight_pack & Packs;
        dst_pack_q <= op.dst_pack & Packs;
      end
      if (settled_q[5]) dst_pack_late_q <= dst_pack_q;
    end
    assign act_pack = second_1_q ? src2_pack_q : src_pack_q;
    assign weight_pack = weight_pack_q;
    assign dst_pack = dst_pack_late_q;
    assign weight_byte = weight_pack[1] ? tap_1_q[3:2] : weight_pack[0] ? tap_1_q[2:1] : tap_1_q[1:0];
    assign weight_code = weight_pack[1] ? tap_1_q[1:0] : {1'b0, tap_1_q[0]};
  end

  // Where a chunk's codes go waits for them in a ring: written in cycle T, read in T + 8, just before it is overwritten.
  localparam int unsigned Latency = qsim_pkg::VectorLatencyCycles;
  logic [$clog2(Latency)-1:0] slot_q;
  logic [ActBits-1:0] dst_q[Latency];
  logic [ChunkBytes-1:0] enable_q[Latency];
  logic ends_q[Latency];
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) slot_q <= '0;
    else slot_q <= slot_q + 1'b1;
  end
  always_ff @(posedge clk_i) begin
    if (read) begin
      dst_q[slot_q] <= dst;
      enable_q[slot_q] <= enable;
      ends_q[slot_q] <= ends;
    end
  end
  assign act_we_o = result_q[8];
  assign act_waddr_o = dst_q[slot_q];
  assign done_o = result_q[8] & ends_q[slot_q];

  logic [ChunkBytes-1:0] enable_3;
  assign enable_3 = enable_q[slot_q-3'd3];

  // Codes of the lanes, into the bytes they share. A byte is written when its first lane has a channel.
  logic [8*ChunkBytes-1:0] codes;
  logic [ChunkBytes-1:0] enable_8;
  assign enable_8 = enable_q[slot_q];
  if (PeModes == 0) begin : gen_write
    assign act_wdata_o = codes;
    assign act_be_o = enable_8;
  end else begin : gen_write
    always_comb begin
      act_wdata_o = codes;
      act_be_o = enable_8;
      if (PeModes == 2 && dst_pack[1]) begin
        act_be_o = '0;
        for (int unsigned l = 0; l < ChunkBytes; l++) begin
          act_wdata_o[2*l+:2] = enable_8[l] ? codes[8*l+:2] : '0;
          if (l % 4 == 0) act_be_o[l/4] = enable_8[l];
        end
      end else if (dst_pack[0]) begin
        act_be_o = '0;
        for (int unsigned l = 0; l < ChunkBytes; l++) begin
          act_wdata_o[4*l+:4] = enable_8[l] ? codes[8*l+:4] : '0;
          if (l % 2 == 0) act_be_o[l/2] = enable_8[l];
        end
      end
    end
  end

  logic [1:0] wraps[ChunkBytes];
  for (genvar l = 0; l < ChunkBytes; l++) begin : gen_lane
    // A parameter word's entries of channels l, l + ChunkBytes, …; the lane keeps them.
    logic [32*Chunks-1:0] parameters;
    for (genvar c = 0; c < Chunks; c++) begin : gen_chunk
      if (c * ChunkBytes + l < Cols) assign parameters[32*c+:32] = param_rdata_i[32*(c*ChunkBytes+l)+:32];
      else assign parameters[32*c+:32] = '0;
    end

    logic [31:0] accumulator_q;
    logic [7:0] code_q, weight_q;
    logic [31:0] channel;  // in the block; beyond the last one reads anything, nobody looks at it
    assign channel = Chunks == 1 ? l : 32'(chunk_1_q) * ChunkBytes + l;
    always_ff @(posedge clk_i) begin : line_up
      logic [7:0] weights;
      if (operand_q[1]) begin
        if (act_pack[1]) code_q <= 8'(signed'(act_rdata_i[2*l+:2]));
        else if (act_pack[0]) code_q <= 8'(signed'(act_rdata_i[4*l+:4]));
        else code_q <= act_rdata_i[8*l+:8];
        if (requant_q) accumulator_q <= acc_rdata_i[32*channel+:32];
        if (depthwise_q) begin
          weights = param_rdata_i[8*(32'(weight_byte)*Cols+channel)+:8];
          if (weight_pack[1]) weight_q <= 8'(signed'(weights[2*weight_code+:2]));
          else if (weight_pack[0]) weight_q <= 8'(signed'(weights[4*weight_code[0]+:4]));
          else weight_q <= weights;
        end
      end
    end

    qsim_vector_lane #(.Chunks(Chunks), .Requant(Requant)) u_lane (
      .clk_i,
      .capture_i(capture_q), .parameters_i(parameters),
      .operand_i(operand_q[3:2]), .result_i(result_q[7:4]),
      .requant_i(requant_q), .depthwise_i(depthwise_q), .max_i(max_q), .own_i(own_q),
      .plain_i(plain_q), .plain_late_i(plain_late_q),
      .code_i(code_q), .weight_i(weight_q), .accumulator_i(accumulator_q),
      .pad_i(pad_2_q), .zero_i(zero_2_q), .factor_i(factor_2_q), .chunk_2_i(chunk_2_q),
      .first_i(first_3_q), .last_i(last_3_q), .enable_i(enable_3[l]), .chunk_3_i(chunk_3_q),
      .multiplier_i(multiplier_q), .shift_i(shift_q),
      .zero_dst_i(zero_dst_late_q), .low_i(low_late_q), .high_i(high_late_q),
      .wraps_o(wraps[l]), .code_o(codes[8*l+:8])
    );
  end

  always_comb begin
    accumulator_wraps_o = '0;
    if (operand_q[4]) begin
      for (int unsigned l = 0; l < ChunkBytes; l++) accumulator_wraps_o += 10'(wraps[l][0]) + 10'(wraps[l][1]);
    end
  end
endmodule
