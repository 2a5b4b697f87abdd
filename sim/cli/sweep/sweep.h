// Evaluates a space on all cores, into a store.
#pragma once

#include "sim/cli/sweep/evaluator.h"
#include "sim/cli/sweep/space.h"
#include "sim/cli/sweep/sweep_progress.h"
#include "sim/store/store.h"

namespace qsim::cli {

struct SweepSummary {
  int64_t points = 0;      // of the space, each machine and network once
  int64_t same = 0;        // that the space names more often than once
  int64_t there = 0;       // that the store had already
  int64_t evaluated = 0;   // now, failed ones included
  int64_t failed = 0;      // of those evaluated
  int64_t accuracies = 0;  // evaluated now, failed ones included
  int64_t failed_accuracies = 0;
  std::string first_failure;  // message of one of them
};

// What a space still lacks in a store.
struct Pending {
  std::vector<Point> points, values;  // points that stand for the accuracies that are missing
  SweepSummary summary;               // of what is there
};
// Imports the space's models. Throws Error when the store is another build's. Points that share a
// network stand together.
Pending find_pending(const Space& space, Evaluator& evaluator, ResultStore& store);

// So that they are evaluated again: what failed of the space, and of its accuracies where there is
// data. Imports the space's models.
void remove_failed(const Space& space, Evaluator& evaluator, ResultStore& store);

// Workers evaluate, the calling thread writes: all that has come in since the last transaction, in
// one. An exception of a worker (lack of memory) or of the store ends the sweep; what was committed
// stays.
SweepSummary sweep(const Space& space, Evaluator& evaluator, ResultStore& store, int threads,
                   SweepProgress& progress);

}  // namespace qsim::cli
