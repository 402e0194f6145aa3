/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/pickle_stack.hpp"

#include <utility>

namespace gvl::io {
namespace {

// Hostile pickles meet these early. They bound single things; the budget bounds all of them together.
constexpr std::size_t kMostValues = std::size_t{1} << 19;
constexpr std::size_t kDeepestStack = std::size_t{1} << 18;
constexpr std::size_t kMemoOverhead = 64;  // with what the allocator adds

}  // namespace

PickleValue* PickleStack::make(Kind kind) {
  if (values_.size() >= kMostValues) input_.fail("more than " + std::to_string(kMostValues) + " values");
  input_.budget().take_memory(sizeof(Value));
  Value& value = values_.emplace_back();
  value.kind = kind;
  return &value;
}

void PickleStack::push(Value* value) {
  if (stack_.size() >= kDeepestStack) input_.fail("the stack is deeper than " + std::to_string(kDeepestStack));
  stack_.push_back(value);
  take_depth(stack_.size(), deepest_stack_);
}

void PickleStack::take_depth(std::size_t depth, std::size_t& deepest) {
  constexpr std::size_t kSlots = 3;
  if (depth <= deepest) return;
  deepest = depth;
  input_.budget().take_memory(kSlots * sizeof(Value*), "its stack");
}

void PickleStack::push_integer(std::int64_t integer) {
  push(make(Kind::kInteger));
  stack_.back()->integer = integer;
}

void PickleStack::push_string(std::string_view text) {
  push(make(Kind::kString));
  stack_.back()->text = text;
}

void PickleStack::push_other(std::string_view) { push(make(Kind::kOther)); }

PickleValue* PickleStack::top() const {
  if (stack_.size() <= (marks_.empty() ? 0 : marks_.back())) input_.fail("the stack is empty");
  return stack_.back();
}

PickleValue* PickleStack::pop() {
  Value* value = top();
  stack_.pop_back();
  return value;
}

PickleValue* PickleStack::pop(Kind kind, const char* what) {
  Value* value = pop();
  if (value->kind != kind) input_.fail(std::string("expected ") + what);
  return value;
}

std::vector<PickleValue*> PickleStack::pop_count(std::size_t count) {
  std::vector<Value*> items(count);
  while (count-- > 0) items[count] = pop();
  return items;
}

void PickleStack::push_mark() {
  if (marks_.size() >= kDeepestStack) input_.fail("more than " + std::to_string(kDeepestStack) + " marks");
  marks_.push_back(stack_.size());
  take_depth(marks_.size(), deepest_marks_);
}

std::vector<PickleValue*> PickleStack::pop_mark() {
  if (marks_.empty()) input_.fail("a mark is missing");
  const auto first = stack_.begin() + static_cast<std::ptrdiff_t>(marks_.back());
  std::vector<Value*> items(first, stack_.end());
  stack_.erase(first, stack_.end());
  marks_.pop_back();
  return items;
}

void PickleStack::push_container(Kind kind, std::vector<Value*> items) {
  push(make(kind));
  take_items(items.size());
  stack_.back()->items = std::move(items);
}

void PickleStack::take_items(std::size_t count) {
  constexpr std::size_t kSlots = 3;  // a vector that grows has twice the room, and its old one while it copies
  if (count > 0) input_.budget().take_memory(16 + count * kSlots * sizeof(Value*), "its lists and dictionaries");
}

void PickleStack::insert(Kind kind, const std::vector<Value*>& items) {
  Value* container = top();
  if (container->kind != kind) input_.fail(kind == Kind::kList ? "expected a list" : "expected a dictionary");
  append(*container, items);
}

void PickleStack::remember(std::uint32_t key) {
  Value* value = top();
  const auto [place, added] = memo_.try_emplace(key, value);
  place->second = value;
  if (!added) return;
  if (memo_.size() > kMostValues) input_.fail("more than " + std::to_string(kMostValues) + " values in the memo");
  input_.budget().take_memory(kMemoOverhead, "its memo");
}

PickleValue* PickleStack::recall(std::uint32_t key) const {
  const auto found = memo_.find(key);
  if (found == memo_.end()) input_.fail("memo " + std::to_string(key) + " was never set");
  return found->second;
}

void PickleStack::append(Value& container, const std::vector<Value*>& items) {
  take_items(items.size());
  container.items.insert(container.items.end(), items.begin(), items.end());
}

}  // namespace gvl::io
