/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <ATen/Parallel.h>
#if defined(_OPENMP)
#include <omp.h>
#endif
#if defined(__linux__)
#include <sched.h>
#endif

#include <algorithm>
#include <thread>

#include "ops/ops.hpp"

namespace gvl::ops {
namespace {

int available_cores() {
#if defined(__linux__)
  cpu_set_t allowed;
  if (sched_getaffinity(0, sizeof allowed, &allowed) == 0) return CPU_COUNT(&allowed);
#endif
  return static_cast<int>(std::thread::hardware_concurrency());
}

}  // namespace

void set_threads(int threads) {
  const int count = std::max(threads > 0 ? threads : available_cores(), 1);
  at::set_num_threads(count);
#if defined(_OPENMP)
  // A LibTorch distribution may bring an OpenMP of its own, beside the one that our kernels run on.
  omp_set_num_threads(count);
#endif
}

}  // namespace gvl::ops
