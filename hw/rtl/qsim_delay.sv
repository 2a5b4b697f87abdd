// Delays a control word by Stages >= 1 cycles; all zero after reset.

module qsim_delay #(
  parameter int unsigned Width = 8,
  parameter int unsigned Stages = 1
) (
  input  logic             clk_i,
  input  logic             rst_ni,
  input  logic             en_i,
  input  logic [Width-1:0] data_i,
  output logic [Width-1:0] data_o
);
  if (Stages < 1) begin : gen_range
    $error("Stages is less than 1");
  end

  logic [Width-1:0] stage[Stages+1];
  assign stage[0] = data_i;
  assign data_o = stage[Stages];

  for (genvar s = 0; s < Stages; s++) begin : gen_stage
    logic [Width-1:0] data_q;
    always_ff @(posedge clk_i or negedge rst_ni) begin
      if (!rst_ni) data_q <= '0;
      else if (en_i) data_q <= stage[s];
    end
    assign stage[s+1] = data_q;
  end

endmodule
