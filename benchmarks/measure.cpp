/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "measure.hpp"

#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/mm.h>

#include <atomic>
#include <cstdlib>
#include <ctime>

namespace gvl::benchmarks {

double seconds(const std::function<void()>& f) {
  const clockid_t clock = at::get_num_threads() == 1 ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC;
  timespec start{}, stop{};
  clock_gettime(clock, &start);
  f();
  clock_gettime(clock, &stop);
  return static_cast<double>(stop.tv_sec - start.tv_sec) + static_cast<double>(stop.tv_nsec - start.tv_nsec) * 1e-9;
}

MatrixProduct::MatrixProduct() : a_(kSize * kSize, 1.5f), b_(kSize * kSize, 0.25f) {}

void MatrixProduct::operator()() const {
  const auto matrix = [](const std::vector<float>& values) {
    return at::from_blob(const_cast<float*>(values.data()), {kSize, kSize}, at::kFloat);
  };
  at::mm(matrix(a_), matrix(b_));
}

MemoryRead::MemoryRead() : memory_((1 << 30) / sizeof(uint64_t), 1) {}

void MemoryRead::operator()() const {
  constexpr int64_t kBlock = 1 << 15;
  const int64_t blocks = static_cast<int64_t>(memory_.size()) / kBlock;
  std::atomic<uint64_t> total = 0;
  std::atomic<int64_t> next = 0;
  at::parallel_for(0, at::get_num_threads(), 1, [&](int64_t, int64_t) {
    uint64_t sum = 0;
    for (int64_t block; (block = next++) < blocks;) {
      const uint64_t* values = memory_.data() + block * kBlock;
      for (int64_t i = 0; i < kBlock; ++i) sum += values[i];
    }
    total += sum;
  });
  // The sum has to be used, or the compiler leaves the reading out.
  if (total != memory_.size()) std::abort();
}

}  // namespace gvl::benchmarks
