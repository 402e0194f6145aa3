/* SPDX-License-Identifier: LGPL-2.1-or-later */
// The table of data types, and that its users read every row of it.
#include "io/data_types.hpp"

#include <set>

#include "gvl/config.hpp"
#include "io/pickle_globals.hpp"
#include "io/safetensors.hpp"
#include "io_test.hpp"

using namespace gvl;
using namespace gvl::io;
using namespace gvl::io::test;

GVL_TEST(names_are_unique) {
  std::set<std::string> names, safetensors;
  std::set<std::string_view> storages;
  for (const DataTypeTraits& traits : kDataTypes) {
    ck_assert(names.insert(traits.name).second && safetensors.insert(traits.safetensors).second &&
              storages.insert(traits.torch_storage).second);
    ck_assert_uint_eq(size_of(traits.type), traits.bytes);
    expect_text(name_of(traits.type), traits.name);
  }
}

GVL_TEST(every_type_survives_a_file) {
  const TemporaryFolder folder;
  std::vector<TensorInfo> infos;
  for (const DataTypeTraits& traits : kDataTypes) infos.push_back({traits.name, traits.type, {3}});
  SafetensorsWriter writer(folder / "a", infos);
  for (const DataTypeTraits& traits : kDataTypes) {
    writer.write(traits.name, Tensor{traits.type, {3}, allocate_tensor_data(3 * traits.bytes)});
  }
  writer.finish();
  const SafetensorsFile file = SafetensorsFile::open(folder / "a");
  for (const DataTypeTraits& traits : kDataTypes) ck_assert(file.info(traits.name).type == traits.type);
}

GVL_TEST(every_type_is_known_to_pickles) {
  for (const DataTypeTraits& traits : kDataTypes) {
    const auto storage = find_pickle_global("torch", traits.torch_storage);
    ck_assert(storage && storage->role == PickleRole::kStorage && storage->type == traits.type);
    const auto type = find_pickle_global("torch", traits.name);
    ck_assert(type && type->role == PickleRole::kInert);
  }
  ck_assert(!find_pickle_global("os", "float32"));
}

GVL_TEST(weights_are_of_the_types_that_hold_weights) {
  for (const DataTypeTraits& traits : kDataTypes) {
    const auto type = weight_type_from_name(traits.name);
    ck_assert_int_eq(type.has_value(), traits.holds_weights);
    if (type) ck_assert(*type == traits.type);
  }
  expect_text(weight_type_names(), "float16, bfloat16, float32");
}
