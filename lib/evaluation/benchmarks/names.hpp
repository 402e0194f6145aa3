/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "gvl/error.hpp"
#include "io/quote.hpp"

namespace gvl::evaluation {

/** A value of an enumeration, and what options and reports call it. */
template <typename Value>
struct Named {
  Value value;
  std::string_view name;
};

/** All values of an enumeration, the default first. */
template <typename Value, std::size_t kCount>
using NameTable = std::array<Named<Value>, kCount>;

/** The name of a value that the table has. */
template <typename Value, std::size_t kCount>
std::string name_of(const NameTable<Value, kCount>& table, Value value) {
  for (const Named<Value>& row : table) {
    if (row.value == value) return std::string(row.name);
  }
  return {};
}

/** The value that is called so. Throws Error(kInvalidArgument) with the names that there are. */
template <typename Value, std::size_t kCount>
Value value_named(const NameTable<Value, kCount>& table, std::string_view name) {
  std::string known;
  for (const Named<Value>& row : table) {
    if (row.name == name) return row.value;
    known += (known.empty() ? "" : ", ") + std::string(row.name);
  }
  throw Error(ErrorCode::kInvalidArgument, io::quote(name) + " is none of " + known);
}

/** All names, in the table's order. */
template <typename Value, std::size_t kCount>
std::vector<std::string> names_in(const NameTable<Value, kCount>& table) {
  std::vector<std::string> names;
  for (const Named<Value>& row : table) names.emplace_back(row.name);
  return names;
}

}  // namespace gvl::evaluation
