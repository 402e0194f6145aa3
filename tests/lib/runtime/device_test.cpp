/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "runtime/device.hpp"

#include <ATen/Context.h>

#include "../io/io_test.hpp"

using namespace gvl;
using namespace gvl::io::test;

GVL_TEST(names_are_devices) {
  ck_assert(runtime::choose_device("cpu").is_cpu());
  ck_assert(runtime::choose_device("auto").is_cuda() == at::hasCUDA());
  expect_error("gpu", ErrorCode::kInvalidArgument, {"gpu", "auto"}, [] { runtime::choose_device("gpu"); });
  expect_error("empty", ErrorCode::kInvalidArgument, {"not a device"}, [] { runtime::choose_device(""); });
}

GVL_TEST(cuda_is_the_first_or_is_missing) {
  if (at::hasCUDA()) {
    ck_assert_int_eq(runtime::choose_device("cuda").index(), 0);
    ck_assert_int_eq(runtime::choose_device("cuda:1").index(), 1);
  } else {
    expect_error("cuda", ErrorCode::kUnsupported, {"cuda:1", "no CUDA"}, [] { runtime::choose_device("cuda:1"); });
  }
}
