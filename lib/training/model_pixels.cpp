/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "training/model_pixels.hpp"

#include "gvl/sampling.hpp"

namespace gvl::training {

ModelPixels::ModelPixels(const ModelConfig& model)
    : per_segment_(model.frames_per_segment()), spatial_config_(model.spatial), temporal_config_(model.temporal) {
  const std::int64_t large = model.spatial.image_size, small = model.temporal.image_size;
  const auto allocate = [](Tensor& tensor, std::vector<std::int64_t> shape) {
    auto data = allocate_tensor_data(Tensor(DataType::kUInt8, shape).bytes());
    tensor = {DataType::kUInt8, std::move(shape), data};
    return data;
  };
  spatial_data_ = allocate(spatial_, {model.segments, model.spatial.keyframes, large, large, 3});
  temporal_data_ = allocate(temporal_, {model.segments, per_segment_, small, small, 3});
}

void ModelPixels::put(std::int64_t index, const RgbView& frame) {
  const auto picture = [&](const std::shared_ptr<std::byte>& data, const VisionConfig& config, std::int64_t number) {
    const auto bytes = static_cast<std::size_t>(config.image_size * config.image_size * 3);
    make_picture(frame, config,
                 {reinterpret_cast<std::uint8_t*>(data.get()) + static_cast<std::size_t>(number) * bytes, bytes});
  };
  picture(temporal_data_, temporal_config_, index);
  const std::int64_t keyframes = spatial_config_.keyframes;
  if (is_keyframe(index % per_segment_, per_segment_, keyframes)) {
    picture(spatial_data_, spatial_config_, index / (per_segment_ / keyframes));
  }
}

Sample ModelPixels::sample(double duration) const {
  Sample sample;
  sample.duration = duration;
  sample.spatial_pixels = spatial_;
  sample.temporal_pixels = temporal_;
  return sample;
}

}  // namespace gvl::training
