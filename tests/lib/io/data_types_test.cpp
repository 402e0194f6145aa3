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
              storages.insert(traits.torch).second);
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
    const auto storage = find_pickle_global("torch", std::string(traits.torch) + "Storage");
    ck_assert(storage && storage->role == PickleRole::kStorage && storage->type == traits.type);
    const auto type = find_pickle_global("torch", traits.name);
    ck_assert(type && type->role == PickleRole::kInert);
  }
  ck_assert(!find_pickle_global("os", "float32"));
}

GVL_TEST(every_type_of_weights_has_its_name) {
  std::string names;
  for (const WeightTypeTraits& traits : kWeightTypes) {
    ck_assert(weight_type_from_name(traits.name) == traits.type);
    expect_text(name_of(traits.type), traits.name);
    names += (names.empty() ? "" : ", ") + std::string(traits.name);
    ck_assert(is_weight_float(traits.floating));
  }
  expect_text(weight_type_names(), names);
  ck_assert(!weight_type_from_name("float64") && !weight_type_from_name("") && !is_weight_float(DataType::kFloat64));
}
