// Delays a word by Stages cycles of en_i; Stages = 0 is a wire. No reset.

module qsim_skew #(
  parameter int unsigned Width = 8,
  parameter int unsigned Stages = 1
) (
  input  logic             clk_i,
  input  logic             en_i,
  input  logic [Width-1:0] data_i,
  output logic [Width-1:0] data_o
);
  logic [Width-1:0] stage[Stages+1];
  assign stage[0] = data_i;
  assign data_o = stage[Stages];

  for (genvar s = 0; s < Stages; s++) begin : gen_stage
    logic [Width-1:0] data_q;
    always_ff @(posedge clk_i) begin
      if (en_i) data_q <= stage[s];
    end
    assign stage[s+1] = data_q;
  end

endmodule
