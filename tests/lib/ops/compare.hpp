/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/randn.h>
#include "support/testing.hpp"

#include <cmath>
#include <cstring>
#include <string>

#include "ops/cpu/kernels.hpp"

namespace gvl::ops::cpu {
extern const Kernels wide;  // the code for AVX-512, compiled for any processor
}

namespace gvl::ops::test {

/** Fails unless actual and expected agree: |difference| <= tolerance * (|expected| + scale), by element. */
inline void expect_close(const at::Tensor& actual, const at::Tensor& expected, double tolerance, double scale,
                         const std::string& what) {
  const std::string where = what + " (" + cpu::kernels().name + ")";
  ck_assert_msg(actual.sizes() == expected.sizes(), "%s: shapes differ", where.c_str());
  if (actual.numel() == 0) return;
  const auto difference = actual.to(at::kDouble).sub(expected.to(at::kDouble)).abs();
  const auto excess = difference.sub(expected.to(at::kDouble).abs().add(scale).mul(tolerance));
  const double worst = excess.max().item<double>();
  ck_assert_msg(worst <= 0, "%s: greatest difference %g", where.c_str(), difference.max().item<double>());
}

/** Runs f with every table of kernels that can run here, with one thread and with more than there are cores. */
template <class F>
void for_each_kernels(F f) {
  const auto run = [&](const cpu::Kernels* table) {
    cpu::use_kernels(table);
    for (int threads : {1, 3}) {
      at::set_num_threads(threads);
      f();
    }
  };
  for (const cpu::Kernels* const* table = cpu::supported_kernels(); *table; ++table) run(*table);
  run(&cpu::wide);
  cpu::use_kernels(nullptr);
}

/** Fails unless f throws LibTorch's error. */
template <class F>
void expect_error(F f) {
  bool is_thrown = false;
  try {
    f();
  } catch (const c10::Error&) {
    is_thrown = true;
  }
  ck_assert(is_thrown);
}

/** The same elements at an address that is no multiple of their size, as in a memory-mapped file. */
inline at::Tensor unaligned(const at::Tensor& x, at::Tensor& owner) {
  const int64_t bytes = x.numel() * static_cast<int64_t>(x.element_size());
  owner = at::empty({bytes + 1}, at::kByte);
  auto copy = at::empty({0}, x.options());
  std::memcpy(owner.data_ptr<uint8_t>() + 1, x.data_ptr(), bytes);
  return copy.set_(
      at::Storage(at::Storage::use_byte_size_t(), bytes, at::DataPtr(owner.data_ptr<uint8_t>() + 1, at::kCPU)), 0,
      x.sizes(), x.strides());
}

}  // namespace gvl::ops::test
