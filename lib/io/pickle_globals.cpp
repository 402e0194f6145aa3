/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/pickle_globals.hpp"

#include "io/data_types.hpp"

namespace gvl::io {
namespace {

struct NamedGlobal {
  std::string_view module;
  std::string_view name;
  PickleGlobal global;
};

// Storages and data types beside these are in kDataTypes.
constexpr NamedGlobal kGlobals[] = {
    {"collections", "OrderedDict", {PickleRole::kDictionary}},
    {"torch._utils", "_rebuild_tensor_v2", {PickleRole::kTensor}},
    {"torch._utils", "_rebuild_parameter", {PickleRole::kParameter}},
    {"torch", "Size", {PickleRole::kSize}},
    {"torch", "device", {PickleRole::kInert}},
    {"torch.storage", "UntypedStorage", {PickleRole::kStorage, DataType::kUInt8}},
};

}  // namespace

std::optional<PickleGlobal> find_pickle_global(std::string_view module, std::string_view name) noexcept {
  for (const NamedGlobal& known : kGlobals) {
    if (known.module == module && known.name == name) return known.global;
  }
  if (module != "torch") return std::nullopt;
  for (const DataTypeTraits& traits : kDataTypes) {
    const std::string_view torch = traits.torch;
    if (name.starts_with(torch) && name.substr(torch.size()) == "Storage")
      return PickleGlobal{PickleRole::kStorage, traits.type};
    if (traits.name == name) return PickleGlobal{PickleRole::kInert, traits.type};
  }
  return std::nullopt;
}

}  // namespace gvl::io
