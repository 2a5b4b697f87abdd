#include "sim/price/switching.h"

namespace qsim {
namespace {

// Printed by scripts/fit_activity.py: yosys 0.23, abc -g cmos, no delays. Fitted to random codes
// and the digits network, on elements of array.pe_modes = 8 for 8-bit codes and of 8-4-2 for
// narrower ones. Errors: the greatest on any trace, MLPerf Tiny's ResNet-8 and elements of other
// pe_modes included.
constexpr SwitchingLaw kWs[] = {{0.137, 0.503, 0, 0.360, 0.5, 15.97, 0.194, 0.147},
                                {0, 0.467, 0, 0.533, 1, 15.93, 0.330, 0.181},
                                {0, 0.506, 0, 0.494, 2, 9.53, 0.936, 0.017}};
constexpr SwitchingLaw kOs[] = {{0, 0.268, 0.325, 0.407, 0.5, 7.48, 0.134, 0.088},
                                {0, 0.193, 0.355, 0.452, 1, 4.55, 0.455, 0.153},
                                {0, 0.331, 0.150, 0.519, 2, 2.24, 0.662, 0.229}};

}  // namespace

const SwitchingLaw& switching_law(Dataflow dataflow, int32_t pack) {
  return (dataflow == Dataflow::kWs ? kWs : kOs)[pack];
}

}  // namespace qsim
