/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "archive/tokens.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>

#include "gvl/error.hpp"

namespace gvl::archive {

namespace {

constexpr std::array kNames{"int16", "int8"};

template <typename Integer>
void encode(const float* values, std::size_t width, char* out) {
  constexpr float greatest = std::numeric_limits<Integer>::max();
  float most = 0;
  for (std::size_t i = 0; i < width; ++i) most = std::max(most, std::abs(values[i]));
  float scale = most / greatest;
  if (!std::isfinite(scale * greatest)) scale = std::nextafter(scale, 0.0f);
  // Less than what can be divided by is nothing.
  const float per_unit = scale > std::numeric_limits<float>::min() ? 1 / scale : 0;
  std::memcpy(out, &scale, sizeof scale);
  out += sizeof scale;
  for (std::size_t i = 0; i < width; ++i) {
    const auto whole = static_cast<Integer>(std::clamp(std::nearbyint(values[i] * per_unit), -greatest, greatest));
    std::memcpy(out + i * sizeof whole, &whole, sizeof whole);
  }
}

template <typename Integer>
void decode(const char* stored, std::size_t width, float* values) {
  float scale = 0;
  std::memcpy(&scale, stored, sizeof scale);
  constexpr auto greatest = std::numeric_limits<Integer>::max();
  if (!std::isfinite(scale * static_cast<float>(greatest)))
    throw Error(ErrorCode::kMalformed, "the scale of a token is no number");
  stored += sizeof scale;
  for (std::size_t i = 0; i < width; ++i) {
    Integer whole;
    std::memcpy(&whole, stored + i * sizeof whole, sizeof whole);
    // The least whole number is none that is written.
    values[i] = static_cast<float>(std::max<Integer>(whole, -greatest)) * scale;
  }
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

const char* name_of(TokenType type) noexcept { return kNames[static_cast<std::size_t>(type)]; }

std::optional<TokenType> token_type_from_name(std::string_view name) noexcept {
  const auto found = std::find(kNames.begin(), kNames.end(), name);
  if (found == kNames.end()) return std::nullopt;
  return static_cast<TokenType>(found - kNames.begin());
}

std::uint64_t stored_bytes(TokenType type, std::uint64_t rows, std::uint64_t width) noexcept {
  return rows * (sizeof(float) + width * (type == TokenType::kInt16 ? sizeof(std::int16_t) : sizeof(std::int8_t)));
}

std::string encode_tokens(const Tensor& tokens, TokenType type) {
  check(tokens);
  const auto rows = static_cast<std::size_t>(tokens.shape[0]), width = static_cast<std::size_t>(tokens.shape[1]);
  const std::size_t row_bytes = stored_bytes(type, 1, width);
  std::string stored(rows * row_bytes, '\0');
  const auto encode_row = type == TokenType::kInt16 ? encode<std::int16_t> : encode<std::int8_t>;
  const auto* values = tokens.as<float>();
  for (std::size_t row = 0; row < rows; ++row) encode_row(values + row * width, width, stored.data() + row * row_bytes);
  return stored;
}

Tensor decode_tokens(std::string_view stored, TokenType type, std::int64_t rows, std::int64_t width) {
  const auto data = allocate_tensor_data(static_cast<std::size_t>(rows * width) * sizeof(float));
  const std::size_t row_bytes = stored_bytes(type, 1, static_cast<std::uint64_t>(width));
  const auto decode_row = type == TokenType::kInt16 ? decode<std::int16_t> : decode<std::int8_t>;
  auto* values = reinterpret_cast<float*>(data.get());
  for (std::int64_t row = 0; row < rows; ++row)
    decode_row(stored.data() + static_cast<std::size_t>(row) * row_bytes, static_cast<std::size_t>(width),
               values + row * width);
  return Tensor(DataType::kFloat32, {rows, width}, std::shared_ptr<const std::byte>(data));
}

}  // namespace gvl::archive
