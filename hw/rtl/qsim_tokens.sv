// The token counters between units, one for each ordered pair (T7): from 0 to TokenDepth.
//
// Bit 4 * u + v of a port belongs to unit u, who takes (available, take) from unit v or gives (full, give) to unit v.
// A give in cycle t counts from t + 1 on, so does a take; both may come in one cycle. available_o, full_o: registers.
// Nobody takes what is not available and nobody gives to what is full: not checked here. clear_i empties all (T2).
module qsim_tokens #(
  parameter int unsigned TokenDepth = 16
) (
  input  logic        clk_i,
  input  logic        rst_ni,
  input  logic        clear_i,
  input  logic [15:0] take_i,
  input  logic [15:0] give_i,
  output logic [15:0] available_o,
  output logic [15:0] full_o
);
  if (TokenDepth < 1 || TokenDepth > 63) $error("qsim_tokens: TokenDepth is outside [1, 63]");

  for (genvar giver = 0; giver < 4; giver++) begin : gen_giver
    for (genvar taker = 0; taker < 4; taker++) begin : gen_taker
      logic [7:0] count_q;
      logic       give, take;

      assign give = give_i[4*giver+taker];
      assign take = take_i[4*taker+giver];

      always_ff @(posedge clk_i or negedge rst_ni) begin
        if (!rst_ni) count_q <= '0;
        else if (clear_i) count_q <= '0;
        else if (give != take) count_q <= give ? count_q + 8'd1 : count_q - 8'd1;
      end

      assign available_o[4*taker+giver] = count_q != '0;
      assign full_o[4*giver+taker]      = count_q == 8'(TokenDepth);
    end
  end
endmodule
