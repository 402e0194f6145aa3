/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <atomic>

#include "ops/cpu/kernels.hpp"

namespace gvl::ops::cpu {

extern const Kernels baseline;
#if defined(__x86_64__)
extern const Kernels avx2;
extern const Kernels avx512;
#endif

namespace {

struct Supported {
  const Kernels* tables[4] = {};
  int count = 0;

  void add(const Kernels& table, bool is_supported) {
    if (is_supported) tables[count++] = &table;
  }

  Supported() {
#if defined(__x86_64__)
    const bool has_avx2 =
        __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c");
    const bool has_avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                            __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
    add(avx512, has_avx2 && has_avx512);
    add(avx2, has_avx2);
#endif
    add(baseline, true);
  }
};

const Supported& supported() {
  static const Supported result;
  return result;
}

std::atomic<const Kernels*> chosen = nullptr;

}  // namespace

const Kernels& kernels() {
  const Kernels* table = chosen.load(std::memory_order_relaxed);
  return table ? *table : *supported().tables[0];
}

const Kernels* const* supported_kernels() { return supported().tables; }

void use_kernels(const Kernels* table) { chosen = table; }

}  // namespace gvl::ops::cpu
