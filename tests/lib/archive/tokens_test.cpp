/* SPDX-License-Identifier: LGPL-2.1-or-later */

// Stored tokens err by half a scale at the most.

#include "archive/tokens.hpp"

#include <cmath>
#include <cstring>
#include <limits>
#include <random>

#include "archive_test.hpp"

using namespace gvl;
using namespace gvl::archive;
using namespace gvl::archive::test;

namespace {

struct Case {
  TokenType type;
  float greatest;  ///< whole number
};

constexpr Case kCases[] = {{TokenType::kInt16, 32767}, {TokenType::kInt8, 127}};

GVL_LOOP_TEST(tokens_err_by_half_a_scale, 2) {
  const Case& each = kCases[number];
  std::mt19937 random(3);
  std::normal_distribution<float> normal;
  // Tokens of very different sizes.
  const Tensor tokens = tensor_of(
      40, 33, [&](std::int64_t i) { return normal(random) * std::pow(10.0f, static_cast<float>(i / 33 % 12) - 6); });
  const std::string stored = encode_tokens(tokens, each.type);
  ck_assert_int_eq(stored.size(), stored_bytes(each.type, 40, 33));
  const Tensor read = decode_tokens(stored, each.type, 40, 33);
  for (std::int64_t row = 0; row < 40; ++row) {
    const float* before = tokens.as<float>() + row * 33;
    const float* after = read.as<float>() + row * 33;
    float most = 0;
    for (int i = 0; i < 33; ++i) most = std::max(most, std::abs(before[i]));
    for (int i = 0; i < 33; ++i) {
      const double error = std::abs(static_cast<double>(before[i]) - after[i]);
      ck_assert_msg(error <= 0.5001 * most / each.greatest, "%g became %g", before[i], after[i]);
    }
  }
}

GVL_LOOP_TEST(extremes_are_stored, 2) {
  const TokenType type = kCases[number].type;
  for (const float value : {0.0f, std::numeric_limits<float>::denorm_min(), std::numeric_limits<float>::min(),
                            std::numeric_limits<float>::max()}) {
    const Tensor tokens = tensor_of(1, 2, [&](std::int64_t i) { return i == 0 ? value : -value; });
    const Tensor read = decode_tokens(encode_tokens(tokens, type), type, 1, 2);
    for (int i = 0; i < 2; ++i) {
      ck_assert(std::isfinite(read.as<float>()[i]));
      ck_assert(std::abs(read.as<float>()[i] - tokens.as<float>()[i]) <= std::max(value * 1e-5f, 1e-36f));
    }
  }
}

GVL_TEST(what_cannot_be_stored_is_an_error) {
  const float infinite = std::numeric_limits<float>::infinity();
  expect_error(ErrorCode::kInvalidArgument, {"finite"},
               [&] { encode_tokens(tensor_of(1, 2, [&](std::int64_t) { return infinite; }), TokenType::kInt8); });
  expect_error(ErrorCode::kInvalidArgument, {"uint8"}, [] {
    encode_tokens(Tensor(DataType::kUInt8, {1, 2}, std::shared_ptr<const std::byte>()), TokenType::kInt8);
  });
  std::string stored = encode_tokens(tokens_of(1), TokenType::kInt8);
  std::memcpy(stored.data(), &infinite, sizeof infinite);
  expect_error(ErrorCode::kMalformed, {"scale"}, [&] { decode_tokens(stored, TokenType::kInt8, kRows, kWidth); });
}

GVL_TEST(types_have_names) {
  for (const TokenType type : {TokenType::kInt16, TokenType::kInt8})
    ck_assert(token_type_from_name(name_of(type)) == type);
  ck_assert(!token_type_from_name("int4"));
}

}  // namespace
