// Where the operand of each streamed pixel lies: addresses by addition alone, one a cycle.
//
// load_i takes a matmul; from the next cycle on address_o and padding_o belong to pixel 0 of tile 0. step_i goes to the next pixel. With tile_i as well it goes to the next tile (channel blocks
// fastest, then kx, then ky, then again the first) and back to the marked pixel; mark_i, with step_i, marks the pixel that comes next instead, and leaves pixels in their order.
// address_o is a byte address; it means nothing where padding_o says that the tap is outside of the source.

module qsim_matmul_agu #(
  parameter int unsigned Rows = 16
) (
  input  logic              clk_i,
  input  logic              load_i,
  input  qsim_pkg::matmul_t op_i,
  input  logic              step_i,
  input  logic              tile_i,
  input  logic              mark_i,
  output logic [31:0]       address_o,
  output logic              padding_o
);
  // Of the instruction.
  logic [31:0] in_h_q, in_w_q, stride_h_q, stride_w_q, dilation_h_q, dilation_w_q;
  logic [31:0] row_step_q, pixel_step_q, tap_row_step_q, tap_step_q;  // words
  logic [15:0] out_w_q, cblocks_q, kh_q, kw_q;
  logic [31:0] origin_q, origin_y_q, origin_x_q;

  // Of the tile: words of pixel (0, 0)'s tap and its coordinates; of its row of taps; counters.
  logic [31:0] tap_q, tap_row_q, tap_y_q, tap_x_q;
  logic [15:0] cb_q, kx_q, ky_q;

  // Of the pixel: words and source pixels from pixel (0, 0) on; of its row; the marked one.
  logic [31:0] pixel_q, row_q, y_q, x_q, marked_pixel_q, marked_row_q, marked_y_q, marked_x_q;
  logic [15:0] column_q, marked_column_q;

  logic [31:0] y, x;
  assign y = tap_y_q + y_q;
  assign x = tap_x_q + x_q;
  // Unsigned, so that what is negative is too large.
  assign padding_o = y >= in_h_q || x >= in_w_q;
  assign address_o = (tap_q + pixel_q) * Rows;

  logic [31:0] next_pixel, next_row, next_y, next_x;
  logic [15:0] next_column;
  always_comb begin
    if (column_q == out_w_q) begin
      next_row = row_q + row_step_q;
      next_pixel = row_q + row_step_q;
      next_y = y_q + stride_h_q;
      next_x = '0;
      next_column = 16'd1;
    end else begin
      next_row = row_q;
      next_pixel = pixel_q + pixel_step_q;
      next_y = y_q;
      next_x = x_q + stride_w_q;
      next_column = column_q + 16'd1;
    end
  end

  logic [31:0] origin, origin_y, origin_x;
  assign origin_y = 32'(op_i.y0);
  assign origin_x = 32'(op_i.x0);
  assign origin = 32'(op_i.act) + origin_y * 32'(op_i.act_row_pitch) + origin_x * 32'(op_i.act_pixel_pitch);

  always_ff @(posedge clk_i) begin
    if (load_i) begin
      in_h_q <= 32'(op_i.in_h);
      in_w_q <= 32'(op_i.in_w);
      stride_h_q <= 32'(op_i.stride_h);
      stride_w_q <= 32'(op_i.stride_w);
      dilation_h_q <= 32'(op_i.dilation_h);
      dilation_w_q <= 32'(op_i.dilation_w);
      row_step_q <= 32'(op_i.stride_h) * 32'(op_i.act_row_pitch);
      pixel_step_q <= 32'(op_i.stride_w) * 32'(op_i.act_pixel_pitch);
      tap_row_step_q <= 32'(op_i.dilation_h) * 32'(op_i.act_row_pitch);
      tap_step_q <= 32'(op_i.dilation_w) * 32'(op_i.act_pixel_pitch);
      out_w_q <= 16'(op_i.out_w);
      cblocks_q <= 16'(op_i.cblocks);
      kh_q <= 16'(op_i.kh);
      kw_q <= 16'(op_i.kw);
      origin_q <= origin;
      origin_y_q <= origin_y;
      origin_x_q <= origin_x;
      tap_q <= origin;
      tap_row_q <= origin;
      tap_y_q <= origin_y;
      tap_x_q <= origin_x;
      cb_q <= 16'd1;
      kx_q <= 16'd1;
      ky_q <= 16'd1;
      pixel_q <= '0;
      row_q <= '0;
      y_q <= '0;
      x_q <= '0;
      column_q <= 16'd1;
      marked_pixel_q <= '0;
      marked_row_q <= '0;
      marked_y_q <= '0;
      marked_x_q <= '0;
      marked_column_q <= 16'd1;
    end else if (step_i) begin
      if (mark_i) begin
        marked_pixel_q <= next_pixel;
        marked_row_q <= next_row;
        marked_y_q <= next_y;
        marked_x_q <= next_x;
        marked_column_q <= next_column;
      end
      if (tile_i && !mark_i) begin
        pixel_q <= marked_pixel_q;
        row_q <= marked_row_q;
        y_q <= marked_y_q;
        x_q <= marked_x_q;
        column_q <= marked_column_q;
      end else begin
        pixel_q <= next_pixel;
        row_q <= next_row;
        y_q <= next_y;
        x_q <= next_x;
        column_q <= next_column;
      end
      if (tile_i) begin
        if (cb_q != cblocks_q) begin
          cb_q <= cb_q + 16'd1;
          tap_q <= tap_q + 32'd1;
        end else begin
          cb_q <= 16'd1;
          if (kx_q != kw_q) begin
            kx_q <= kx_q + 16'd1;
            tap_q <= tap_q - 32'(cblocks_q) + 32'd1 + tap_step_q;
            tap_x_q <= tap_x_q + dilation_w_q;
          end else begin
            kx_q <= 16'd1;
            tap_x_q <= origin_x_q;
            if (ky_q != kh_q) begin
              ky_q <= ky_q + 16'd1;
              tap_q <= tap_row_q + tap_row_step_q;
              tap_row_q <= tap_row_q + tap_row_step_q;
              tap_y_q <= tap_y_q + dilation_h_q;
            end else begin
              ky_q <= 16'd1;
              tap_q <= origin_q;
              tap_row_q <= origin_q;
              tap_y_q <= origin_y_q;
            end
          end
        end
      end
    end
  end

endmodule
