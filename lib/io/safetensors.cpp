/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/safetensors.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <memory>
#include <tuple>
#include <utility>

#include "gvl/error.hpp"
#include "io/data_types.hpp"
#include "io/json.hpp"
#include "io/quote.hpp"
#include "io/tensor_size.hpp"

namespace gvl::io {

static_assert(std::endian::native == std::endian::little, "safetensors files are little-endian and read in place");

namespace {

constexpr std::size_t kLengthBytes = 8;

struct Entry {
  TensorInfo info;
  std::size_t begin = 0;  // in the data
  std::size_t end = 0;
};

Error malformed(const MappedFile& file, const std::string& what) {
  return Error(ErrorCode::kMalformed, file.path().string() + ": not a valid safetensors file: " + what);
}

std::size_t read_header_length(const MappedFile& file) {
  if (file.size() < kLengthBytes) {
    throw malformed(file, "only " + std::to_string(file.size()) + " bytes long");
  }
  std::uint64_t length = 0;
  std::memcpy(&length, file.bytes().data(), kLengthBytes);
  if (length > kLongestSafetensorsHeader || length > file.size() - kLengthBytes) {
    throw malformed(
        file, "header of " + std::to_string(length) + " bytes in a file of " + std::to_string(file.size()) + " bytes");
  }
  return length;
}

JsonValue parse_header(const MappedFile& file, std::size_t length) {
  JsonLimits limits;
  limits.bytes = kLongestSafetensorsHeader;
  limits.depth = 8;
  JsonValue header = JsonValue::parse(file.text().substr(kLengthBytes, length), file.path().string(), limits);
  if (!header.is_object()) throw malformed(file, "the header is not a JSON object");
  if (header.repeated_member()) throw malformed(file, "tensor " + quote(*header.repeated_member()) + " occurs twice");
  return header;
}

DataType parse_type(const JsonValue& dtype) {
  const std::string name = dtype.as_string();
  for (const DataTypeTraits& traits : kDataTypes) {
    if (name == traits.safetensors) return traits.type;
  }
  throw dtype.error("unsupported data type " + quote(name), ErrorCode::kUnsupported);
}

Entry parse_entry(const std::string& name, const JsonValue& value) {
  Entry entry;
  entry.info.name = name;
  entry.info.type = parse_type(value.at("dtype"));

  const JsonValue shape = value.array("shape");
  if (shape.size() > kMaximumRank) throw shape.error("has " + std::to_string(shape.size()) + " dimensions");
  for (const JsonValue& dimension : shape.elements()) entry.info.shape.push_back(dimension.as_integer(0));

  const JsonValue offsets = value.array("data_offsets");
  if (offsets.size() != 2) throw offsets.error("expected two offsets");
  entry.begin = static_cast<std::size_t>(offsets.at(std::size_t{0}).as_integer(0));
  entry.end = static_cast<std::size_t>(offsets.at(std::size_t{1}).as_integer(0));
  if (entry.begin > entry.end) throw offsets.error("the end lies before the begin");

  const auto bytes = checked_bytes(entry.info.type, entry.info.shape);
  if (!bytes) throw shape.error("the shape " + to_string(entry.info.shape) + " is too large");
  if (*bytes != entry.end - entry.begin) {
    throw value.error(std::string(name_of(entry.info.type)) + " " + to_string(entry.info.shape) + " needs " +
                      std::to_string(*bytes) + " bytes, data_offsets give " + std::to_string(entry.end - entry.begin));
  }
  return entry;
}

// The format wants every byte of the data to belong to exactly one tensor.
void check_coverage(const MappedFile& file, const std::vector<Entry>& entries, std::size_t data_bytes) {
  std::size_t covered = 0;
  for (const Entry& entry : entries) {
    const std::string place = "tensor " + quote(entry.info.name) + ": data from " + std::to_string(entry.begin) +
                              " to " + std::to_string(entry.end);
    if (entry.end > data_bytes) {
      throw malformed(file, place + " lies outside the " + std::to_string(data_bytes) + " bytes of data");
    }
    if (entry.begin < covered) throw malformed(file, place + " overlaps another tensor");
    if (entry.begin > covered) throw malformed(file, place + " leaves a hole before it");
    covered = entry.end;
  }
  if (covered != data_bytes) {
    throw malformed(file, std::to_string(data_bytes - covered) + " bytes after the last tensor");
  }
}

}  // namespace

SafetensorsFile SafetensorsFile::open(const std::filesystem::path& path) {
  SafetensorsFile result;
  result.file_ = MappedFile::open(path);
  const MappedFile& file = *result.file_;
  const std::size_t header_length = read_header_length(file);
  result.data_start_ = kLengthBytes + header_length;

  std::vector<Entry> entries;
  for (const auto& [name, value] : parse_header(file, header_length).members()) {
    if (name != "__metadata__") {
      entries.push_back(parse_entry(name, value));
      continue;
    }
    for (const auto& [key, text] : value.members()) result.metadata_[key] = text.as_string();
  }
  std::sort(entries.begin(), entries.end(),
            [](const Entry& a, const Entry& b) { return std::tie(a.begin, a.end) < std::tie(b.begin, b.end); });
  check_coverage(file, entries, file.size() - result.data_start_);

  for (Entry& entry : entries) {
    result.index_.emplace(entry.info.name, result.tensors_.size());
    result.offsets_.push_back(result.data_start_ + entry.begin);
    result.tensors_.push_back(std::move(entry.info));
  }
  return result;
}

std::size_t SafetensorsFile::position_of(const std::string& name) const {
  const auto found = index_.find(name);
  if (found == index_.end()) {
    throw Error(ErrorCode::kMalformed, path().string() + ": has no tensor " + quote(name));
  }
  return found->second;
}

Tensor SafetensorsFile::get(const std::string& name) const {
  const std::size_t position = position_of(name);
  const TensorInfo& info = tensors_[position];
  const std::byte* data = file_->bytes().data() + offsets_[position];
  return Tensor{info.type, info.shape, std::shared_ptr<const std::byte>(file_, data)};
}

}  // namespace gvl::io
