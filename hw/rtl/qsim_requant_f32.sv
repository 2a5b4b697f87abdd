// Rounds acc * multiplier * 2^-shift as onnxruntime does, with two float32 roundings on the way (A12); a plain operator leaves
// them out and is exact (A20 to A22). All on the magnitude: RNE does not care for the sign.
// Stages, ports and ranges are those of qsim_requant. Before the zero point is added, values are saturated to [-512, 512] (A7).
module qsim_requant_f32 (
  input  logic               clk_i,
  input  logic [3:0]         valid_i,
  input  logic signed [31:0] acc_i,
  input  logic [30:0]        multiplier_i,
  input  logic [5:0]         shift_i,
  input  logic               plain_i,
  input  logic               plain_late_i,
  input  logic signed [7:0]  zero_i,
  input  logic signed [7:0]  low_i,
  input  logic signed [7:0]  high_i,
  output logic [7:0]         code_o
);
  logic negative_0_q, negative_1_q, negative_2_q;
  logic [31:0] magnitude_q;
  logic [30:0] multiplier_q;
  logic [3:0] dropped_q;
  logic [5:0] shift_0_q;
  logic signed [7:0] shift_1_q, shift_2_q;
  logic [63:0] product_q, value_q;

  // RNE(v * 2^-s) of v < 2^63.
  function automatic logic [63:0] rne(input logic [63:0] v, input logic [5:0] s);
    logic [63:0] twice;
    logic sticky, up;
    twice = (v << 1) >> s;
    sticky = |(v & (((64'd1 << s) - 64'd1) >> 1));
    up = twice[0] & (twice[1] | sticky);
    rne = (twice >> 1) + 64'(up);
  endfunction

  always_ff @(posedge clk_i) begin
    if (valid_i[0]) begin : stage_0
      logic [31:0] magnitude;
      logic [3:0] drop;  // bits above 24
      magnitude = acc_i < 0 ? -acc_i : acc_i;
      if (plain_i) drop = 4'd0;
      else if (magnitude[31]) drop = 4'd8;
      else if (magnitude[30]) drop = 4'd7;
      else if (magnitude[29]) drop = 4'd6;
      else if (magnitude[28]) drop = 4'd5;
      else if (magnitude[27]) drop = 4'd4;
      else if (magnitude[26]) drop = 4'd3;
      else if (magnitude[25]) drop = 4'd2;
      else if (magnitude[24]) drop = 4'd1;
      else drop = 4'd0;
      magnitude_q <= 32'(rne(64'(magnitude), 6'(drop)));
      dropped_q <= drop;
      negative_0_q <= acc_i < 0;
      multiplier_q <= multiplier_i;
      shift_0_q <= shift_i;
    end
    if (valid_i[1]) begin
      product_q <= 64'(magnitude_q) * 64'(multiplier_q);
      shift_1_q <= 8'(shift_0_q) - 8'(dropped_q);
      negative_1_q <= negative_0_q;
    end
    if (valid_i[2]) begin : stage_2
      logic [24:0] above;  // bits above 24: the product has 49
      logic [5:0] drop;
      above = product_q[48:24];
      drop = 6'd0;
      if (!plain_late_i && above != '0) begin
        drop = 6'd1;
        if (above[24:16] != '0) begin
          drop = drop + 6'd16;
          above = above >> 16;
        end
        if (above[15:8] != '0) begin
          drop = drop + 6'd8;
          above = above >> 8;
        end
        if (above[7:4] != '0) begin
          drop = drop + 6'd4;
          above = above >> 4;
        end
        if (above[3:2] != '0) begin
          drop = drop + 6'd2;
          above = above >> 2;
        end
        if (above[1]) drop = drop + 6'd1;
      end
      value_q <= rne(product_q, drop);
      shift_2_q <= shift_1_q - 8'(drop);
      negative_2_q <= negative_1_q;
    end
    if (valid_i[3]) begin : stage_3
      logic [63:0] scaled;  // a shift to the left ends below 2^57
      logic signed [11:0] limited, sum;
      scaled = shift_2_q < 0 ? value_q << 6'(-shift_2_q) : rne(value_q, shift_2_q[5:0]);
      limited = scaled > 64'd512 ? 12'sd512 : scaled[11:0];
      sum = (negative_2_q ? -limited : limited) + 12'(zero_i);
      code_o <= sum < 12'(low_i) ? low_i : sum > 12'(high_i) ? high_i : sum[7:0];
    end
  end
endmodule
