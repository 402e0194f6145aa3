/* SPDX-License-Identifier: LGPL-2.1-or-later */
// Between gvl::Tensor and LibTorch's.
#include "layers/tensor_bridge.hpp"

#include <ATen/core/Tensor.h>

#include "io/data_types.hpp"
#include "support/testing.hpp"

using namespace gvl;
using namespace gvl::layers;

GVL_TEST(every_type_is_one_of_libtorchs) {
  for (const io::DataTypeTraits& traits : io::kDataTypes) {
    const c10::ScalarType type = to_scalar_type(traits.type);
    ck_assert_uint_eq(c10::elementSize(type), traits.bytes);
    ck_assert(to_data_type(type) == traits.type);
  }
}
