#include "sim/systemc/buffer.h"

#include <algorithm>

#include "hw/spec/error.h"

namespace qsim::model {

void PendingBytes::add(int64_t low, int64_t high) {
  for (int64_t i = low - low_; i < high - low_; ++i) ++counts_[static_cast<size_t>(i)];
}

void PendingBytes::remove(int64_t low, int64_t high) {
  for (int64_t i = low - low_; i < high - low_; ++i) --counts_[static_cast<size_t>(i)];
}

int64_t PendingBytes::first_in(int64_t low, int64_t high) const {
  const int64_t end = std::min(high - low_, static_cast<int64_t>(counts_.size()));
  for (int64_t i = std::max<int64_t>(low - low_, 0); i < end; ++i) {
    if (counts_[static_cast<size_t>(i)] != 0) return low_ + i;
  }
  return kNever;
}

Buffer::Buffer(sc_core::sc_module_name name, RunContext& run)
    : sc_core::sc_module(name), run_(run) {}

void Buffer::reset(int64_t bytes) {
  bytes_.resize(static_cast<size_t>(bytes));
  claims_.clear();
  contended_.clear();
  tracking_ = false;
}

// Units do their own accesses in order, so two claims of one unit get in each other's way only when
// a later instruction reads what an earlier one has still to write.
bool Buffer::conflict(const Claim& a, const Claim& b) const {
  if (!a.overlaps(b.low, b.high)) return false;
  if (a.user != b.user) return a.writes || b.writes;
  return a.instruction != b.instruction && a.writes && !b.writes;
}

void Buffer::open(BufferUser& user, int32_t instruction, int64_t low, int64_t high, bool writes,
                  int64_t cycle) {
  if (low >= high) return;
  if (low < 0 || high > size()) {
    throw Error(run_.describe(instruction) + ": bytes [" + std::to_string(low) + ", " +
                std::to_string(high) + ") of " + basename() + " are outside [0, " +
                std::to_string(size()) + ")");
  }
  Claim claim{&user, instruction, low, high, writes, cycle, {}};
  for (const Claim& other : claims_) {
    if (!conflict(other, claim)) continue;
    contended_.push_back(&user);
    contended_.push_back(other.user);
  }
  claims_.push_back(std::move(claim));
}

void Buffer::close(const BufferUser& user, int32_t instruction) {
  std::erase_if(claims_, [&](const Claim& claim) {
    return claim.user == &user && claim.instruction == instruction;
  });
  if (!contended_.empty()) recount();
  tracking_ = std::any_of(claims_.begin(), claims_.end(),
                          [](const Claim& claim) { return !claim.pending.empty(); });
}

void Buffer::recount() {
  contended_.clear();
  for (size_t i = 0; i < claims_.size(); ++i) {
    for (size_t j = i + 1; j < claims_.size(); ++j) {
      if (!conflict(claims_[i], claims_[j])) continue;
      contended_.push_back(claims_[i].user);
      contended_.push_back(claims_[j].user);
    }
  }
}

bool Buffer::contended(const BufferUser& user) const {
  if (!run_.options().bulk) return true;
  return std::find(contended_.begin(), contended_.end(), &user) != contended_.end();
}

void Buffer::before_read(const BufferUser& user, int32_t instruction, int64_t low, int64_t high,
                         int64_t cycle) {
  for (Claim& claim : claims_) {
    if (!claim.writes || !claim.overlaps(low, high)) continue;
    if (claim.user == &user) {
      if (claim.instruction >= instruction) continue;
    } else {
      claim.user->catch_up(cycle - 1);
    }
    check(claim, instruction, "reads", low, high, cycle);
  }
}

void Buffer::before_write(const BufferUser& user, int32_t instruction, int64_t low, int64_t high,
                          int64_t cycle) {
  for (Claim& claim : claims_) {
    if (claim.user == &user || !claim.overlaps(low, high)) continue;
    claim.user->catch_up(cycle);
    if (claim.writes) check(claim, instruction, "writes", low, high, cycle);
  }
}

void Buffer::check(Claim& claim, int32_t instruction, const char* verb, int64_t low, int64_t high,
                   int64_t cycle) {
  if (!run_.options().check_hazards || claim.since >= cycle) return;
  if (claim.pending.empty()) {
    tracking_ = true;
    claim.pending.emplace_back(claim.low, claim.high);
    claim.user->list_pending(*this, claim.instruction, claim.pending.front());
  }
  const int64_t byte = claim.pending.front().first_in(low, high);
  if (byte == kNever) return;
  throw Error("hazard: " + run_.describe(instruction) + " " + verb + " byte " +
              std::to_string(byte) + " of " + basename() + " in cycle " + std::to_string(cycle) +
              ", which " + run_.describe(claim.instruction) + " has still to write");
}

void Buffer::wrote(const BufferUser& user, int32_t instruction, int64_t low, int64_t high) {
  if (!tracking_) return;
  for (Claim& claim : claims_) {
    if (claim.user != &user || claim.instruction != instruction || !claim.writes) continue;
    if (!claim.pending.empty()) claim.pending.front().remove(low, high);
  }
}

void Buffer::poke(int64_t address, uint8_t value, int64_t cycle) {
  if (address < 0 || address >= size()) {
    throw Error("poke: address = " + std::to_string(address) + " is outside " + basename());
  }
  for (const Claim& claim : claims_) {
    if (claim.overlaps(address, address + 1)) claim.user->catch_up(cycle);
  }
  bytes_[static_cast<size_t>(address)] = value;
}

}  // namespace qsim::model
