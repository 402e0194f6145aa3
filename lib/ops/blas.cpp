/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <dlfcn.h>

#include <array>
#include <string_view>

#include "ops/ops.hpp"

namespace gvl::ops {
namespace {

/** What OpenBLAS has taken the processor for; empty where LibTorch multiplies with something else. */
std::string_view openblas_core() {
  using CoreName = char* (*)();
  const auto name = reinterpret_cast<CoreName>(dlsym(RTLD_DEFAULT, "openblas_get_corename"));
  return name ? name() : std::string_view();
}

/** Of OpenBLAS's names, that whose kernels this processor can run at their widest; empty for all old ones. */
const char* widest_core() {
#if defined(__x86_64__)
  const bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  if (avx512) return "SkylakeX";
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return "Haswell";
#endif
  return "";
}

}  // namespace

std::string blas_hint() {
  // Without AVX2. OpenBLAS takes the first for what came out after it.
  static constexpr std::array<std::string_view, 6> old{"Prescott", "Core2", "Penryn", "Atom", "Nehalem", "Sandybridge"};
  const std::string widest = widest_core();
  const std::string_view core = openblas_core();
  for (const std::string_view each : old) {
    if (core != each || widest.empty()) continue;
    return "OpenBLAS takes this processor for an old one (" + std::string(core) +
           ") and multiplies slowly; set OPENBLAS_CORETYPE=" + widest;
  }
  return {};
}

}  // namespace gvl::ops
