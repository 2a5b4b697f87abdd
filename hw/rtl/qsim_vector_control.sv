// Sequence of a vector instruction (T15): blocks of Cols channels, their pixels, a pixel's operands or taps, an operand's chunks.
//
// A block is four setup cycles, in which its parameter words are read and its cost is found, and cost cycles a pixel. An operand's
// chunks are read in the last of its cycles, one a cycle, so that a pixel's last chunk is read in the last cycle of its cost.
// Only a pixel of one operand can cost more than its operands do: two operands take at least two cycles a chunk, the destination
// touches at most one word more than a source does.
//
// Handshake: issue_i only with free_o, instr_i valid in that cycle. read_o: an operand's chunk is read in this cycle (from the
// accumulators once a pixel, the word is held; in the padding nothing is read, but the counters count it); first_o, last_o: of the pixel's operands; end_o: the instruction's last read.
// With PeModes > 0 an operand holds 2^pack codes a byte, and a chunk so much fewer bytes; a parameter word holds so many more taps.
// setup_o bit k in cycle k + 1 of a block: word k of its parameters is read, for functions that have parameters.
module qsim_vector_control #(
  parameter int unsigned Rows = 16,
  parameter int unsigned Cols = 16,
  parameter int unsigned Lanes = 16,
  parameter int unsigned PeModes = 0,
  parameter int unsigned ActBits = 18,
  parameter int unsigned ParamBits = 15,
  parameter int unsigned AccBits = 10,
  localparam int unsigned MeshMin = Rows < Cols ? Rows : Cols,
  localparam int unsigned ChunkBytes = Lanes < MeshMin ? Lanes : MeshMin,
  localparam int unsigned Chunks = (Cols + ChunkBytes - 1) / ChunkBytes,
  localparam int unsigned ChunkBits = Chunks > 1 ? $clog2(Chunks) : 1
) (
  input  logic                  clk_i,
  input  logic                  rst_ni,
  input  logic                  issue_i,
  input  logic [511:0]          instr_i,
  output logic                  free_o,

  output qsim_pkg::vector_t     op_o,  // the current one, from the cycle after its issue on
  output logic                  is_requant_o,
  output logic                  is_add_o,
  output logic                  is_max_o,
  output logic                  is_depthwise_o,
  output logic [3:0]            setup_o,

  output logic                  read_o,
  output logic                  first_o,
  output logic                  last_o,
  output logic                  second_o,
  output logic                  pad_o,
  output logic                  end_o,
  output logic [3:0]            tap_o,     // of those whose weights share a parameter word: 4 * 2^weight_pack
  output logic [ChunkBits-1:0]  chunk_o,
  output logic [ChunkBytes-1:0] enable_o,  // lanes that hold channels
  output logic [ActBits-1:0]    dst_o,

  output logic                  acc_re_o,
  output logic [AccBits-1:0]    acc_raddr_o,
  output logic                  param_re_o,
  output logic [ParamBits-1:0]  param_addr_o,
  output logic                  act_re_o,
  output logic [ActBits-1:0]    act_raddr_o,

  output logic                  acc_reads_vector_o,
  output logic [7:0]            act_reads_vector_o,
  output logic [7:0]            act_writes_vector_o,
  output logic [8:0]            vector_lane_ops_o
);
  localparam logic [1:0] Packs = {PeModes == 2, PeModes != 0};  // bits of a pack that count

  qsim_pkg::vector_t next, op_q;
  assign next = instr_i[qsim_pkg::VectorBits-1:0];
  assign op_o = op_q;

  logic windowed, has_parameters;
  assign is_requant_o = op_q.function_ == 4'(qsim_pkg::VectorRequant);
  assign is_add_o = op_q.function_ == 4'(qsim_pkg::VectorAdd);
  assign is_max_o = op_q.function_ == 4'(qsim_pkg::VectorMaxPool);
  assign is_depthwise_o = op_q.function_ == 4'(qsim_pkg::VectorDepthwise);
  assign windowed = is_max_o | is_depthwise_o | op_q.function_ == 4'(qsim_pkg::VectorAveragePool);
  assign has_parameters = is_requant_o | is_depthwise_o;

  logic [3:0] setup_q;
  logic run_q;

  // Of the block.
  logic [11:0] blocks_left_q;  // after this one
  logic [8:0] channels;
  logic [7:0] words, words_src_q, words_src2_q, words_dst_q;
  logic [ChunkBits-1:0] last_chunk_q;
  logic [ChunkBytes-1:0] last_enable_q;
  logic [8:0] wait_src_q, wait_src2_q;  // cycles before an operand's first chunk
  logic [ParamBits-1:0] param_q, weights_q;

  // Where in the block.
  logic [13:0] x_left_q, y_left_q;
  logic [7:0] kx_left_q, ky_left_q;
  logic [8:0] wait_q;
  logic [ChunkBits-1:0] chunk_q;
  logic [8:0] offset_q;  // first channel of the chunk
  logic [3:0] tap_q;
  logic first_q, second_q;

  logic read, last_chunk, last_operand, operand_end, pixel_end, block_end, last_pixel, end_of_op;
  assign read = run_q && wait_q == '0;
  assign last_chunk = Chunks == 1 || chunk_q == last_chunk_q;
  assign last_operand = is_add_o ? second_q : (kx_left_q == '0 && ky_left_q == '0);
  assign last_pixel = x_left_q == '0 && y_left_q == '0;
  assign operand_end = read & last_chunk;
  assign pixel_end = operand_end & last_operand;
  assign block_end = pixel_end & last_pixel;
  assign end_of_op = block_end && blocks_left_q == '0;
  assign free_o = (!run_q && setup_q == '0) | end_of_op;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      setup_q <= '0;
      run_q <= 1'b0;
    end else begin
      setup_q <= {setup_q[2:0], issue_i | (block_end & !end_of_op)};
      if (setup_q[3]) run_q <= 1'b1;
      else if (block_end) run_q <= 1'b0;
    end
  end

  always_ff @(posedge clk_i) begin
    if (issue_i) begin
      op_q <= next;
      blocks_left_q <= next.blocks - 1'b1;
    end else if (block_end) begin
      blocks_left_q <= blocks_left_q - 1'b1;
    end
  end

  // The cost of the block, and how much of it is waiting.
  assign channels = blocks_left_q == '0 ? op_q.last_channels : 9'(Cols);
  logic [8:0] least, least2, cost_src, chunk_count;
  assign chunk_count = 9'(last_chunk_q) + 1'b1;
  assign least = !is_requant_o && 9'(words_src_q) > chunk_count ? 9'(words_src_q) : chunk_count;
  assign least2 = 9'(words_src2_q) > chunk_count ? 9'(words_src2_q) : chunk_count;
  assign cost_src =
      !is_add_o && (!windowed || (op_q.kh == 8'd1 && op_q.kw == 8'd1)) && 9'(words_dst_q) > least ? 9'(words_dst_q) : least;

  always_ff @(posedge clk_i) begin
    if (setup_q[0]) begin
      words_src_q <= words;
      last_chunk_q <= ChunkBits'((32'(channels) - 1) / ChunkBytes);
    end
    if (setup_q[1]) begin
      words_src2_q <= words;
      last_enable_q <= ~({ChunkBytes{1'b1}} << (32'(channels) - 32'(last_chunk_q) * ChunkBytes));
    end
    if (setup_q[2]) words_dst_q <= words;
    if (setup_q[3]) begin
      wait_src_q <= cost_src - chunk_count;
      wait_src2_q <= least2 - chunk_count;
    end
  end

  always_ff @(posedge clk_i) begin
    if (setup_q[3]) begin
      wait_q <= cost_src - chunk_count;
      chunk_q <= '0;
      offset_q <= '0;
      first_q <= 1'b1;
      second_q <= 1'b0;
    end else if (run_q) begin
      if (!read) begin
        wait_q <= wait_q - 1'b1;
      end else if (!last_chunk) begin
        chunk_q <= chunk_q + 1'b1;
        offset_q <= offset_q + 9'(ChunkBytes);
      end else begin
        chunk_q <= '0;
        offset_q <= '0;
        first_q <= last_operand;
        second_q <= is_add_o & !second_q;
        wait_q <= is_add_o && !second_q ? wait_src2_q : wait_src_q;
      end
    end
  end

  logic tap_row_end, step_tap, step_tap_row, step_pixel, step_row;
  assign tap_row_end = kx_left_q == '0;
  assign step_tap = operand_end & !last_operand & !tap_row_end;
  assign step_tap_row = operand_end & !last_operand & tap_row_end & !is_add_o;
  assign step_pixel = pixel_end && x_left_q != '0;
  assign step_row = pixel_end && x_left_q == '0 && y_left_q != '0;

  always_ff @(posedge clk_i) begin
    if (setup_q[3]) begin
      x_left_q <= op_q.out_w - 1'b1;
      y_left_q <= op_q.out_h - 1'b1;
    end else if (step_pixel) begin
      x_left_q <= x_left_q - 1'b1;
    end else if (step_row) begin
      x_left_q <= op_q.out_w - 1'b1;
      y_left_q <= y_left_q - 1'b1;
    end
    if (setup_q[3] | pixel_end) begin
      kx_left_q <= windowed ? op_q.kw - 1'b1 : '0;
      ky_left_q <= windowed ? op_q.kh - 1'b1 : '0;
      tap_q <= '0;
    end else if (step_tap | step_tap_row) begin
      kx_left_q <= tap_row_end ? op_q.kw - 1'b1 : kx_left_q - 1'b1;
      if (tap_row_end) ky_left_q <= ky_left_q - 1'b1;
      tap_q <= tap_q + 1'b1;
    end
  end

  // The tap whose weights begin a parameter word.
  logic word_start;
  logic [1:0] weight_pack;
  assign weight_pack = op_q.weight_pack & Packs;
  assign word_start = tap_q[1:0] == '0 && (weight_pack == '0 || !tap_q[2]) && (!weight_pack[1] || !tap_q[3]);

  // A block's words lie one behind the other, those of its weights are read anew for every pixel; the next block follows.
  logic weights_read;
  assign weights_read = read && is_depthwise_o && chunk_q == '0 && word_start;
  assign param_re_o = (has_parameters && setup_q != '0) | weights_read;
  assign param_addr_o = param_q;
  always_ff @(posedge clk_i) begin
    if (issue_i) param_q <= ParamBits'(next.param);
    else if (pixel_end & !last_pixel) param_q <= weights_q;
    else if (param_re_o) param_q <= param_q + ParamBits'(4 * Cols);
    if (setup_q[3]) weights_q <= param_q + ParamBits'(4 * Cols);
  end

  logic [ActBits-1:0] src, src2, dst;
  logic pad;
  qsim_vector_agu #(.Rows(Rows), .Cols(Cols), .PeModes(PeModes), .ActBits(ActBits), .AccBits(AccBits)) u_agu (
    .clk_i, .issue_i, .next_i(next), .op_i(op_q), .setup_i(setup_q), .block_i(block_end),
    .step_tap_i(step_tap), .step_tap_row_i(step_tap_row), .step_pixel_i(step_pixel), .step_row_i(step_row),
    .channels_i(channels), .words_o(words),
    .src_o(src), .pad_o(pad), .src2_o(src2), .dst_o(dst), .acc_o(acc_raddr_o)
  );

  assign setup_o = setup_q;
  assign read_o = read;
  assign first_o = first_q;
  assign last_o = last_operand;
  assign second_o = second_q;
  assign pad_o = pad & !is_add_o;
  assign end_o = end_of_op;
  assign tap_o = tap_q;
  assign chunk_o = chunk_q;
  assign enable_o = last_chunk ? last_enable_q : '1;
  assign dst_o = dst + (ActBits'(offset_q) >> (op_q.dst_pack & Packs));

  assign acc_re_o = read && is_requant_o && chunk_q == '0;
  assign act_re_o = read & !is_requant_o & !pad_o;
  assign act_raddr_o = (second_q ? src2 : src) + (ActBits'(offset_q) >> ((second_q ? op_q.src2_pack : op_q.src_pack) & Packs));

  logic operand_start;
  assign operand_start = read && chunk_q == '0;
  assign acc_reads_vector_o = acc_re_o;
  assign act_reads_vector_o = operand_start & !is_requant_o ? (second_q ? words_src2_q : words_src_q) : '0;
  assign act_writes_vector_o = pixel_end ? words_dst_q : '0;
  assign vector_lane_ops_o = operand_start ? channels : '0;
endmodule
