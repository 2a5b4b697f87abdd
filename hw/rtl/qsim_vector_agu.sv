// Addresses of the vector unit: source of a tap and whether it is padding, second source, destination, accumulator word; walked
// by additions alone. The products that the steps need are made in a block's setup cycles, by two multipliers.
//
// All addresses are modulo the buffer's size; those of padding taps mean nothing.
// Handshake: issue_i with next_i, the new instruction; op_i is the current one from the cycle after on. setup_i bit k in cycle
// k + 1 of a block. Then the outputs are those of the block's first pixel and tap; a step (at most one a cycle) shows in the cycle
// after. block_i in the last cycle of a block, also when an instruction issues in it.
// With PeModes > 0 operands hold 2^pack codes a byte: a block is so much shorter.
// words_o belongs to the source, the second source and the destination in setup cycles 1, 2 and 3.
module qsim_vector_agu #(
  parameter int unsigned Rows = 16,
  parameter int unsigned Cols = 16,
  parameter int unsigned PeModes = 0,
  parameter int unsigned ActBits = 18,
  parameter int unsigned AccBits = 10
) (
  input  logic                clk_i,
  input  logic                issue_i,
  input  qsim_pkg::vector_t   next_i,
  input  qsim_pkg::vector_t   op_i,
  input  logic [3:0]          setup_i,
  input  logic                block_i,
  input  logic                step_tap_i,      // next column of the window
  input  logic                step_tap_row_i,  // first column of the window's next row
  input  logic                step_pixel_i,
  input  logic                step_row_i,      // first pixel of the next output row
  input  logic [8:0]          channels_i,
  output logic [7:0]          words_o,
  output logic [ActBits-1:0]  src_o,
  output logic                pad_o,
  output logic [ActBits-1:0]  src2_o,
  output logic [ActBits-1:0]  dst_o,
  output logic [AccBits-1:0]  acc_o
);
  // Source coordinates: 2^14 pixels of stride 63 and 255 taps of dilation 63, from -2^15 on.
  localparam int unsigned CoordinateBits = 22;

  logic [ActBits-1:0] src_block_q, src2_block_q, dst_block_q;
  logic [AccBits-1:0] acc_q;

  // y: rows; x: columns. Bytes of the origin (y0, x0), of an output step, of a tap.
  logic [ActBits-1:0] origin_y_q, origin_x_q, step_y_q, step_x_q, tap_y_q, tap_x_q;
  // First tap of the output row's first pixel, of the pixel, of the window's row; the tap.
  logic [ActBits-1:0] row_q, pixel_q, tap_row_q, tap_q;
  logic [ActBits-1:0] src2_row_q, src2_pixel_q, dst_row_q, dst_pixel_q;
  logic signed [CoordinateBits-1:0] y_row_q, y_tap_q, x_pixel_q, x_tap_q;

  localparam logic [1:0] Packs = {PeModes == 2, PeModes != 0};  // bits of a pack that count
  logic [1:0] src_pack, src2_pack, dst_pack, pack;
  assign src_pack = op_i.src_pack & Packs;
  assign src2_pack = op_i.src2_pack & Packs;
  assign dst_pack = op_i.dst_pack & Packs;
  assign pack = setup_i[0] ? src_pack : setup_i[1] ? src2_pack : dst_pack;

  // Bytes of the block's codes.
  logic [8:0] bytes;
  assign bytes = (channels_i + (pack[1] ? 9'd3 : 9'(pack[0]))) >> pack;

  logic [ActBits-1:0] address;
  assign address = setup_i[0] ? src_block_q : setup_i[1] ? src2_block_q : dst_block_q;
  qsim_vector_words #(.Rows(Rows), .AddressBits(ActBits)) u_words (
    .address_i(address), .bytes_i(bytes), .words_o
  );

  always_ff @(posedge clk_i) begin
    if (issue_i) begin
      src_block_q <= ActBits'(next_i.src);
      src2_block_q <= ActBits'(next_i.src2);
      dst_block_q <= ActBits'(next_i.dst);
    end else if (block_i) begin
      src_block_q <= src_block_q + ActBits'(Cols >> src_pack);
      src2_block_q <= src2_block_q + ActBits'(Cols >> src2_pack);
      dst_block_q <= dst_block_q + ActBits'(Cols >> dst_pack);
    end
    if (issue_i) acc_q <= AccBits'(next_i.src);
    else if (step_pixel_i | step_row_i | block_i) acc_q <= acc_q + 1'b1;
  end

  logic [ActBits-1:0] factor_y, factor_x;
  always_comb begin
    factor_y = ActBits'(op_i.dilation_h);
    factor_x = ActBits'(op_i.dilation_w);
    if (setup_i[0]) begin
      factor_y = ActBits'(op_i.y0);
      factor_x = ActBits'(op_i.x0);
    end else if (setup_i[1]) begin
      factor_y = ActBits'(op_i.stride_h);
      factor_x = ActBits'(op_i.stride_w);
    end
  end

  always_ff @(posedge clk_i) begin
    if (|setup_i[2:0]) begin
      tap_y_q <= factor_y * ActBits'(op_i.src_row_pitch);
      tap_x_q <= factor_x * ActBits'(op_i.src_pixel_pitch);
      step_y_q <= tap_y_q;
      step_x_q <= tap_x_q;
      origin_y_q <= step_y_q;
      origin_x_q <= step_x_q;
    end
  end

  logic step_out;
  assign step_out = step_pixel_i | step_row_i;
  logic [ActBits-1:0] origin, next_pixel;
  assign origin = src_block_q + origin_y_q + origin_x_q;
  assign next_pixel = step_row_i ? row_q + step_y_q : pixel_q + step_x_q;

  always_ff @(posedge clk_i) begin
    if (setup_i[3]) begin
      row_q <= origin;
      pixel_q <= origin;
      tap_row_q <= origin;
      tap_q <= origin;
      y_row_q <= CoordinateBits'(op_i.y0);
      y_tap_q <= CoordinateBits'(op_i.y0);
      x_pixel_q <= CoordinateBits'(op_i.x0);
      x_tap_q <= CoordinateBits'(op_i.x0);
    end else if (step_out) begin
      pixel_q <= next_pixel;
      tap_row_q <= next_pixel;
      tap_q <= next_pixel;
      if (step_row_i) begin
        row_q <= next_pixel;
        y_row_q <= y_row_q + CoordinateBits'(op_i.stride_h);
        y_tap_q <= y_row_q + CoordinateBits'(op_i.stride_h);
        x_pixel_q <= CoordinateBits'(op_i.x0);
        x_tap_q <= CoordinateBits'(op_i.x0);
      end else begin
        y_tap_q <= y_row_q;
        x_pixel_q <= x_pixel_q + CoordinateBits'(op_i.stride_w);
        x_tap_q <= x_pixel_q + CoordinateBits'(op_i.stride_w);
      end
    end else if (step_tap_row_i) begin
      tap_row_q <= tap_row_q + tap_y_q;
      tap_q <= tap_row_q + tap_y_q;
      y_tap_q <= y_tap_q + CoordinateBits'(op_i.dilation_h);
      x_tap_q <= x_pixel_q;
    end else if (step_tap_i) begin
      tap_q <= tap_q + tap_x_q;
      x_tap_q <= x_tap_q + CoordinateBits'(op_i.dilation_w);
    end
  end

  always_ff @(posedge clk_i) begin
    if (setup_i[3]) begin
      src2_row_q <= src2_block_q;
      src2_pixel_q <= src2_block_q;
      dst_row_q <= dst_block_q;
      dst_pixel_q <= dst_block_q;
    end else if (step_row_i) begin
      src2_row_q <= src2_row_q + ActBits'(op_i.src2_row_pitch);
      src2_pixel_q <= src2_row_q + ActBits'(op_i.src2_row_pitch);
      dst_row_q <= dst_row_q + ActBits'(op_i.dst_row_pitch);
      dst_pixel_q <= dst_row_q + ActBits'(op_i.dst_row_pitch);
    end else if (step_pixel_i) begin
      src2_pixel_q <= src2_pixel_q + ActBits'(op_i.src2_pixel_pitch);
      dst_pixel_q <= dst_pixel_q + ActBits'(op_i.dst_pixel_pitch);
    end
  end

  assign src_o = tap_q;
  // Negative coordinates are large ones here.
  assign pad_o = $unsigned(y_tap_q) >= CoordinateBits'(op_i.in_h) || $unsigned(x_tap_q) >= CoordinateBits'(op_i.in_w);
  assign src2_o = src2_pixel_q;
  assign dst_o = dst_pixel_q;
  assign acc_o = acc_q;
endmodule
