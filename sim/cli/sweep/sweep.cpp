#include "sim/cli/sweep/sweep.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <set>
#include <system_error>
#include <thread>

#include "sim/cli/build_version.h"

namespace qsim::cli {
namespace {

// What workers hand to the writer.
class Results {
 public:
  void add(PointResult result) {
    const std::lock_guard lock(mutex_);
    points_.push_back(std::move(result));
    changed_.notify_one();
  }
  void add(ValuesResult result) {
    const std::lock_guard lock(mutex_);
    values_.push_back(std::move(result));
    changed_.notify_one();
  }
  void fail(std::exception_ptr failure) {
    const std::lock_guard lock(mutex_);
    if (!failure_) failure_ = std::move(failure);
    changed_.notify_one();
  }

  // Waits for something to write; throws the workers' failure once all is written.
  void take(std::vector<PointResult>& points, std::vector<ValuesResult>& values) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !points_.empty() || !values_.empty() || failure_; });
    points.swap(points_);
    values.swap(values_);
    if (points.empty() && values.empty()) std::rethrow_exception(failure_);
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<PointResult> points_;
  std::vector<ValuesResult> values_;
  std::exception_ptr failure_;
};

// Threads that stop and join when they go.
class Workers {
 public:
  Workers(const Pending& pending, Evaluator& evaluator, Results& results, int threads)
      : pending_(pending), evaluator_(evaluator), results_(results) {
    const size_t wanted = std::min(static_cast<size_t>(std::max(1, threads)), tasks());
    for (size_t i = 0; i < wanted; ++i) {
      try {
        threads_.emplace_back([this] { work(); });
      } catch (const std::system_error&) {  // the system starts no more: those there do the work
        if (threads_.empty()) throw;
        break;
      }
    }
  }
  ~Workers() {
    next_ = tasks();
    for (std::thread& thread : threads_) thread.join();
  }
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

 private:
  size_t tasks() const { return pending_.values.size() + pending_.points.size(); }

  // Accuracies first: they take longest.
  void work() {
    try {
      for (size_t i; (i = next_++) < tasks();) {
        if (i < pending_.values.size()) {
          results_.add(evaluator_.evaluate_values(pending_.values[i]));
        } else {
          results_.add(evaluator_.evaluate(pending_.points[i - pending_.values.size()]));
        }
      }
    } catch (...) {
      next_ = tasks();
      results_.fail(std::current_exception());
    }
  }

  const Pending& pending_;
  Evaluator& evaluator_;
  Results& results_;
  std::atomic<size_t> next_ = 0;
  std::vector<std::thread> threads_;
};

}  // namespace

Pending find_pending(const Space& space, Evaluator& evaluator, ResultStore& store) {
  store.require_version(build_version());
  const std::set<std::string> there = store.point_keys();
  std::set<std::string> seen, values_seen = store.values_keys();
  Pending pending;
  for (int64_t i = 0; i < space.size(); ++i) {
    Point point = space.point(i);
    const PointResult about = evaluator.describe(point);
    if (!seen.insert(about.key).second) {
      ++pending.summary.same;
      continue;
    }
    if (evaluator.has_data() && values_seen.insert(about.values_key).second) {
      pending.values.push_back(point);
    }
    if (there.count(about.key)) {
      ++pending.summary.there;
    } else {
      pending.points.push_back(std::move(point));
    }
  }
  pending.summary.points = static_cast<int64_t>(seen.size());
  std::stable_sort(pending.points.begin(), pending.points.end(),
                   [](const Point& a, const Point& b) {
                     return std::tie(a.model, a.recipe) < std::tie(b.model, b.recipe);
                   });
  return pending;
}

void remove_failed(const Space& space, Evaluator& evaluator, ResultStore& store) {
  std::set<std::string> keys;
  for (int64_t i = 0; i < space.size(); ++i) {
    const PointResult about = evaluator.describe(space.point(i));
    keys.insert(about.key);
    if (evaluator.has_data()) keys.insert(about.values_key);
  }
  store.remove_failed(keys);
}

SweepSummary sweep(const Space& space, Evaluator& evaluator, ResultStore& store, int threads,
                   SweepProgress& progress) {
  store.require_writable();
  store.use_samples(evaluator.samples_description());
  const Pending pending = find_pending(space, evaluator, store);
  SweepSummary summary = pending.summary;
  const auto all_points = static_cast<int64_t>(pending.points.size());
  const auto all_values = static_cast<int64_t>(pending.values.size());
  Results results;
  const Workers workers(pending, evaluator, results, threads);
  while (summary.evaluated < all_points || summary.accuracies < all_values) {
    std::vector<PointResult> points;
    std::vector<ValuesResult> values;
    results.take(points, values);
    store.add(points, values);
    summary.evaluated += static_cast<int64_t>(points.size());
    summary.accuracies += static_cast<int64_t>(values.size());
    for (const PointResult& point : points) {
      if (point.failure.empty()) continue;
      if (summary.first_failure.empty()) summary.first_failure = point.failure;
      ++summary.failed;
    }
    for (const ValuesResult& row : values) {
      if (row.failure.empty()) continue;
      if (summary.first_failure.empty()) summary.first_failure = row.failure;
      ++summary.failed_accuracies;
    }
    progress.show(summary, all_points, all_values);
  }
  progress.clear();
  return summary;
}

}  // namespace qsim::cli
