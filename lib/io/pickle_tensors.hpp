/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "io/pickle.hpp"
#include "io/pickle_input.hpp"
#include "io/pickle_stack.hpp"

namespace gvl::io {

/** What an instruction works on, checked: item `index` of `arguments`, which must be of `kind`. */
PickleValue* pickle_argument(const PickleInput& input, const PickleValue& arguments, std::size_t index,
                             PickleValue::Kind kind);

/** The storages and tensors of a pickle, and in the end the names of the tensors. */
class PickleTensors {
 public:
  using Value = PickleValue;
  using Kind = Value::Kind;

  PickleTensors(PickleInput& input, PickleStack& stack) : input_(input), stack_(stack) {}

  /** Of ('storage', type, key, location, elements). */
  Value* make_storage(const Value& id);
  /** Of (storage, offset, shape, strides, requires_grad, backward_hooks). */
  Value* make_tensor(const Value& arguments);

  /** The tensors in `value`. Dictionaries may be shared, or contain themselves: visits are counted, not values. */
  std::vector<std::pair<std::string, PickledTensor>> collect(const Value& value);

 private:
  const Value* argument(const Value& arguments, std::size_t index, Kind kind) const {
    return pickle_argument(input_, arguments, index, kind);
  }
  std::vector<std::int64_t> integers(const Value& tuple) const;

  void collect(const Value& value, const std::string& name, std::size_t depth);
  void add(const Value& value, const std::string& name);
  std::string joined(const std::string& name, const std::string& key);
  std::optional<std::string> key_text(const Value& key);
  [[noreturn]] void fail_name(const std::string& name) const;

  PickleInput& input_;
  PickleStack& stack_;
  std::vector<PickledTensor> storages_;
  std::vector<PickledTensor> tensors_;
  std::vector<std::pair<std::string, PickledTensor>> found_;
};

}  // namespace gvl::io
