#include "compiler/passes/view.h"

namespace qsim {
namespace {

constexpr char kMemoryOrder[] = "nhwc";

int64_t extent_of(const NetTensor& t, char letter) {
  switch (letter) {
    case 'n':
      return t.n;
    case 'h':
      return t.h;
    case 'w':
      return t.w;
    default:
      return t.c;
  }
}

int64_t stride_of(const NetTensor& t, char letter) {
  switch (letter) {
    case 'n':
      return int64_t{t.h} * t.w * t.c;
    case 'h':
      return int64_t{t.w} * t.c;
    case 'w':
      return t.c;
    default:
      return 1;
  }
}

bool is_subsequence(const std::string& letters, const std::string& of) {
  size_t at = 0;
  for (char letter : letters) {
    at = of.find(letter, at);
    if (at == std::string::npos) return false;
    ++at;
  }
  return true;
}

}  // namespace

Atoms canonical(const Atoms& atoms) {
  Atoms result;
  for (const Atom& atom : atoms) {
    if (atom.extent == 1) continue;
    if (!result.empty() && result.back().stride == atom.extent * atom.stride) {
      result.back() = {result.back().extent * atom.extent, atom.stride};
    } else {
      result.push_back(atom);
    }
  }
  return result;
}

std::optional<std::vector<Atoms>> group(const Atoms& atoms, const Shape& shape) {
  std::vector<Atoms> groups(shape.size());
  Atoms rest = canonical(atoms);  // consumed from the back
  for (size_t d = shape.size(); d-- > 0;) {
    for (int64_t left = shape[d]; left > 1;) {
      if (rest.empty()) return std::nullopt;
      Atom& inner = rest.back();
      if (left % inner.extent == 0) {
        groups[d].insert(groups[d].begin(), inner);
        left /= inner.extent;
        rest.pop_back();
      } else if (inner.extent % left == 0) {
        groups[d].insert(groups[d].begin(), {left, inner.stride});
        inner = {inner.extent / left, inner.stride * left};
        left = 1;
      } else {
        return std::nullopt;
      }
    }
  }
  return groups;
}

std::optional<Atoms> transposed(const Atoms& atoms, const Shape& shape,
                                const std::vector<int64_t>& perm) {
  const auto groups = group(atoms, shape);
  if (!groups) return std::nullopt;
  Atoms result;
  for (int64_t d : perm) {
    const Atoms& part = (*groups)[static_cast<size_t>(d)];
    result.insert(result.end(), part.begin(), part.end());
  }
  return canonical(result);
}

Atoms atoms_of(const NetTensor& tensor, const std::string& order) {
  Atoms atoms;
  for (char letter : order) atoms.push_back({extent_of(tensor, letter), stride_of(tensor, letter)});
  return canonical(atoms);
}

std::optional<std::string> letters_of(const Atoms& atoms, const NetTensor& tensor) {
  std::string letters;
  for (const Atom& atom : atoms) {
    std::string part;
    int64_t left = atom.extent, stride = atom.stride;
    for (size_t i = 4; i-- > 0 && left > 1;) {
      const char letter = kMemoryOrder[i];
      const int64_t extent = extent_of(tensor, letter);
      if (extent == 1 || stride_of(tensor, letter) != stride) continue;
      if (left % extent != 0) return std::nullopt;
      part.insert(part.begin(), letter);
      left /= extent;
      stride *= extent;
    }
    if (left != 1) return std::nullopt;
    letters += part;
  }
  return letters;
}

std::string complete_order(const std::string& letters) {
  for (const char* order : {"nchw", "nhwc"}) {
    if (is_subsequence(letters, order)) return order;
  }
  std::string missing;
  for (char letter : std::string(kMemoryOrder)) {
    if (letters.find(letter) == std::string::npos) missing += letter;
  }
  return missing + letters;
}

}  // namespace qsim
