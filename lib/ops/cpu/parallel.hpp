/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <ATen/Parallel.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>

namespace gvl::ops::cpu {

/**
 * Calls f(0) ... f(count - 1), each once, on the calling thread's LibTorch threads. A thread takes the next item when
 * it is done with one, so uneven items (causal attention) and busy cores cost little. Items must not depend on each
 * other; what an item computes may not depend on the thread that runs it.
 */
template <class F>
void for_each_item(int64_t count, const F& f) {
  const int64_t threads = std::min<int64_t>(at::get_num_threads(), count);
  std::atomic<int64_t> next = 0;
  at::parallel_for(0, threads, 1, [&](int64_t, int64_t) {
    for (int64_t item; (item = next.fetch_add(1, std::memory_order_relaxed)) < count;) f(item);
  });
}

/** Calls f(begin, end) on ranges that cover [0, size); small work (`cost` per element, in floats) on this thread. */
template <class F>
void for_each_range(int64_t size, int64_t cost, const F& f) {
  constexpr int64_t kFloatsPerItem = 1 << 15;
  const int64_t range = std::max<int64_t>(1, kFloatsPerItem / std::max<int64_t>(cost, 1));
  for_each_item((size + range - 1) / range, [&](int64_t item) { f(item * range, std::min(size, (item + 1) * range)); });
}

/** At least `size` floats on a cache line's boundary, kept for the thread's next call. Holds no values between calls.
 */
inline float* thread_scratch(int64_t size) {
  struct Free {
    void operator()(float* p) const { std::free(p); }
  };
  thread_local std::unique_ptr<float[], Free> memory;
  thread_local int64_t capacity = 0;
  if (size > capacity) {
    memory.reset();
    capacity = 0;
    memory.reset(static_cast<float*>(std::aligned_alloc(64, (size * sizeof(float) + 63) / 64 * 64)));
    if (!memory) throw std::bad_alloc();
    capacity = size;
  }
  return memory.get();
}

}  // namespace gvl::ops::cpu
