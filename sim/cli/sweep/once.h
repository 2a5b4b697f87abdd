// Values that several threads want and one of them makes.
#pragma once

#include <functional>
#include <future>
#include <list>
#include <memory>
#include <mutex>
#include <string>

namespace qsim::cli {

// Keeps the `capacity` values used last; whoever still holds another one keeps it alive.
template <typename Value>
class OnceCache {
 public:
  using Pointer = std::shared_ptr<const Value>;

  explicit OnceCache(size_t capacity) : capacity_(capacity) {}

  // The value of `key`, made by the first caller; others wait for it. What `make` throws is thrown
  // to all of them.
  Pointer get(const std::string& key, const std::function<Value()>& make) {
    std::promise<Pointer> promise;
    std::shared_future<Pointer> future;
    bool is_mine = false;
    {
      const std::lock_guard lock(mutex_);
      const auto found = find(key);
      if (found != entries_.end()) {
        entries_.splice(entries_.begin(), entries_, found);
      } else {
        is_mine = true;
        entries_.push_front({key, promise.get_future().share()});
        if (entries_.size() > capacity_) entries_.pop_back();
      }
      future = entries_.front().value;
    }
    if (is_mine) {
      try {
        promise.set_value(std::make_shared<const Value>(make()));
      } catch (...) {
        promise.set_exception(std::current_exception());
      }
    }
    return future.get();
  }

 private:
  struct Entry {
    std::string key;
    std::shared_future<Pointer> value;
  };

  typename std::list<Entry>::iterator find(const std::string& key) {
    auto at = entries_.begin();
    while (at != entries_.end() && at->key != key) ++at;
    return at;
  }

  size_t capacity_;
  std::mutex mutex_;
  std::list<Entry> entries_;  // used last first
};

}  // namespace qsim::cli
