/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "io/pickle_globals.hpp"
#include "io/pickle_input.hpp"

namespace gvl::io {

struct PickleValue {
  enum class Kind { kOther, kInteger, kString, kTuple, kList, kDictionary, kGlobal, kStorage, kTensor };

  Kind kind = Kind::kOther;
  PickleGlobal global{};              // beside `kind`, where it makes no value larger
  std::int64_t integer = 0;           // or the position among the storages or tensors
  std::string_view text;              // within the pickle
  std::vector<PickleValue*> items{};  // of a dictionary: keys and values in turn
};

/** The values that a pickle's instructions work on: a stack with marks, and a memo. All of it is taken from a budget.
 */
class PickleStack {
 public:
  using Value = PickleValue;
  using Kind = Value::Kind;

  explicit PickleStack(PickleInput& input) : input_(input) {}

  /** A new value, on no stack yet. */
  Value* make(Kind kind);

  void push(Value* value);
  void push_integer(std::int64_t integer);
  void push_string(std::string_view text);
  /** What no tensor needs: its bytes were read and do not matter. */
  void push_other(std::string_view bytes = {});
  void push_container(Kind kind, std::vector<Value*> items);

  Value* top() const;
  Value* pop();
  Value* pop(Kind kind, const char* what);
  std::vector<Value*> pop_count(std::size_t count);

  void push_mark();
  /** What was pushed since the last mark. */
  std::vector<Value*> pop_mark();

  /** More items for the container on top. */
  void insert(Kind kind, const std::vector<Value*>& items);
  void append(Value& container, const std::vector<Value*>& items);

  void remember(std::uint32_t key);
  Value* recall(std::uint32_t key) const;
  std::size_t remembered() const noexcept { return memo_.size(); }

 private:
  void take_depth(std::size_t depth, std::size_t& deepest);
  void take_items(std::size_t count);

  PickleInput& input_;
  std::deque<Value> values_;  // owns all; nobody else does, so that cycles neither leak nor recurse
  std::vector<Value*> stack_;
  std::vector<std::size_t> marks_;
  std::size_t deepest_stack_ = 0;
  std::size_t deepest_marks_ = 0;
  std::unordered_map<std::uint32_t, Value*> memo_;
};

}  // namespace gvl::io
