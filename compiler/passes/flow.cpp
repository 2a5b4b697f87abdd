#include "compiler/passes/flow.h"

#include <algorithm>

#include "hw/spec/error.h"

namespace qsim {

Op* Flow::producer(EdgeId id) {
  const auto found =
      std::find_if(ops.begin(), ops.end(), [id](const Op& op) { return op.output == id; });
  return found == ops.end() ? nullptr : &*found;
}

std::vector<Op*> Flow::readers(EdgeId id) {
  std::vector<Op*> result;
  for (Op& op : ops) {
    if (std::find(op.inputs.begin(), op.inputs.end(), id) != op.inputs.end()) result.push_back(&op);
  }
  return result;
}

bool Flow::is_output(EdgeId id) const {
  return std::find(outputs.begin(), outputs.end(), id) != outputs.end();
}

void Flow::remove(const std::vector<const Op*>& gone) {
  std::vector<Op> kept;
  for (Op& op : ops) {
    if (std::find(gone.begin(), gone.end(), &op) == gone.end()) kept.push_back(std::move(op));
  }
  ops = std::move(kept);
}

void Problems::raise(const std::string& network) const {
  if (list_.empty()) return;
  std::string text = network + ": cannot be quantized: ";
  for (size_t i = 0; i < list_.size(); ++i) text += (i == 0 ? "" : "; ") + list_[i];
  throw Error(text);
}

}  // namespace qsim
