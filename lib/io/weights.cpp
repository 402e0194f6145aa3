/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/weights.hpp"

#include <system_error>
#include <utility>

#include "gvl/error.hpp"
#include "io/json.hpp"
#include "io/quote.hpp"

namespace gvl::io {

namespace {

constexpr const char* kFileName = "model.safetensors";
constexpr const char* kIndexName = "model.safetensors.index.json";

// A shard's name comes from the index, which is not trusted: it must not lead out of the model's folder.
bool is_plain_file_name(const std::string& name) {
  return !name.empty() && name != "." && name.find('/') == std::string::npos && name.find("..") == std::string::npos;
}

}  // namespace

Weights Weights::open(const std::filesystem::path& path) {
  std::error_code failure;
  const bool folder = std::filesystem::is_directory(path, failure);
  const std::filesystem::path file = folder ? path / kFileName : path;
  if (folder && !std::filesystem::exists(file, failure)) {
    if (!std::filesystem::exists(path / kIndexName, failure)) {
      throw Error(ErrorCode::kNotFound, path.string() + ": has neither " + kFileName + " nor " + kIndexName);
    }
    return open_index(path / kIndexName);
  }
  Weights weights;
  weights.path_ = file;
  const auto opened = std::make_shared<const SafetensorsFile>(SafetensorsFile::open(file));
  for (const TensorInfo& tensor : opened->tensors()) weights.add(opened, tensor.name);
  return weights;
}

Weights Weights::open_index(const std::filesystem::path& index) {
  Weights weights;
  weights.path_ = index;
  std::map<std::string, std::shared_ptr<const SafetensorsFile>> shards;
  for (const auto& [name, value] : JsonValue::load(index).object("weight_map").members()) {
    const std::string shard = value.as_string();
    if (!is_plain_file_name(shard)) throw value.error("the shard " + quote(shard) + " is not a plain file name");
    auto& file = shards[shard];
    if (!file) file = std::make_shared<const SafetensorsFile>(SafetensorsFile::open(index.parent_path() / shard));
    if (!file->contains(name)) throw value.error("the shard " + quote(shard) + " has no such tensor");
    weights.add(file, name);
  }
  return weights;
}

void Weights::add(std::shared_ptr<const SafetensorsFile> file, const std::string& name) {
  total_bytes_ += file->get(name).bytes();
  file_of_.emplace(name, std::move(file));
}

std::vector<std::string> Weights::names() const {
  std::vector<std::string> names;
  names.reserve(file_of_.size());
  for (const auto& [name, file] : file_of_) names.push_back(name);
  return names;
}

const SafetensorsFile& Weights::file_of(const std::string& name) const {
  const auto found = file_of_.find(name);
  if (found == file_of_.end()) {
    throw Error(ErrorCode::kMalformed, path_.string() + ": has no tensor " + quote(name));
  }
  return *found->second;
}

Tensor Weights::get(const std::string& name, const std::vector<std::int64_t>& expected_shape) const {
  const SafetensorsFile& file = file_of(name);
  Tensor tensor = file.get(name);
  if (tensor.shape != expected_shape) {
    throw Error(ErrorCode::kMalformed, file.path().string() + ": tensor " + quote(name) + ": expected shape " +
                                           to_string(expected_shape) + ", found " + to_string(tensor.shape));
  }
  return tensor;
}

}  // namespace gvl::io
