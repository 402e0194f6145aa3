/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <set>
#include <utility>

#include "gvl/error.hpp"
#include "io/data_types.hpp"
#include "io/quote.hpp"
#include "io/safetensors.hpp"
#include "io/tensor_size.hpp"

namespace gvl::io {

namespace {

constexpr std::size_t kDataAlignment = 64;

std::string json_string(const std::string& text) {
  if (!g_utf8_validate(text.data(), static_cast<gssize>(text.size()), nullptr)) {
    throw Error(ErrorCode::kInvalidArgument, "not UTF-8: " + quote(text));
  }
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      std::array<char, 7> escape{};
      std::snprintf(escape.data(), escape.size(), "\\u%04x", static_cast<unsigned>(c));
      out += escape.data();
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::string metadata_json(const std::map<std::string, std::string>& metadata) {
  std::string out = "\"__metadata__\":{";
  bool first = true;
  for (const auto& [key, text] : metadata) {
    if (!std::exchange(first, false)) out += ',';
    out += json_string(key);
    out += ':';
    out += json_string(text);
  }
  return out + "}";
}

std::string shape_json(const std::vector<std::int64_t>& shape) {
  std::string out = "[";
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (i > 0) out += ',';
    out += std::to_string(shape[i]);
  }
  return out + "]";
}

void check_tensors(const std::vector<TensorInfo>& tensors) {
  std::set<std::string> names;
  for (const TensorInfo& tensor : tensors) {
    if (tensor.name.empty() || tensor.name == "__metadata__" || !names.insert(tensor.name).second) {
      throw Error(ErrorCode::kInvalidArgument, "tensor name " + quote(tensor.name) + " is empty, reserved or repeated");
    }
    if (tensor.shape.size() > kMaximumRank || !checked_bytes(tensor.type, tensor.shape)) {
      throw Error(ErrorCode::kInvalidArgument,
                  "tensor " + quote(tensor.name) + ": the shape " + to_string(tensor.shape) + " has no size");
    }
  }
}

std::string header_json(const std::vector<TensorInfo>& tensors, const std::map<std::string, std::string>& metadata) {
  std::string out = "{";
  if (!metadata.empty()) out += metadata_json(metadata);
  std::size_t offset = 0;
  for (const TensorInfo& tensor : tensors) {
    const std::size_t bytes = *checked_bytes(tensor.type, tensor.shape);
    std::size_t end = 0;
    if (__builtin_add_overflow(offset, bytes, &end) || end > static_cast<std::size_t>(INT64_MAX)) {
      throw Error(ErrorCode::kInvalidArgument, "the tensors are too large together");
    }
    if (out.size() > 1) out += ",";
    out += json_string(tensor.name) + ":{\"dtype\":\"" + traits_of(tensor.type).safetensors +
           "\",\"shape\":" + shape_json(tensor.shape) + ",\"data_offsets\":[" + std::to_string(offset) + "," +
           std::to_string(end) + "]}";
    offset = end;
  }
  return out + "}";
}

// The length and the header, padded with spaces so that the data behind it is aligned.
std::string file_start(std::string header) {
  const std::size_t length = sizeof(std::uint64_t) + header.size();
  if (header.size() > kLongestSafetensorsHeader - kDataAlignment) {
    throw Error(ErrorCode::kInvalidArgument, "the header is longer than the format allows");
  }
  header.append((kDataAlignment - length % kDataAlignment) % kDataAlignment, ' ');
  std::string start;
  for (unsigned shift = 0; shift < 64; shift += 8) {
    start += static_cast<char>((static_cast<std::uint64_t>(header.size()) >> shift) & 0xFF);
  }
  return start + header;
}

/** What comes before the data. Errors name the file. */
std::string start_of(const std::filesystem::path& path, const std::vector<TensorInfo>& tensors,
                     const std::map<std::string, std::string>& metadata) {
  try {
    check_tensors(tensors);
    return file_start(header_json(tensors, metadata));
  } catch (const Error& error) {
    throw Error(error.code(), path.string() + ": " + error.what());
  }
}

}  // namespace

SafetensorsWriter::SafetensorsWriter(std::filesystem::path path, std::vector<TensorInfo> tensors,
                                     const std::map<std::string, std::string>& metadata)
    : SafetensorsWriter(path, tensors, start_of(path, tensors, metadata)) {}

SafetensorsWriter::SafetensorsWriter(const std::filesystem::path& path, const std::vector<TensorInfo>& tensors,
                                     const std::string& start)
    : tensors_(tensors), file_(path) {
  file_.write(std::as_bytes(std::span(start)));
}

const TensorInfo& SafetensorsWriter::expect(const std::string& name) const {
  if (!file_.is_open())
    throw Error(ErrorCode::kInvalidArgument, file_.path().string() + ": is finished or failed already");
  if (next_ == tensors_.size() || tensors_[next_].name != name) {
    throw Error(ErrorCode::kInvalidArgument,
                file_.path().string() + ": tensor " + quote(name) + " is written, expected " +
                    (next_ == tensors_.size() ? std::string("no more") : quote(tensors_[next_].name)));
  }
  return tensors_[next_];
}

void SafetensorsWriter::write(const std::string& name, std::span<const std::byte> data) {
  const TensorInfo& info = expect(name);
  const std::size_t bytes = *checked_bytes(info.type, info.shape);
  if (data.size() != bytes) {
    throw Error(ErrorCode::kInvalidArgument, file_.path().string() + ": tensor " + quote(name) + ": expected " +
                                                 std::to_string(bytes) + " bytes, found " +
                                                 std::to_string(data.size()));
  }
  try {
    file_.write(data);
  } catch (const Error&) {
    file_.discard();
    throw;
  }
  ++next_;
}

void SafetensorsWriter::write(const std::string& name, const Tensor& tensor) {
  const TensorInfo& info = expect(name);
  if (tensor.type != info.type || tensor.shape != info.shape) {
    throw Error(ErrorCode::kInvalidArgument, file_.path().string() + ": tensor " + quote(name) + ": expected " +
                                                 name_of(info.type) + " " + to_string(info.shape) + ", found " +
                                                 name_of(tensor.type) + " " + to_string(tensor.shape));
  }
  write(name, {tensor.map(), tensor.bytes()});
}

void SafetensorsWriter::finish() {
  if (!file_.is_open())
    throw Error(ErrorCode::kInvalidArgument, file_.path().string() + ": is finished or failed already");
  if (next_ != tensors_.size()) {
    throw Error(ErrorCode::kInvalidArgument, file_.path().string() + ": tensor " + quote(tensors_[next_].name) +
                                                 " and " + std::to_string(tensors_.size() - next_ - 1) +
                                                 " more were not written");
  }
  file_.finish();
}

}  // namespace gvl::io
