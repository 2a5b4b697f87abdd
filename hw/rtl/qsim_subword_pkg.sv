// Multiplier of an element that knows narrow codes (PeModes > 0): one product of 8-bit codes, or the sum of two products of 4-bit codes, or of four of
// 2-bit codes, all signed. Code i of an operand stands at bits i * 8 / 2^mode. docs/decisions/0007-sub-word-elements.md says why it is made like this.
//
// One array of 8 x 8 partial products serves all modes. The weight's codes are turned round, so that the products that are wanted, code i by code i,
// lie along the anti-diagonal, where all have the same place value: 2^4 for 4-bit codes, 2^6 for 2-bit ones. The other products are not kept.
// Row j of `bits` is the activation times bit j of the turned weight. Where just one of the two bits has negative weight, -2^n x is 2^n (1 - x) - 2^n: `flip` inverts
// the bit, and the sum begins with all those -2^n (Baugh and Wooley).

package qsim_subword_pkg;

  // mode: log2 of the products; a constant 0 in bit 1 leaves no hardware for 2-bit codes. The result is signed.
  function automatic logic [15:0] product(input logic [1:0] mode, input logic [7:0] act, input logic [7:0] weight);
    /* verilator no_inline_task */
    logic [7:0] w;
    logic [63:0] keep, flip, bits;
    logic [15:0] sum;
    w = mode[1] ? {weight[1:0], weight[3:2], weight[5:4], weight[7:6]} : mode[0] ? {weight[3:0], weight[7:4]} : weight;
    keep = mode[1] ? 64'h03030c0c_3030c0c0 : mode[0] ? 64'h0f0f0f0f_f0f0f0f0 : 64'hffffffff_ffffffff;
    flip = mode[1] ? 64'h01020408_10204080 : mode[0] ? 64'h07080808_70808080 : 64'h7f808080_80808080;
    bits = ({8{act}} & {{8{w[7]}}, {8{w[6]}}, {8{w[5]}}, {8{w[4]}}, {8{w[3]}}, {8{w[2]}}, {8{w[1]}}, {8{w[0]}}} & keep) ^ flip;
    sum = (mode[1] ? 16'hfc00 : mode[0] ? 16'hf200 : 16'h8100)
      + 16'(bits[7:0]) + (16'(bits[15:8]) << 1) + (16'(bits[23:16]) << 2) + (16'(bits[31:24]) << 3)
      + (16'(bits[39:32]) << 4) + (16'(bits[47:40]) << 5) + (16'(bits[55:48]) << 6) + (16'(bits[63:56]) << 7);
    product = mode[1] ? 16'(signed'(sum[11:6])) : mode[0] ? 16'(signed'(sum[12:4])) : sum;
  endfunction

endpackage
