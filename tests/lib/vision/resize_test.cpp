/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <random>
#include <thread>

#include "../io/io_test.hpp"
#include "gvl/error.hpp"
#include "gvl/preprocess.hpp"
#include "io/json.hpp"
#include "io/safetensors.hpp"

using namespace gvl;
using gvl::test::fixture_folders;
using io::test::expect_error;

namespace {

std::vector<std::uint8_t> resized(const std::uint8_t* data, std::int64_t width, std::int64_t height,
                                  std::int64_t size) {
  std::vector<std::uint8_t> out(static_cast<std::size_t>(size * size * 3));
  resize_and_crop({data, width, height, width * 3}, size, out);
  return out;
}

/** Noise, or black and white only: what overshoots most. The same numbers on every machine. */
std::vector<std::uint8_t> noise(std::size_t bytes, bool hard) {
  std::vector<std::uint8_t> data(bytes);
  std::linear_congruential_engine<std::uint32_t, 1103515245, 12345, 1U << 31> random(12345);
  for (auto& value : data) {
    value = static_cast<std::uint8_t>(random() >> 16);
    if (hard) value = value > 127 ? 255 : 0;
  }
  return data;
}

std::uint64_t checksum(const std::vector<std::uint8_t>& data) {
  std::uint64_t hash = io::test::kHashStart;
  for (const std::uint8_t value : data) hash = (hash ^ value) * 0x100000001b3U;
  return hash;
}

/** How many values of a fixture's pixel values, [n, 3, S, S] normalised, our pixels do not meet exactly. */
std::size_t differences(const Tensor& expected, std::int64_t index, const std::vector<std::uint8_t>& pixels,
                        const std::array<double, 3>& mean, const std::array<double, 3>& deviation) {
  const std::int64_t size = expected.shape[2];
  std::vector<float> values(static_cast<std::size_t>(3 * size * size));
  std::memcpy(values.data(), expected.as<float>() + index * 3 * size * size, values.size() * sizeof(float));
  std::size_t different = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::size_t channel = i / static_cast<std::size_t>(size * size);
    const double value = (values[i] * deviation[channel] + mean[channel]) * 255;
    const double found = pixels[i % static_cast<std::size_t>(size * size) * 3 + channel];
    different += std::abs(value - found) > 0.01;
  }
  return different;
}

constexpr std::array<double, 3> kClipMean{0.48145466, 0.4578275, 0.40821073};
constexpr std::array<double, 3> kClipDeviation{0.26862954, 0.26130258, 0.27577711};
constexpr std::array<double, 3> kImageNetMean{0.485, 0.456, 0.406};
constexpr std::array<double, 3> kImageNetDeviation{0.229, 0.224, 0.225};

}  // namespace

GVL_TEST(pixels_of_the_reference) {
  for (const auto& folder : fixture_folders()) {
    const io::SafetensorsFile file = io::SafetensorsFile::open(folder / "expected.safetensors");
    const Tensor frames = file.get("frames_rgb");
    const Tensor temporal = file.get("temporal_pixel_values");
    const Tensor spatial = file.get("spatial_pixel_values");
    const std::int64_t height = frames.shape[1];
    const std::int64_t width = frames.shape[2];
    const std::int64_t segments = spatial.shape[0];
    const std::int64_t per_segment = frames.shape[0] / segments;
    const auto picture = [&](std::int64_t index, const Tensor& like) {
      return resized(frames.as<std::uint8_t>() + index * height * width * 3, width, height, like.shape[2]);
    };
    std::size_t different = 0;
    for (std::int64_t i = 0; i < frames.shape[0]; ++i) {
      different += differences(temporal, i, picture(i, temporal), kImageNetMean, kImageNetDeviation);
    }
    for (std::int64_t i = 0; i < segments; ++i) {
      const auto pixels = picture(i * per_segment + per_segment / 2, spatial);
      different += differences(spatial, i, pixels, kClipMean, kClipDeviation);
    }
    ck_assert_msg(different == 0, "%s: %zu values differ", folder.c_str(), different);
  }
}

/** FNV-1a of what Pillow 9.4 and torchvision's rules for sizes make of the same noise. */
GVL_TEST(pixels_of_pillow) {
  const struct {
    std::int64_t width, height, size;
    bool hard;
    std::uint64_t expected;
  } cases[] = {
      {320, 180, 112, false, 0x9c9020e72291d67aU}, {320, 180, 56, true, 0x2705c593844ff7dcU},
      {180, 320, 112, true, 0xb3ddb8753a1e92c2U},  {90, 160, 112, false, 0xd50c25ec1cf6802aU},
      {33, 47, 64, true, 0xeb7110b66a1ed426U},     {113, 112, 112, false, 0x73ac7ffa9ea6840eU},
      {112, 115, 112, true, 0x643426f2b9e3237cU},  {1, 1, 14, false, 0x672426c47eb15609U},
      {1, 50, 14, true, 0x131b25bc1279b153U},      {300, 2, 28, true, 0x312f9b1473255299U},
      {101, 99, 100, false, 0x44e703ecae03a68dU},  {99, 101, 100, true, 0xd0726abf11a0c469U},
      {640, 363, 3, false, 0x61b4daa860d8859dU},   {7, 5, 1, true, 0x5eaed519487e47e9U},
  };
  for (const auto& known : cases) {
    const auto data = noise(static_cast<std::size_t>(known.width * known.height * 3), known.hard);
    ck_assert_msg(checksum(resized(data.data(), known.width, known.height, known.size)) == known.expected,
                  "%ld x %ld to %ld", long(known.width), long(known.height), long(known.size));
  }
  const std::vector<std::uint8_t> small{141, 23,  114, 116, 85,  143, 155, 93,  104, 106, 117, 152, 130, 101,
                                        167, 160, 132, 123, 137, 160, 141, 192, 165, 109, 193, 135, 144};
  ck_assert(resized(noise(8 * 6 * 3, false).data(), 8, 6, 3) == small);
}

GVL_TEST(a_plain_picture_stays_plain) {
  for (const auto& [width, height] : {std::pair<std::int64_t, std::int64_t>{1920, 1080}, {2, 32768}, {32768, 1}}) {
    const std::vector<std::uint8_t> data(static_cast<std::size_t>(width * height * 3), 201);
    ck_assert(resized(data.data(), width, height, 56) == std::vector<std::uint8_t>(56 * 56 * 3, 201));
  }
}

/** Rows may be padded, and nothing outside the picture or `size` * `size` pixels is touched. */
GVL_TEST(pads_with_grey) {
  // Twice as wide as high, of noise: the middle rows are the resized picture, the others grey.
  constexpr std::int64_t kWidth = 64, kHeight = 32, kSize = 32;
  const auto frame = noise(kWidth * kHeight * 3, false);
  std::vector<std::uint8_t> out(kSize * kSize * 3);
  resize_and_pad({frame.data(), kWidth, kHeight, kWidth * 3}, kSize, out);
  for (std::int64_t row = 0; row < kSize; ++row) {
    const bool beside = row < 8 || row >= 24;
    const auto first = out.begin() + row * kSize * 3;
    ck_assert(std::all_of(first, first + kSize * 3, [](std::uint8_t value) { return value == kPaddingGrey; }) ==
              beside);
  }
  // The same pixels as resize_and_crop() makes of each half: only taps at the halves' common edge differ.
  const auto left = resized(frame.data(), kWidth, kHeight, 16);
  for (std::int64_t row = 0; row < 16; ++row) {
    for (std::int64_t value = 0; value < 16 * 3; ++value) {
      ck_assert_uint_eq(out[static_cast<std::size_t>((row + 8) * kSize * 3 + 8 * 3 + value)],
                        left[static_cast<std::size_t>(row * 16 * 3 + value)]);
    }
  }
}

GVL_TEST(pads_long_and_small_pictures) {
  for (const auto& [width, height] : {std::pair<std::int64_t, std::int64_t>{1, 300}, {300, 1}, {5, 7}, {16, 16}}) {
    const std::vector<std::uint8_t> white(static_cast<std::size_t>(width * height * 3), 255);
    std::vector<std::uint8_t> out(16 * 16 * 3);
    resize_and_pad({white.data(), width, height, width * 3}, 16, out);
    const auto shown = std::count(out.begin(), out.end(), 255);
    const std::int64_t longest = std::max(width, height);
    const auto side = [&](std::int64_t length) {
      return std::max<std::int64_t>(1, std::llround(16.0 * static_cast<double>(length) / static_cast<double>(longest)));
    };
    ck_assert_int_eq(shown, side(width) * side(height) * 3);
    ck_assert_int_eq(std::count(out.begin(), out.end(), kPaddingGrey), std::ssize(out) - shown);
  }
}

GVL_TEST(honours_the_stride) {
  const std::int64_t width = 50;
  const std::int64_t height = 31;
  const std::int64_t stride = 167;
  const auto packed = noise(static_cast<std::size_t>(width * height * 3), false);
  std::vector<std::uint8_t> padded(static_cast<std::size_t>(stride * (height - 1) + width * 3), 0);
  for (std::int64_t row = 0; row < height; ++row) {
    std::memcpy(padded.data() + row * stride, packed.data() + row * width * 3, static_cast<std::size_t>(width * 3));
  }
  for (const std::int64_t size : {14, 31, 60}) {
    std::vector<std::uint8_t> out(static_cast<std::size_t>(size * size * 3) + 5, 77);
    resize_and_crop({padded.data(), width, height, stride}, size, out);
    for (int i = 0; i < 5; ++i, out.pop_back()) ck_assert_int_eq(out.back(), 77);
    ck_assert(out == resized(packed.data(), width, height, size));
  }
}

GVL_TEST(threads_do_not_disturb_each_other) {
  const auto data = noise(320 * 180 * 3, false);
  const auto expected = resized(data.data(), 320, 180, 112);
  std::vector<std::thread> threads;
  std::atomic<int> equal = 0;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] { equal += resized(data.data(), 320, 180, 112) == expected; });
  }
  for (auto& thread : threads) thread.join();
  ck_assert_int_eq(equal.load(), 4);
}

GVL_TEST(refuses_pictures) {
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  const std::vector<std::uint8_t> data(300);
  std::vector<std::uint8_t> out(14 * 14 * 3);
  const struct {
    const char* name;
    RgbView frame;
    std::int64_t size;
  } cases[] = {
      {"no data", {nullptr, 10, 10, 30}, 14},         {"no width", {data.data(), 0, 10, 30}, 14},
      {"no height", {data.data(), 10, 0, 30}, 14},    {"negative", {data.data(), -10, 10, 30}, 14},
      {"wide", {data.data(), 32769, 1, 98307}, 14},   {"tall", {data.data(), 1, kMost, 3}, 14},
      {"stride", {data.data(), 10, 10, 29}, 14},      {"backwards", {data.data(), 10, 10, -30}, 14},
      {"no size", {data.data(), 10, 10, 30}, 0},      {"huge size", {data.data(), 10, 10, 30}, kMost},
      {"little room", {data.data(), 10, 10, 30}, 15},
  };
  for (const auto& one : cases) {
    expect_error(one.name, ErrorCode::kInvalidArgument, {}, [&] { resize_and_crop(one.frame, one.size, out); });
  }
}
