/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "archive/tokens.hpp"

#include <zlib.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "gvl/error.hpp"

namespace gvl::archive {

namespace {

struct Format {
  TokenType type;
  const char* name;
  float greatest;     // whole number
  std::size_t bytes;  // of a whole number
};

constexpr std::array kFormats{Format{TokenType::kInt16, "int16", 32767, 2}, Format{TokenType::kInt10, "int10", 511, 2},
                              Format{TokenType::kInt8, "int8", 127, 1}};

const Format& format_of(TokenType type) {
  return *std::find_if(kFormats.begin(), kFormats.end(), [type](const Format& each) { return each.type == type; });
}

/** What is behind the scales: a plane of the values' low bytes and, where they have two, one of the high bytes. */
struct Planes {
  char* bytes;
  std::size_t values;

  void set(std::size_t at, int whole, std::size_t size) const {
    for (std::size_t i = 0; i < size; ++i) bytes[i * values + at] = static_cast<char>(whole >> (8 * i));
  }
  int get(std::size_t at, std::size_t size) const {
    if (size == 1) return static_cast<std::int8_t>(bytes[at]);
    return static_cast<std::int8_t>(bytes[values + at]) * 256 + static_cast<std::uint8_t>(bytes[at]);
  }
};

float scale_for(const float* values, std::size_t width, float greatest) {
  float most = 0;
  for (std::size_t i = 0; i < width; ++i) most = std::max(most, std::abs(values[i]));
  const float scale = most / greatest;
  return std::isfinite(scale * greatest) ? scale : std::nextafter(scale, 0.0f);
}

std::string packed(const std::string& bytes) {
  uLongf size = compressBound(bytes.size());
  std::string out(size, '\0');
  const int result =
      compress(reinterpret_cast<Bytef*>(out.data()), &size, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size());
  if (result != Z_OK) throw Error(ErrorCode::kResource, "there is no memory to compress tokens");
  out.resize(size);
  return out;
}

std::string unpacked(std::string_view stored, std::size_t expected) {
  std::string bytes(expected, '\0');
  uLongf size = expected;
  const int result = uncompress(reinterpret_cast<Bytef*>(bytes.data()), &size,
                                reinterpret_cast<const Bytef*>(stored.data()), stored.size());
  if (result == Z_OK && size == expected) return bytes;
  throw Error(ErrorCode::kMalformed, "tokens are not so many bytes as they are said to be");
}

void check(const Tensor& tokens) {
  if (tokens.type != DataType::kFloat32 || tokens.shape.size() != 2)
    throw Error(ErrorCode::kInvalidArgument, "tokens are float32 of two dimensions, not " +
                                                 std::string(name_of(tokens.type)) + " " + to_string(tokens.shape));
  const auto* values = tokens.as<float>();
  if (!std::all_of(values, values + tokens.elements(), [](float value) { return std::isfinite(value); }))
    throw Error(ErrorCode::kInvalidArgument, "a segment's tokens are not all finite");
}

}  // namespace

const char* name_of(TokenType type) noexcept { return format_of(type).name; }

std::optional<TokenType> token_type_from_name(std::string_view name) noexcept {
  for (const Format& format : kFormats)
    if (format.name == name) return format.type;
  return std::nullopt;
}

std::uint64_t unpacked_bytes(TokenType type, std::uint64_t rows, std::uint64_t width) noexcept {
  return rows * (sizeof(float) + width * format_of(type).bytes);
}

std::string encode_tokens(const Tensor& tokens, TokenType type) {
  check(tokens);
  const Format& format = format_of(type);
  const auto rows = static_cast<std::size_t>(tokens.shape[0]), width = static_cast<std::size_t>(tokens.shape[1]);
  std::string bytes(unpacked_bytes(type, rows, width), '\0');
  const Planes planes{bytes.data() + rows * sizeof(float), rows * width};
  const auto* values = tokens.as<float>();
  for (std::size_t row = 0; row < rows; ++row, values += width) {
    const float scale = scale_for(values, width, format.greatest);
    std::memcpy(bytes.data() + row * sizeof scale, &scale, sizeof scale);
    // Less than what can be divided by is nothing.
    const float per_unit = scale > std::numeric_limits<float>::min() ? 1 / scale : 0;
    for (std::size_t i = 0; i < width; ++i) {
      const float whole = std::clamp(std::nearbyint(values[i] * per_unit), -format.greatest, format.greatest);
      planes.set(row * width + i, static_cast<int>(whole), format.bytes);
    }
  }
  return packed(bytes);
}

Tensor decode_tokens(std::string_view stored, TokenType type, std::int64_t rows, std::int64_t width) {
  const Format& format = format_of(type);
  const auto height = static_cast<std::size_t>(rows), length = static_cast<std::size_t>(width);
  std::string bytes = unpacked(stored, unpacked_bytes(type, height, length));
  const Planes planes{bytes.data() + height * sizeof(float), height * length};
  const auto data = allocate_tensor_data(height * length * sizeof(float));
  auto* values = reinterpret_cast<float*>(data.get());
  for (std::size_t row = 0; row < height; ++row) {
    float scale = 0;
    std::memcpy(&scale, bytes.data() + row * sizeof scale, sizeof scale);
    if (!std::isfinite(scale * format.greatest))
      throw Error(ErrorCode::kMalformed, "the scale of a token is no number");
    // Others than these are not written.
    for (std::size_t i = row * length; i < (row + 1) * length; ++i)
      values[i] =
          std::clamp(static_cast<float>(planes.get(i, format.bytes)), -format.greatest, format.greatest) * scale;
  }
  return Tensor(DataType::kFloat32, {rows, width}, std::shared_ptr<const std::byte>(data));
}

}  // namespace gvl::archive
