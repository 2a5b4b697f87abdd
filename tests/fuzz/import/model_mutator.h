// Mutations of ONNX models: bytes are parsed, fields changed, and written again. Changes of bytes
// alone break the nesting of lengths and seldom get behind the parser.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace qsim::fuzz {

// libFuzzer's LLVMFuzzerCustomMutator: changes data[0, size) in place, returns the new size <=
// max_size. Changes one to a few of: dimensions; names (so that edges move, cycles and duplicates
// arise); operators; attributes; element types, data and its length; versions; nodes and
// initializers as a whole. Now and then, and always when the bytes do not parse, libFuzzer's own
// mutations.
size_t mutate_model(uint8_t* data, size_t size, size_t max_size, unsigned seed);

// LLVMFuzzerCustomCrossOver: model `a` with a node of `b`, with the initializers that the node
// reads, behind one of its own values. Returns the bytes written to `out`; 0: nothing.
size_t cross_models(std::span<const uint8_t> a, std::span<const uint8_t> b, std::span<uint8_t> out,
                    unsigned seed);

}  // namespace qsim::fuzz
