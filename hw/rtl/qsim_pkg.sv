// What the RTL shares with the compiler and the other engines. Printed by
// `qsim machines --rtl-package` from hw/spec; do not edit.

package qsim_pkg;
  localparam int unsigned OpHalt = 0;
  localparam int unsigned OpLoad = 1;
  localparam int unsigned OpStore = 2;
  localparam int unsigned OpMatmul = 3;
  localparam int unsigned OpVector = 4;

  localparam int unsigned UnitLoad = 0;
  localparam int unsigned UnitCompute = 1;
  localparam int unsigned UnitVector = 2;
  localparam int unsigned UnitStore = 3;

  // load_t.buffer
  localparam int unsigned BufferActivation = 0;
  localparam int unsigned BufferWeight = 1;
  localparam int unsigned BufferParam = 2;

  // vector_t.function_
  localparam int unsigned VectorRequant = 0;
  localparam int unsigned VectorAdd = 1;
  localparam int unsigned VectorMaxPool = 2;
  localparam int unsigned VectorAveragePool = 3;
  localparam int unsigned VectorDepthwise = 4;
  localparam int unsigned VectorRescale = 5;

  // parameters Dataflow, PeModes and Requant
  localparam int unsigned DataflowWs = 0;
  localparam int unsigned DataflowOs = 1;
  localparam int unsigned PeModes8 = 0;
  localparam int unsigned PeModes84 = 1;
  localparam int unsigned PeModes842 = 2;
  localparam int unsigned RequantRne = 0;
  localparam int unsigned RequantF32 = 1;
  localparam int unsigned RequantTflite = 2;
  localparam int unsigned RequantTflite1 = 3;
  localparam int unsigned RequantPot = 4;
  localparam int unsigned RequantM16 = 5;

  // docs/reference/timing.md
  localparam int unsigned InstructionBytes = 64;
  localparam int unsigned MaxBurstBeats = 16;
  localparam int unsigned BurstBoundaryBytes = 4096;
  localparam int unsigned MatmulLatencyCycles = 5;
  localparam int unsigned VectorBlockSetupCycles = 4;
  localparam int unsigned VectorLatencyCycles = 8;

  // hw/spec/counters.def
  localparam int unsigned CounterFetchBeats = 0;
  localparam int unsigned CounterLoadBursts = 1;
  localparam int unsigned CounterLoadBeats = 2;
  localparam int unsigned CounterLoadBytes = 3;
  localparam int unsigned CounterStoreBursts = 4;
  localparam int unsigned CounterStoreBeats = 5;
  localparam int unsigned CounterStoreBytes = 6;
  localparam int unsigned CounterActReadsCompute = 7;
  localparam int unsigned CounterWeightReads = 8;
  localparam int unsigned CounterAccWrites = 9;
  localparam int unsigned CounterAccReadsVector = 10;
  localparam int unsigned CounterActReadsVector = 11;
  localparam int unsigned CounterActWritesVector = 12;
  localparam int unsigned CounterVectorLaneOps = 13;
  localparam int unsigned CounterTokenFullCycles = 14;
  localparam int unsigned CounterAccumulatorWraps = 15;
  localparam int unsigned CounterZeroOperandMacs = 16;
  localparam int unsigned Counters = 17;

  localparam int unsigned HaltBits = 12;
  typedef struct packed {
    logic [3:0] give;
    logic [3:0] take;
    logic [3:0] opcode;
  } halt_t;

  localparam int unsigned LoadBits = 326;
  typedef struct packed {
    logic signed [25:0] buffer_stride2;
    logic signed [25:0] buffer_stride1;
    logic signed [25:0] buffer_stride0;
    logic signed [31:0] dram_stride2;
    logic signed [31:0] dram_stride1;
    logic signed [31:0] dram_stride0;
    logic [15:0] count2;
    logic [15:0] count1;
    logic [15:0] count0;
    logic [23:0] bytes;
    logic [39:0] dram_address;
    logic [25:0] buffer_address;
    logic [1:0] buffer;
    logic [3:0] give;
    logic [3:0] take;
    logic [3:0] opcode;
  } load_t;

  localparam int unsigned StoreBits = 324;
  typedef struct packed {
    logic signed [25:0] buffer_stride2;
    logic signed [25:0] buffer_stride1;
    logic signed [25:0] buffer_stride0;
    logic signed [31:0] dram_stride2;
    logic signed [31:0] dram_stride1;
    logic signed [31:0] dram_stride0;
    logic [15:0] count2;
    logic [15:0] count1;
    logic [15:0] count0;
    logic [23:0] bytes;
    logic [39:0] dram_address;
    logic [25:0] buffer_address;
    logic [3:0] give;
    logic [3:0] take;
    logic [3:0] opcode;
  } store_t;

  localparam int unsigned MatmulBits = 273;
  typedef struct packed {
    logic [1:0] weight_pack;
    logic [1:0] act_pack;
    logic signed [7:0] pad_value;
    logic accumulate;
    logic [15:0] acc;
    logic [21:0] weight;
    logic [13:0] cblocks;
    logic [7:0] kw;
    logic [7:0] kh;
    logic [5:0] dilation_w;
    logic [5:0] dilation_h;
    logic [5:0] stride_w;
    logic [5:0] stride_h;
    logic [13:0] out_w;
    logic [13:0] out_h;
    logic signed [15:0] x0;
    logic signed [15:0] y0;
    logic [15:0] in_w;
    logic [15:0] in_h;
    logic [15:0] act_pixel_pitch;
    logic [23:0] act_row_pitch;
    logic [23:0] act;
    logic [3:0] give;
    logic [3:0] take;
    logic [3:0] opcode;
  } matmul_t;

  localparam int unsigned VectorBits = 506;
  typedef struct packed {
    logic [1:0] weight_pack;
    logic [1:0] src2_pack;
    logic [1:0] src_pack;
    logic [1:0] dst_pack;
    logic drain;
    logic signed [7:0] shift;
    logic signed [23:0] multiplier2;
    logic signed [25:0] multiplier;
    logic signed [7:0] clamp_high;
    logic signed [7:0] clamp_low;
    logic signed [7:0] zero_dst;
    logic signed [7:0] zero_src2;
    logic signed [7:0] zero_src;
    logic [19:0] param;
    logic signed [15:0] x0;
    logic signed [15:0] y0;
    logic [15:0] in_w;
    logic [15:0] in_h;
    logic [5:0] dilation_w;
    logic [5:0] dilation_h;
    logic [5:0] stride_w;
    logic [5:0] stride_h;
    logic [7:0] kw;
    logic [7:0] kh;
    logic [17:0] src2_pixel_pitch;
    logic [25:0] src2_row_pitch;
    logic [25:0] src2;
    logic [17:0] src_pixel_pitch;
    logic [25:0] src_row_pitch;
    logic [25:0] src;
    logic [17:0] dst_pixel_pitch;
    logic [25:0] dst_row_pitch;
    logic [25:0] dst;
    logic [13:0] out_w;
    logic [13:0] out_h;
    logic [8:0] last_channels;
    logic [11:0] blocks;
    logic [3:0] function_;
    logic [3:0] give;
    logic [3:0] take;
    logic [3:0] opcode;
  } vector_t;
endpackage
