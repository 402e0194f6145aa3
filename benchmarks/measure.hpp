/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <vector>

/** Measurement helpers of the benchmark programs. */
namespace gvl::benchmarks {

/** How long a call takes; on one thread, how long it computes: others' work on the machine changes that less. */
double seconds(const std::function<void()>& f);

/**
 * The best time of each candidate, in seconds. The candidates take turns, so that a machine shared with others treats
 * them alike; each gets one call to warm up and then at least `rounds`, until `least_seconds` are spent on all.
 */
inline std::vector<double> best_times(const std::vector<std::function<void()>>& candidates, int rounds = 3,
                                      double least_seconds = 0.3) {
  std::vector<double> best(candidates.size(), 1e9);
  for (const auto& candidate : candidates) candidate();
  double spent = 0;
  for (int round = 0; round < rounds || spent < least_seconds; ++round) {
    for (size_t i = 0; i < candidates.size(); ++i) {
      const double time = seconds(candidates[i]);
      best[i] = std::min(best[i], time);
      spent += time;
    }
  }
  return best;
}

/** A yardstick: the product of two square float32 matrices by LibTorch, on its threads. */
class MatrixProduct {
 public:
  MatrixProduct();
  void operator()() const;
  double operations() const { return 2.0 * kSize * kSize * kSize; }

 private:
  static constexpr int64_t kSize = 2048;
  std::vector<float> a_, b_;
};

/** A yardstick: reading memory far larger than the caches, on LibTorch's threads. */
class MemoryRead {
 public:
  MemoryRead();
  void operator()() const;
  double bytes() const { return static_cast<double>(memory_.size()) * sizeof(uint64_t); }

 private:
  std::vector<uint64_t> memory_;
};

}  // namespace gvl::benchmarks
