/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <atomic>

#include "ops/cpu/integer.hpp"
#if defined(__x86_64__) && defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace gvl::ops::cpu {

#if defined(__x86_64__)
extern const IntegerKernels amx;
extern const IntegerKernels avx512vnni;
extern const IntegerKernels avxvnni;
extern const IntegerKernels avx2madd;
#endif

namespace {

#if defined(__x86_64__)

/** Linux gives a process AMX's registers only when it asks for them. */
bool may_use_amx() {
#if defined(__linux__)
  constexpr long kRequestPermission = 0x1023, kTileData = 18;  // ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA
  return syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
#else
  return false;
#endif
}

#endif

struct Supported {
  const IntegerKernels* tables[5] = {};
  int count = 0;
  const IntegerKernels* best = nullptr;

  void add(const IntegerKernels& table, bool is_supported) {
    if (is_supported) tables[count++] = &table;
  }

  Supported() {
#if defined(__x86_64__)
    const bool has_avx2 =
        __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c");
    const bool has_avx512 = has_avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                            __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
    const bool has_vnni = has_avx512 && __builtin_cpu_supports("avx512vnni");
    add(amx, has_vnni && __builtin_cpu_supports("amx-tile") && __builtin_cpu_supports("amx-int8") && may_use_amx());
    add(avx512vnni, has_vnni);
    add(avxvnni, has_avx2 && __builtin_cpu_supports("avxvnni"));
    add(avx2madd, has_avx2);
    // AVX-512's products of float32 are faster than AVX2's of int16.
    best = has_avx512 && tables[0] == &avx2madd ? nullptr : tables[0];
#endif
  }
};

const Supported& supported() {
  static const Supported result;
  return result;
}

std::atomic<const IntegerKernels*> chosen = supported().best;

}  // namespace

const IntegerKernels* integer_kernels() { return chosen.load(std::memory_order_relaxed); }

const IntegerKernels* const* supported_integer_kernels() { return supported().tables; }

void use_integer_kernels(const IntegerKernels* table) { chosen = table; }

}  // namespace gvl::ops::cpu
