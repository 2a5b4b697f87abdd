#include "sim/cli/lockstep.h"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <utility>

#include "sim/cli/written_text.h"

namespace qsim::cli {
namespace {

// How long to go on for the cycle in which an overdue instruction retires after all.
constexpr int64_t kPatienceCycles = 100000;

uint64_t digest_of(const std::vector<uint8_t>& bytes) {
  uint64_t hash = bytes.size();
  const auto add = [&](uint64_t word) {
    hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
    hash ^= hash >> 32;
  };
  size_t at = 0;
  for (; at + 8 <= bytes.size(); at += 8) {
    uint64_t word;
    std::memcpy(&word, bytes.data() + at, 8);
    add(word);
  }
  for (; at < bytes.size(); ++at) add(bytes[at]);
  return hash;
}

}  // namespace

Lockstep::Lockstep(const Program& program, std::string engine_a, std::string engine_b)
    : program_(program), engine_a_(std::move(engine_a)), engine_b_(std::move(engine_b)) {}

RetirementObserver Lockstep::record() {
  timing_.assign(program_.instructions.size(), {});
  digests_.assign(program_.instructions.size(), 0);
  return [this](const Retirement& retirement) { record_one(retirement); };
}

RetirementObserver Lockstep::compare() {
  order_.resize(timing_.size());
  std::iota(order_.begin(), order_.end(), 0);
  std::stable_sort(order_.begin(), order_.end(), [this](int32_t a, int32_t b) {
    return timing_[static_cast<size_t>(a)].retire < timing_[static_cast<size_t>(b)].retire;
  });
  next_ = 0;
  retired_.assign(timing_.size(), false);
  return [this](const Retirement& retirement) { compare_one(retirement); };
}

std::vector<uint8_t> Lockstep::comparable_bytes(const Retirement& retirement,
                                                Written& written) const {
  if (!program_.network.has_values) return {};
  written = comparable(program_, retirement);
  return read_written(written, retirement.read);
}

void Lockstep::record_one(const Retirement& retirement) {
  const auto index = static_cast<size_t>(retirement.index);
  Written written;
  timing_[index] = retirement.timing[index];
  digests_[index] = digest_of(comparable_bytes(retirement, written));
}

// The instruction that the first engine retired before `cycle`, and the second one has not; -1 when
// there is none.
int32_t Lockstep::overdue(int64_t cycle) {
  while (next_ < order_.size() && retired_[static_cast<size_t>(order_[next_])]) ++next_;
  if (next_ == order_.size()) return -1;
  const int32_t index = order_[next_];
  return timing_[static_cast<size_t>(index)].retire < cycle ? index : -1;
}

void Lockstep::found(std::optional<Difference> difference) {
  difference_ = std::move(difference);
  throw RunEnded();
}

// What can be compared depends on which instructions of the unit have issued.
bool Lockstep::issued_alike(const Retirement& retirement) {
  const auto self = static_cast<size_t>(retirement.index);
  if (is_halt(program_.instructions[self].op)) return true;
  const Unit unit = unit_of(program_.instructions[self].op);
  const int64_t now = timing_[self].retire;
  for (size_t i = self + 1; i < timing_.size(); ++i) {
    if (is_halt(program_.instructions[i].op)) return true;
    if (unit_of(program_.instructions[i].op) != unit) continue;
    const int64_t issue = retirement.timing[i].issue;
    const bool issued = issue != 0 && issue < now;
    if (issued == (timing_[i].issue < now)) {
      if (!issued) return true;
      continue;
    }
    difference_ = Difference{
        instruction_text(program_, i) + " issue" +
            values_text(engine_a_, std::to_string(timing_[i].issue), engine_b_,
                        issued ? std::to_string(issue) : "not before " + std::to_string(now)),
        program_.info[i].layer, timing_[self].issue, now};
    return false;
  }
  return true;
}

void Lockstep::compare_one(const Retirement& retirement) {
  const auto index = static_cast<size_t>(retirement.index);
  const int64_t now = retirement.timing[index].retire;
  if (overdue_ < 0) overdue_ = overdue(now);
  if (overdue_ >= 0 && retirement.index != overdue_) {
    const int64_t expected = timing_[static_cast<size_t>(overdue_)].retire;
    if (now < expected + kPatienceCycles) return;
    found(failed("later than " + std::to_string(now)));
  }
  auto difference = timing_difference(program_, index, engine_a_, timing_[index], engine_b_,
                                      retirement.timing[index]);
  if (difference) found(std::move(difference));
  if (!issued_alike(retirement)) throw RunEnded();
  Bytes bytes{retirement.index, now, {}, {}};
  bytes.values = comparable_bytes(retirement, bytes.written);
  if (digest_of(bytes.values) != digests_[index]) {
    byte_difference_ = std::move(bytes);
    throw RunEnded();
  }
  retired_[index] = true;
  ++compared_;
  bytes_ += static_cast<int64_t>(bytes.values.size());
}

Difference Lockstep::failed(const std::string& message) const {
  const auto waiting = std::find_if(order_.begin(), order_.end(), [this](int32_t index) {
    return !retired_[static_cast<size_t>(index)];
  });
  if (waiting == order_.end()) return {engine_b_ + ": " + message, -1, -1, -1};
  const auto index = static_cast<size_t>(*waiting);
  return {instruction_text(program_, index) + " retire" +
              values_text(engine_a_, std::to_string(timing_[index].retire), engine_b_, message),
          program_.info[index].layer, timing_[index].issue, timing_[index].retire};
}

std::optional<Difference> Lockstep::difference(const Rerun& rerun) {
  if (!byte_difference_) return difference_;
  const Bytes& b = *byte_difference_;
  std::vector<uint8_t> a;
  try {
    rerun([&](const Retirement& retirement) {
      if (retirement.index != b.index) return;
      a = read_written(b.written, retirement.read);
      throw RunEnded();
    });
  } catch (const RunEnded&) {
  }
  // The same length, unless the first engine failed this time; and then zip ends early.
  const auto at = std::mismatch(a.begin(), a.end(), b.values.begin(), b.values.end());
  const ElementText element = element_text(program_, static_cast<size_t>(b.index), b.written,
                                           at.second - b.values.begin(), a, b.values);
  return Difference{instruction_text(program_, static_cast<size_t>(b.index)) + " " + element.place +
                        values_text(engine_a_, element.a, engine_b_, element.b) + " (cycle " +
                        std::to_string(b.cycle) + ")",
                    program_.info[static_cast<size_t>(b.index)].layer,
                    timing_[static_cast<size_t>(b.index)].issue, b.cycle};
}

}  // namespace qsim::cli
