// First-in first-out queue whose head stands in a register: an entry pushed in cycle t into an empty queue is at the head
// in t + 1, and after a pop in cycle t the next entry is the head in t + 1. One push and one pop a cycle.
//
// valid_o: there is a head, data_o is it. room_o: fewer than Depth entries at the start of the cycle. Both are registers'.
// Whoever pushes looks at room_o, whoever pops at valid_o: neither is checked here. A pop makes room from the next cycle on.
module qsim_fifo #(
  parameter int unsigned Width = 512,
  parameter int unsigned Depth = 16
) (
  input  logic             clk_i,
  input  logic             rst_ni,
  input  logic             push_i,
  input  logic [Width-1:0] data_i,
  input  logic             pop_i,
  output logic [Width-1:0] data_o,
  output logic             valid_o,
  output logic             room_o
);
  if (Width < 1) $error("qsim_fifo: Width is less than 1");
  if (Depth < 1 || Depth > 64) $error("qsim_fifo: Depth is outside [1, 64]");

  localparam int unsigned CountBits = $clog2(Depth + 1);

  logic [CountBits-1:0] count_q;
  logic                 to_head, to_tail, from_tail;
  logic [Width-1:0]     tail, head_q;

  // What is pushed becomes the head when nothing else is left to be it.
  assign to_head = push_i & (count_q == '0 | (pop_i & count_q == CountBits'(1)));
  assign to_tail = push_i & ~to_head;
  assign from_tail = pop_i & count_q != CountBits'(1);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) count_q <= '0;
    else if (push_i != pop_i) count_q <= push_i ? count_q + CountBits'(1) : count_q - CountBits'(1);
  end

  always_ff @(posedge clk_i) begin
    if (to_head) head_q <= data_i;
    else if (from_tail) head_q <= tail;
  end

  if (Depth == 1) begin : gen_head_only
    logic unused;
    assign tail = head_q;
    assign unused = to_tail;
  end else begin : gen_tail
    localparam int unsigned Last = Depth - 2;
    localparam int unsigned PointerBits = Depth == 2 ? 1 : $clog2(Depth - 1);

    logic [PointerBits-1:0] write_q, read_q;
    logic [Width-1:0]       mem [0:Last];

    assign tail = mem[read_q];

    always_ff @(posedge clk_i or negedge rst_ni) begin
      if (!rst_ni) begin
        write_q <= '0;
        read_q  <= '0;
      end else begin
        if (to_tail) write_q <= write_q == PointerBits'(Last) ? '0 : write_q + PointerBits'(1);
        if (from_tail) read_q <= read_q == PointerBits'(Last) ? '0 : read_q + PointerBits'(1);
      end
    end

    always_ff @(posedge clk_i) begin
      if (to_tail) mem[write_q] <= data_i;
    end
  end

  assign data_o  = head_q;
  assign valid_o = count_q != '0;
  assign room_o  = count_q != CountBits'(Depth);
endmodule
