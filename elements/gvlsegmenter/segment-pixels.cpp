/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "segment-pixels.hpp"

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
  try {
    cancellation_.check();
    convert_or_throw(converter, frame, sample);
  } catch (...) {
    spatial_promise_.set_error(std::current_exception());
    temporal_promise_.set_error(std::current_exception());
  }
}

void SegmentPixels::convert_or_throw(FrameConverter& converter, const std::shared_ptr<const Frame>& frame,
                                     std::int64_t sample) {
  if (!temporal_) temporal_ = allocate_tensor_data(sizes_.samples * picture_bytes(sizes_.temporal));
  converter.temporal(frame, picture(temporal_, sample, sizes_.temporal));
  if (sample == keyframe_of(sizes_.samples)) {
    spatial_ = allocate_tensor_data(picture_bytes(sizes_.spatial));
    converter.spatial(frame, picture(spatial_, 0, sizes_.spatial));
    spatial_promise_.set_value({DataType::kUInt8, {1, sizes_.spatial, sizes_.spatial, 3}, spatial_});
  }
  if (--missing_ == 0)
    temporal_promise_.set_value({DataType::kUInt8, {sizes_.samples, sizes_.temporal, sizes_.temporal, 3}, temporal_});
}

}  // namespace gvl::gst
