// How many buffer words of Rows bytes are touched by bytes_i bytes from byte address_i on (T15): combinational.
// The one place that divides by Rows. For a power of two it is wiring and an adder; otherwise a constant remainder of 26 bits and
// a constant quotient of 9, which the unit has four cycles a block for: address_i may be held as long as synthesis likes.
module qsim_vector_words #(
  parameter int unsigned Rows = 16,
  parameter int unsigned AddressBits = 18
) (
  input  logic [AddressBits-1:0] address_i,
  input  logic [8:0]             bytes_i,
  output logic [7:0]             words_o
);
  if (Rows < 2 || Rows > 256) $error("Rows is outside [2, 256]");

  localparam int unsigned RowBits = $clog2(Rows);
  logic [9:0] final_byte;  // counted from the start of the word that holds the first byte

  if (Rows == 2 ** RowBits) begin : gen_slice
    assign final_byte = 10'(address_i[RowBits-1:0]) + 10'(bytes_i) - 10'd1;
    assign words_o = 8'(final_byte >> RowBits) + 8'd1;
  end else begin : gen_divide
    assign final_byte = 10'(32'(address_i) % Rows) + 10'(bytes_i) - 10'd1;
    assign words_o = 8'(32'(final_byte) / Rows) + 8'd1;
  end
endmodule
