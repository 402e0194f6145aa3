/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/pickle_tensors.hpp"

#include <glib.h>

#include <algorithm>

#include "io/quote.hpp"
#include "io/tensor_size.hpp"

namespace gvl::io {
namespace {

// Ample room for a state_dict of 25,000 tensors. They bound single things; the budget bounds all of them together.
constexpr std::size_t kMostTensors = std::size_t{1} << 15;
constexpr std::size_t kLongestStorageKey = 64;
constexpr std::size_t kDeepestDictionary = 32;
constexpr std::size_t kLongestName = 4096;

// What things need beside what they hold, with what the allocator adds.
constexpr std::size_t kTensorOverhead = 256;
constexpr std::size_t kFoundOverhead = 512;  // records and index of TorchArchive included
constexpr std::size_t kNamesKept = 4;        // by the pickle, the archive and its index; and while they grow

// A visit of a member is a few look-ups anywhere in memory.
constexpr std::size_t kVisit = 32;
constexpr const char* kRepeats = "its dictionaries repeat each other";

std::size_t memory_of(const PickledTensor& tensor) {
  constexpr std::size_t kSlots = 2;  // of a vector that has grown
  return tensor.storage.size() + kSlots * sizeof(std::int64_t) * (tensor.shape.size() + tensor.strides.size());
}

}  // namespace

PickleValue* pickle_argument(const PickleInput& input, const PickleValue& arguments, std::size_t index,
                             PickleValue::Kind kind) {
  if (index >= arguments.items.size() || arguments.items[index]->kind != kind) input.fail("unexpected arguments");
  return arguments.items[index];
}

PickleValue* PickleTensors::make_storage(const Value& id) {
  if (argument(id, 0, Kind::kString)->text != "storage") input_.fail("expected a storage");
  const PickleGlobal& global = argument(id, 1, Kind::kGlobal)->global;
  if (global.role != PickleRole::kStorage) input_.fail("expected a storage type");
  const std::string_view key = argument(id, 2, Kind::kString)->text;
  if (key.size() > kLongestStorageKey) input_.fail("a storage's key is too long");
  input_.budget().take_memory(kTensorOverhead + key.size(), "its storages");
  Value* storage = stack_.make(Kind::kStorage);
  storage->integer = static_cast<std::int64_t>(storages_.size());
  storages_.push_back({std::string(key), argument(id, 4, Kind::kInteger)->integer, global.type});
  return storage;
}

PickleValue* PickleTensors::make_tensor(const Value& arguments) {
  if (tensors_.size() >= kMostTensors) input_.fail("more than " + std::to_string(kMostTensors) + " tensors");
  PickledTensor pickled = storages_[static_cast<std::size_t>(argument(arguments, 0, Kind::kStorage)->integer)];
  pickled.offset = argument(arguments, 1, Kind::kInteger)->integer;
  pickled.shape = integers(*argument(arguments, 2, Kind::kTuple));
  pickled.strides = integers(*argument(arguments, 3, Kind::kTuple));
  input_.budget().take_memory(kTensorOverhead + memory_of(pickled), "its tensors");
  Value* tensor = stack_.make(Kind::kTensor);
  tensor->integer = static_cast<std::int64_t>(tensors_.size());
  tensors_.push_back(std::move(pickled));
  return tensor;
}

std::vector<std::int64_t> PickleTensors::integers(const Value& tuple) const {
  if (tuple.items.size() > kMaximumRank)
    input_.fail("a tensor has " + std::to_string(tuple.items.size()) + " dimensions");
  std::vector<std::int64_t> result;
  for (std::size_t i = 0; i < tuple.items.size(); ++i) {
    result.push_back(argument(tuple, i, Kind::kInteger)->integer);
  }
  return result;
}

std::vector<std::pair<std::string, PickledTensor>> PickleTensors::collect(const Value& value) {
  collect(value, "", 0);
  return std::move(found_);
}

void PickleTensors::collect(const Value& value, const std::string& name, std::size_t depth) {
  if (value.kind == Kind::kTensor) return add(value, name);
  if (value.kind != Kind::kDictionary) return;
  if (depth == kDeepestDictionary) input_.fail("dictionaries deeper than " + std::to_string(kDeepestDictionary));
  for (std::size_t i = 0; i < value.items.size(); i += 2) {
    input_.budget().take_steps(kVisit, kRepeats);
    const Value& item = *value.items[i + 1];
    if (item.kind != Kind::kTensor && item.kind != Kind::kDictionary) continue;
    const auto key = key_text(*value.items[i]);
    if (key) collect(item, depth == 0 ? *key : joined(name, *key), depth + 1);
  }
}

std::string PickleTensors::joined(const std::string& name, const std::string& key) {
  input_.budget().take_steps(name.size() + key.size(), kRepeats);
  const std::string result = name + "/" + key;
  if (result.size() > kLongestName) fail_name(result);
  return result;
}

void PickleTensors::fail_name(const std::string& name) const {
  input_.fail("too many or too long names: " + quote(name));
}

std::optional<std::string> PickleTensors::key_text(const Value& key) {
  if (key.kind == Kind::kInteger) return std::to_string(key.integer);
  if (key.kind != Kind::kString) return std::nullopt;
  input_.budget().take_steps(std::min(key.text.size(), kLongestName), kRepeats);
  if (key.text.size() > kLongestName ||
      !g_utf8_validate(key.text.data(), static_cast<gssize>(key.text.size()), nullptr)) {
    input_.fail("the key " + quote(key.text) + " is too long or not UTF-8");
  }
  return std::string(key.text);
}

void PickleTensors::add(const Value& value, const std::string& name) {
  if (name.size() > kLongestName || found_.size() >= kMostTensors) fail_name(name);
  const PickledTensor& tensor = tensors_[static_cast<std::size_t>(value.integer)];
  input_.budget().take_memory(kFoundOverhead + kNamesKept * name.size() + 2 * memory_of(tensor),
                              "the names of its tensors");
  found_.emplace_back(name, tensor);
}

}  // namespace gvl::io
