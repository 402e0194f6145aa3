/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "training/model_pixels.hpp"

#include "gvl/sampling.hpp"

namespace gvl::training {
namespace {

std::span<std::uint8_t> picture(const std::shared_ptr<std::byte>& data, std::int64_t index, std::int64_t side) {
  const auto bytes = static_cast<std::size_t>(side * side * 3);
  return {reinterpret_cast<std::uint8_t*>(data.get()) + static_cast<std::size_t>(index) * bytes, bytes};
}

}  // namespace

ModelPixels::ModelPixels(const ModelConfig& model)
    : per_segment_(model.frames_per_segment()), large_(model.spatial.image_size), small_(model.temporal.image_size) {
  const auto allocate = [](Tensor& tensor, std::vector<std::int64_t> shape) {
    auto data = allocate_tensor_data(Tensor(DataType::kUInt8, shape).bytes());
    tensor = {DataType::kUInt8, std::move(shape), data};
    return data;
  };
  spatial_data_ = allocate(spatial_, {model.segments, large_, large_, 3});
  temporal_data_ = allocate(temporal_, {model.segments, per_segment_, small_, small_, 3});
}

void ModelPixels::put(std::int64_t index, const RgbView& frame) {
  resize_and_crop(frame, small_, picture(temporal_data_, index, small_));
  if (index % per_segment_ != keyframe_of(per_segment_)) return;
  resize_and_crop(frame, large_, picture(spatial_data_, index / per_segment_, large_));
}

Sample ModelPixels::sample(double duration) const {
  Sample sample;
  sample.duration = duration;
  sample.spatial_pixels = spatial_;
  sample.temporal_pixels = temporal_;
  return sample;
}

}  // namespace gvl::training
