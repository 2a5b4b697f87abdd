// Which bytes of a beat count. Combinational, for load and store: a burst's bytes are those from skip_i to end_i, counted from byte
// 0 of its first beat; first_i says that this is the first beat. Later beats go by rest_i, the rest_o of the beat before.
module qsim_beat #(
  parameter  int unsigned BusBytes = 16,
  localparam int unsigned SkipBits = $clog2(BusBytes),
  localparam int unsigned SpanBits = $clog2(qsim_pkg::MaxBurstBeats * BusBytes) + 1
) (
  input  logic                first_i,
  input  logic [SkipBits-1:0] skip_i,
  input  logic [SpanBits-1:0] end_i,
  input  logic [SpanBits-1:0] rest_i,
  output logic [BusBytes-1:0] be_o,
  output logic                last_o,
  output logic [SpanBits-1:0] rest_o
);
  if (BusBytes < 4 || BusBytes > 64 || 1 << $clog2(BusBytes) != BusBytes)
    $error("qsim_beat: BusBytes is not 4, 8, 16, 32 or 64");

  logic [SpanBits-1:0] span;
  logic [BusBytes-1:0] from, upto;

  assign span   = first_i ? end_i : rest_i;
  assign last_o = span <= SpanBits'(BusBytes);
  assign rest_o = span - SpanBits'(BusBytes);
  assign from   = first_i ? {BusBytes{1'b1}} << skip_i : {BusBytes{1'b1}};
  assign upto  = last_o ? ~({BusBytes{1'b1}} << span[SkipBits:0]) : {BusBytes{1'b1}};
  assign be_o   = from & upto;
endmodule
