/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "io/json.hpp"
#include "io/safetensors.hpp"

namespace gvl::test {

/** A reference fixture: a small official release, inputs, and what the published implementation computes. */
struct Fixture {
  std::filesystem::path folder;
  io::SafetensorsFile tensors;
  io::JsonValue expected;

  static Fixture open(const std::filesystem::path& folder) {
    return {folder, io::SafetensorsFile::open(folder / "expected.safetensors"),
            io::JsonValue::load(folder / "expected.json")};
  }

  double duration() const { return expected.number("duration"); }

  std::vector<std::int64_t> ids(const std::string& tensor) const {
    const Tensor stored = tensors.get(tensor);
    return {stored.as<std::int64_t>(), stored.as<std::int64_t>() + stored.elements()};
  }
};

inline std::vector<std::int64_t> integers(const io::JsonValue& array) {
  std::vector<std::int64_t> values;
  for (const io::JsonValue& element : array.elements()) values.push_back(element.as_integer());
  return values;
}

}  // namespace gvl::test
