/* SPDX-License-Identifier: LGPL-2.1-or-later */
// Between gvl::Tensor and LibTorch's.
#include "layers/tensor_bridge.hpp"

#include <ATen/core/Tensor.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/equal.h>

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

GVL_TEST(tensors_cross_without_a_copy) {
  const at::Tensor made = at::arange(6, at::kFloat).view({2, 3});
  const Tensor ours = from_aten(made);
  ck_assert(ours.type == DataType::kFloat32 && ours.shape == std::vector<std::int64_t>({2, 3}));
  ck_assert_str_eq(ours.storage()->device().c_str(), "cpu");
  ck_assert_ptr_eq(ours.map(), made.data_ptr());
  ck_assert_ptr_eq(to_aten(ours).data_ptr(), made.data_ptr());
  const Tensor host(DataType::kFloat32, {6}, std::shared_ptr<const std::byte>(ours.storage(), ours.map()));
  ck_assert_ptr_eq(to_aten(host).data_ptr(), made.data_ptr());
}

GVL_TEST(what_is_not_contiguous_is_copied_once) {
  const at::Tensor made = at::arange(6, at::kFloat).view({2, 3}).t();
  const Tensor ours = from_aten(made);
  ck_assert(at::equal(to_aten(ours), made));
  ck_assert_ptr_eq(ours.map(), ours.map());
  ck_assert(ours.as<float>()[1] == 3);
}

GVL_TEST(a_tensor_without_data_maps_to_nothing) {
  const Tensor empty(DataType::kInt64, {2, 2});
  ck_assert_uint_eq(empty.bytes(), 32);
  ck_assert(!empty.has_data() && empty.map() == nullptr);
}
