/* SPDX-License-Identifier: LGPL-2.1-or-later */

// Stored tokens err by half a scale at the most.

#include "archive/tokens.hpp"

#include <zlib.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <random>

#include "archive_test.hpp"

using namespace gvl;
using namespace gvl::archive;
using namespace gvl::archive::test;

namespace {

std::string packed(const std::string& bytes) {
  uLongf size = compressBound(bytes.size());
  std::string out(size, '\0');
  compress(reinterpret_cast<Bytef*>(out.data()), &size, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size());
  out.resize(size);
  return out;
}

struct Case {
  TokenType type;
  float greatest;  ///< whole number
};

constexpr Case kCases[] = {{TokenType::kInt16, 32767}, {TokenType::kInt10, 511}, {TokenType::kInt8, 127}};

GVL_LOOP_TEST(tokens_err_by_half_a_scale, 3) {
  const Case& each = kCases[number];
  std::mt19937 random(3);
  std::normal_distribution<float> normal;
  // Tokens of very different sizes.
  const Tensor tokens = tensor_of(
      40, 33, [&](std::int64_t i) { return normal(random) * std::pow(10.0f, static_cast<float>(i / 33 % 12) - 6); });
  const std::string stored = encode_tokens(tokens, each.type);
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

GVL_LOOP_TEST(extremes_are_stored, 3) {
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
}

GVL_LOOP_TEST(what_is_damaged_is_an_error, 3) {
  const TokenType type = kCases[number].type;
  const auto decode = [type](const std::string& stored) { return decode_tokens(stored, type, kRows, kWidth); };
  const auto fails = [&](const char* word, const std::string& stored) {
    expect_error(ErrorCode::kMalformed, {word}, [&] { decode(stored); });
  };
  std::string bytes(unpacked_bytes(type, kRows, kWidth), '\0');
  ck_assert_int_eq(decode(packed(bytes)).elements(), kRows * kWidth);
  fails("bytes", packed(bytes + '\0'));
  fails("bytes", packed(bytes.substr(1)));
  fails("bytes", packed(bytes).substr(0, 5));
  fails("bytes", "");
  fails("bytes", bytes);
  // What grows a thousandfold is not unpacked.
  fails("bytes", packed(std::string(100'000'000, '\0')));
  for (const float scale : {std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN(), 3e38f}) {
    std::memcpy(bytes.data(), &scale, sizeof scale);
    fails("scale", packed(bytes));
  }
}

GVL_TEST(whole_numbers_that_are_not_written_are_none) {
  for (const Case& each : kCases) {
    std::string bytes(unpacked_bytes(each.type, 1, 2), '\0');
    const float one = 1;
    std::memcpy(bytes.data(), &one, sizeof one);
    bytes.back() = static_cast<char>(-128);
    ck_assert_float_eq(decode_tokens(packed(bytes), each.type, 1, 2).as<float>()[1], -each.greatest);
  }
}

GVL_TEST(zeros_take_no_room) {
  std::mt19937 random(5);
  std::normal_distribution<float> normal;
  const auto many = [&](std::int64_t) { return normal(random); };
  const auto few = [&](std::int64_t i) { return i % 192 < 40 ? normal(random) : 0.0f; };
  const auto size = [](const Tensor& tokens) { return encode_tokens(tokens, kDefaultTokenType).size(); };
  ck_assert_int_lt(size(tensor_of(50, 192, few)), size(tensor_of(50, 192, many)) / 3);
}

GVL_TEST(types_have_names) {
  for (const TokenType type : kTokenTypes) ck_assert(token_type_from_name(name_of(type)) == type);
  ck_assert(!token_type_from_name("int4"));
}

}  // namespace
