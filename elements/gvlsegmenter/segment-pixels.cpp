/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "segment-pixels.hpp"

#include <algorithm>
#include <utility>

#include "gvl/sampling.hpp"

namespace gvl::gst {

namespace {

std::size_t picture_bytes(std::int64_t size) { return static_cast<std::size_t>(size * size * 3); }

std::span<std::uint8_t> picture(const std::shared_ptr<std::byte>& pixels, std::int64_t number, std::int64_t size) {
  const auto bytes = picture_bytes(size);
  return {reinterpret_cast<std::uint8_t*>(pixels.get()) + number * bytes, bytes};
}

}  // namespace

SegmentPixels::SegmentPixels(const Sizes& sizes, Cancellation cancellation)
    : sizes_(sizes), cancellation_(std::move(cancellation)), missing_(sizes.samples) {}

void SegmentPixels::convert(FrameConverter& converter, const std::shared_ptr<const Frame>& frame, std::int64_t sample) {
  add(sample, [&](std::span<std::uint8_t> temporal, std::span<std::uint8_t> spatial) {
    converter.temporal(frame, temporal);
    if (!spatial.empty()) converter.spatial(frame, spatial);
  });
}

void SegmentPixels::put(const FramePixels& pixels, std::int64_t sample) {
  add(sample, [&](std::span<std::uint8_t> temporal, std::span<std::uint8_t> spatial) {
    if (pixels.failure) std::rethrow_exception(pixels.failure);
    std::copy(pixels.temporal.begin(), pixels.temporal.end(), temporal.begin());
    if (!spatial.empty()) std::copy(pixels.spatial.begin(), pixels.spatial.end(), spatial.begin());
  });
}

void SegmentPixels::spread(const std::vector<std::int64_t>& sources) {
  try {
    cancellation_.check();
    if (!temporal_) return;  // a failure was told already
    const auto taken = std::exchange(temporal_, allocate_tensor_data(sources.size() * picture_bytes(sizes_.temporal)));
    for (std::size_t i = 0; i < sources.size(); ++i) {
      const auto source = picture(taken, sources[i], sizes_.temporal);
      std::copy(source.begin(), source.end(),
                picture(temporal_, static_cast<std::int64_t>(i), sizes_.temporal).begin());
    }
    finish();
  } catch (...) {
    fail();
  }
}

void SegmentPixels::add(std::int64_t sample, const Write& write) {
  try {
    cancellation_.check();
    add_or_throw(sample, write);
  } catch (...) {
    fail();
  }
}

void SegmentPixels::add_or_throw(std::int64_t sample, const Write& write) {
  if (!temporal_) temporal_ = allocate_tensor_data(sizes_.samples * picture_bytes(sizes_.temporal));
  const bool key = sample == keyframe_of(sizes_.samples);
  if (key) spatial_ = allocate_tensor_data(picture_bytes(sizes_.spatial));
  write(picture(temporal_, sample, sizes_.temporal),
        key ? picture(spatial_, 0, sizes_.spatial) : std::span<std::uint8_t>());
  if (key) spatial_promise_.set_value({DataType::kUInt8, {1, sizes_.spatial, sizes_.spatial, 3}, spatial_});
  if (--missing_ == 0) finish();
}

void SegmentPixels::finish() {
  temporal_promise_.set_value({DataType::kUInt8, {sizes_.samples, sizes_.temporal, sizes_.temporal, 3}, temporal_});
}

void SegmentPixels::fail() {
  spatial_promise_.set_error(std::current_exception());
  temporal_promise_.set_error(std::current_exception());
}

}  // namespace gvl::gst
