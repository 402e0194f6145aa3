/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "gvl/error.hpp"
#include "gvl/preprocess.hpp"

// The inner loops gain much from wider vectors than x86-64's baseline has; integers give the same result on all. What
// chooses a clone runs before the thread sanitizer that it calls does.
#if defined(__x86_64__) && defined(__gnu_linux__) && defined(__GNUC__) && !defined(__clang__) && \
    !defined(__SANITIZE_THREAD__)
#define GVL_VECTOR_CLONES __attribute__((target_clones("avx2", "default")))
#else
#define GVL_VECTOR_CLONES
#endif

namespace gvl {
namespace {

constexpr std::int64_t kLongestSide = 32768;
constexpr std::int64_t kChannels = 3;
constexpr int kPrecisionBits = 32 - 8 - 2;  // of fixed-point weights: 8-bit values, 2 bits for sums of overshoot
constexpr std::int64_t kBlockRows = 16;     // rows that the horizontal pass takes at once

/** Which input values make up each output value of one dimension, from output `first` on. */
struct Weights {
  std::int64_t taps = 0;             // weights per output
  std::vector<std::int64_t> starts;  // first input value of each output
  std::vector<std::int64_t> counts;  // weights that count, at most taps
  std::vector<std::int32_t> values;  // [outputs, taps]
};

/** One dimension of the resized picture: `size` values of which `kept` from `first` on are wanted. */
struct Dimension {
  std::int64_t input = 0;
  std::int64_t size = 0;
  std::int64_t first = 0;
  std::int64_t kept = 0;

  bool resampled() const { return input != size; }
};

double bicubic(double x) {
  constexpr double a = -0.5;
  x = std::abs(x);
  if (x < 1.0) return ((a + 2.0) * x - (a + 3.0)) * x * x + 1;
  if (x < 2.0) return (((x - 5) * x + 8) * x - 4) * a;
  return 0.0;
}

std::int32_t fixed_point(double weight) {
  constexpr double kOne = 1 << kPrecisionBits;
  return static_cast<std::int32_t>(weight < 0 ? weight * kOne - 0.5 : weight * kOne + 0.5);
}

/** Pillow's weights, operation by operation: rounding decides between neighbouring pixel values. */
Weights make_weights(const Dimension& dimension) {
  const double scale = static_cast<double>(dimension.input) / static_cast<double>(dimension.size);
  const double filter_scale = std::max(scale, 1.0);
  const double support = 2.0 * filter_scale;
  const double step = 1.0 / filter_scale;
  Weights weights;
  weights.taps = static_cast<std::int64_t>(std::ceil(support)) * 2 + 1;
  weights.values.resize(static_cast<std::size_t>(dimension.kept * weights.taps));
  std::vector<double> row(static_cast<std::size_t>(weights.taps));
  for (std::int64_t i = 0; i < dimension.kept; ++i) {
    const double center = (static_cast<double>(dimension.first + i) + 0.5) * scale;
    const std::int64_t start = std::max<std::int64_t>(static_cast<std::int64_t>(center - support + 0.5), 0);
    const std::int64_t stop = std::min(static_cast<std::int64_t>(center + support + 0.5), dimension.input);
    const std::int64_t count = stop - start;
    double sum = 0;
    for (std::int64_t tap = 0; tap < count; ++tap) {
      row[tap] = bicubic((static_cast<double>(tap + start) - center + 0.5) * step);
      sum += row[tap];
    }
    for (std::int64_t tap = 0; tap < count; ++tap) {
      weights.values[i * weights.taps + tap] = fixed_point(sum != 0 ? row[tap] / sum : row[tap]);
    }
    weights.starts.push_back(start);
    weights.counts.push_back(count);
  }
  return weights;
}

inline std::uint8_t to_pixel(std::int32_t sum) {
  return static_cast<std::uint8_t>(std::clamp(sum >> kPrecisionBits, 0, 255));
}

/** A block of rows with each column's values side by side: [columns * channels, kBlockRows]. */
GVL_VECTOR_CLONES void transpose(const std::uint8_t* rows, std::int64_t stride, std::int64_t count, std::int64_t values,
                                 std::uint8_t* columns) {
  constexpr std::int64_t kTile = 64;  // values at a time, so that what is written stays in the nearest cache
  for (std::int64_t first = 0; first < values; first += kTile) {
    const std::int64_t last = std::min(first + kTile, values);
    for (std::int64_t row = 0; row < count; ++row) {
      const std::uint8_t* source = rows + row * stride;
      for (std::int64_t value = first; value < last; ++value) columns[value * kBlockRows + row] = source[value];
    }
  }
}

/** The weighted sums of one output column and channel for all rows of a block. */
GVL_VECTOR_CLONES void sum_columns(const std::uint8_t* columns, const std::int32_t* weights, std::int64_t count,
                                   std::uint8_t* out) {
  std::array<std::int32_t, kBlockRows> sums;
  sums.fill(1 << (kPrecisionBits - 1));
  for (std::int64_t tap = 0; tap < count; ++tap) {
    const std::uint8_t* column = columns + tap * kChannels * kBlockRows;
    const std::int32_t weight = weights[tap];
    for (std::int64_t row = 0; row < kBlockRows; ++row) sums[row] += weight * column[row];
  }
  for (std::int64_t row = 0; row < kBlockRows; ++row) out[row] = to_pixel(sums[row]);
}

/** The weighted sums of whole rows, each `values` long. */
GVL_VECTOR_CLONES void sum_rows(const std::uint8_t* rows, std::int64_t stride, const std::int32_t* weights,
                                std::int64_t count, std::int64_t values, std::int32_t* sums, std::uint8_t* out) {
  std::fill(sums, sums + values, 1 << (kPrecisionBits - 1));
  for (std::int64_t tap = 0; tap < count; ++tap) {
    const std::uint8_t* row = rows + tap * stride;
    const std::int32_t weight = weights[tap];
    for (std::int64_t value = 0; value < values; ++value) sums[value] += weight * row[value];
  }
  for (std::int64_t value = 0; value < values; ++value) out[value] = to_pixel(sums[value]);
}

/** Rows of the frame, resampled to the kept columns: [rows, kept, 3]. */
std::vector<std::uint8_t> resize_horizontally(const RgbView& rows, const Dimension& dimension) {
  const Weights weights = make_weights(dimension);
  const std::int64_t left = weights.starts.front();
  const std::int64_t right = weights.starts.back() + weights.counts.back();
  const std::int64_t values = (right - left) * kChannels;
  const std::int64_t out_stride = dimension.kept * kChannels;
  std::vector<std::uint8_t> out(static_cast<std::size_t>(rows.height * out_stride));
  std::vector<std::uint8_t> columns(static_cast<std::size_t>(values * kBlockRows));
  std::array<std::uint8_t, kBlockRows> pixels;
  for (std::int64_t top = 0; top < rows.height; top += kBlockRows) {
    const std::int64_t count = std::min(kBlockRows, rows.height - top);
    transpose(rows.data + top * rows.stride + left * kChannels, rows.stride, count, values, columns.data());
    for (std::int64_t value = 0; value < out_stride; ++value) {
      const std::int64_t column = value / kChannels;
      const std::int64_t source = (weights.starts[column] - left) * kChannels + value % kChannels;
      sum_columns(columns.data() + source * kBlockRows, weights.values.data() + column * weights.taps,
                  weights.counts[column], pixels.data());
      for (std::int64_t row = 0; row < count; ++row) out[(top + row) * out_stride + value] = pixels[row];
    }
  }
  return out;
}

/** The kept columns of rows, unchanged. */
std::vector<std::uint8_t> crop_horizontally(const RgbView& rows, const Dimension& dimension) {
  const std::int64_t out_stride = dimension.kept * kChannels;
  std::vector<std::uint8_t> out(static_cast<std::size_t>(rows.height * out_stride));
  for (std::int64_t row = 0; row < rows.height; ++row) {
    const std::uint8_t* source = rows.data + row * rows.stride + dimension.first * kChannels;
    std::copy(source, source + out_stride, out.begin() + row * out_stride);
  }
  return out;
}

void resize_vertically(const std::vector<std::uint8_t>& rows, std::int64_t stride, const Weights& weights,
                       std::int64_t top, std::span<std::uint8_t> out) {
  std::vector<std::int32_t> sums(static_cast<std::size_t>(stride));
  for (std::size_t i = 0; i < weights.starts.size(); ++i) {
    const auto row = static_cast<std::int64_t>(i);
    sum_rows(rows.data() + (weights.starts[i] - top) * stride, stride, weights.values.data() + row * weights.taps,
             weights.counts[i], stride, sums.data(), out.data() + row * stride);
  }
}

/** torchvision's Resize of the shortest side, then its CenterCrop (which rounds halves to even). */
Dimension cropped(std::int64_t input, std::int64_t shortest, std::int64_t size) {
  Dimension dimension{input, size, 0, size};
  if (input != shortest) {
    dimension.size = static_cast<std::int64_t>(static_cast<double>(size * input) / static_cast<double>(shortest));
    dimension.first = static_cast<std::int64_t>(std::nearbyint(static_cast<double>(dimension.size - size) / 2.0));
  }
  return dimension;
}

/** A side of a picture whose longest one becomes `size`. */
Dimension whole(std::int64_t input, std::int64_t longest, std::int64_t size) {
  const std::int64_t resized = std::max<std::int64_t>(1, (2 * size * input + longest) / (2 * longest));
  return {input, resized, 0, resized};
}

void check(const RgbView& frame, std::int64_t size, std::size_t out) {
  const auto fail = [](const std::string& what) { throw Error(ErrorCode::kInvalidArgument, what); };
  const auto within = [](std::int64_t side) { return side > 0 && side <= kLongestSide; };
  const std::string picture = std::to_string(frame.width) + " x " + std::to_string(frame.height);
  if (!frame.data || !within(frame.width) || !within(frame.height)) {
    fail("a picture of " + picture + " pixels cannot be resized: 1 to 32768 a side can");
  }
  if (frame.stride < frame.width * kChannels) {
    fail("rows of " + std::to_string(frame.stride) + " bytes are too short for a picture of " + picture + " pixels");
  }
  if (!within(size)) fail("no picture can be resized to " + std::to_string(size) + " pixels a side");
  if (out < static_cast<std::size_t>(size * size * kChannels)) {
    fail("room for " + std::to_string(out) + " bytes is too little for " + std::to_string(size) + " pixels a side");
  }
}

/** What both dimensions keep: [vertical.kept, horizontal.kept, 3]. */
void resize(const RgbView& frame, const Dimension& horizontal, const Dimension& vertical, std::span<std::uint8_t> out) {
  Weights weights;
  std::int64_t top = vertical.first;
  std::int64_t bottom = vertical.first + vertical.kept;
  if (vertical.resampled()) {
    weights = make_weights(vertical);
    top = weights.starts.front();
    bottom = weights.starts.back() + weights.counts.back();
  }
  const RgbView needed{frame.data + top * frame.stride, frame.width, bottom - top, frame.stride};
  const std::vector<std::uint8_t> rows =
      horizontal.resampled() ? resize_horizontally(needed, horizontal) : crop_horizontally(needed, horizontal);
  if (vertical.resampled()) {
    resize_vertically(rows, horizontal.kept * kChannels, weights, top, out);
  } else {
    std::copy(rows.begin(), rows.end(), out.begin());
  }
}

}  // namespace

void resize_and_crop(const RgbView& frame, std::int64_t size, std::span<std::uint8_t> out) {
  check(frame, size, out.size());
  const std::int64_t shortest = std::min(frame.width, frame.height);
  resize(frame, cropped(frame.width, shortest, size), cropped(frame.height, shortest, size), out);
}

void resize_and_pad(const RgbView& frame, std::int64_t size, std::span<std::uint8_t> out) {
  check(frame, size, out.size());
  const std::int64_t longest = std::max(frame.width, frame.height);
  const Dimension horizontal = whole(frame.width, longest, size), vertical = whole(frame.height, longest, size);
  const std::int64_t row_bytes = horizontal.kept * kChannels;
  std::vector<std::uint8_t> picture(static_cast<std::size_t>(vertical.kept * row_bytes));
  resize(frame, horizontal, vertical, picture);
  std::fill_n(out.begin(), size * size * kChannels, kPaddingGrey);
  const std::int64_t left = (size - horizontal.kept) / 2, top = (size - vertical.kept) / 2;
  for (std::int64_t row = 0; row < vertical.kept; ++row) {
    std::copy_n(picture.begin() + row * row_bytes, row_bytes, out.begin() + ((top + row) * size + left) * kChannels);
  }
}

void make_picture(const RgbView& frame, const VisionConfig& config, std::span<std::uint8_t> out) {
  (config.fit == PictureFit::kPad ? resize_and_pad : resize_and_crop)(frame, config.image_size, out);
}

}  // namespace gvl
