/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/network.hpp"

#include <ATen/ops/cat.h>

#include "vision/pooling.hpp"

namespace gvl::model {

Fusion::Fusion(const layers::Parameters& parameters, const ModelConfig& config)
    : spatial_projector_(parameters / "spatial_projector", config.spatial_width(), config.language.hidden_size),
      temporal_projector_(parameters / "temporal_projector", config.temporal.hidden_size, config.language.hidden_size),
      project_newline_(config.spatial_pooling == SpatialPooling::kMerge2x2),
      keyframes_(config.spatial.keyframes) {
  if (project_newline_) {
    row_end_ = parameters.vector("sub_GN", {config.spatial_width()});
    newline_ = parameters.vector("glb_GN", {config.spatial_width()});
  } else {
    newline_ = parameters.vector("image_newline", {config.language.hidden_size});
  }
}

at::Tensor Fusion::with_row_ends(const at::Tensor& spatial) const {
  const std::int64_t segments = spatial.size(0), width = spatial.size(2);
  std::int64_t side = 1;
  while (keyframes_ * side * side < spatial.size(1)) ++side;
  const at::Tensor rows = spatial.reshape({segments, keyframes_ * side, side, width});
  return at::cat({rows, row_end_.expand({segments, keyframes_ * side, 1, width})}, 2).flatten(1, 2);
}

/** Of each keyframe its rows, then its share of the segment's frames: what belongs together is as far apart everywhere.
 */
at::Tensor Fusion::interleave(const at::Tensor& spatial, const at::Tensor& temporal) const {
  const auto shares = [&](const at::Tensor& rows) { return rows.unflatten(1, {keyframes_, -1}); };
  return at::cat({shares(spatial), shares(temporal)}, 2).flatten(1, 2);
}

at::Tensor Fusion::forward(const at::Tensor& spatial, const at::Tensor& temporal) const {
  const at::Tensor newline = newline_.expand({spatial.size(0), 1, newline_.size(0)});
  const at::Tensor frames = temporal_projector_.forward(temporal);
  if (!project_newline_) return at::cat({interleave(spatial_projector_.forward(spatial), frames), newline}, 1);
  return at::cat(
      {interleave(spatial_projector_.forward(with_row_ends(spatial)), frames), spatial_projector_.forward(newline)}, 1);
}

Network::Network(const layers::Parameters& parameters, const ModelConfig& config)
    : config_(config),
      device_(parameters.device()),
      activation_type_(parameters.activation_type()),
      spatial_encoder_(
          vision::make_encoder("clip", parameters / "spatial_encoder", config.spatial, config.spatial.keyframes)),
      temporal_encoder_(vision::make_encoder("internvideo2", parameters / "temporal_encoder", config.temporal,
                                             config.frames_per_segment())),
      fusion_(parameters, config),
      decoder_(parameters / "language_model", config.language) {}

at::Tensor Network::encode_spatial(const at::Tensor& pixels, const Cancellation& cancellation) const {
  const at::Tensor values = vision::normalise(pixels.to(device_), config_.spatial, activation_type_);
  const at::Tensor features = spatial_encoder_->forward(values, cancellation);
  const at::Tensor keyframes = features.reshape({-1, config_.spatial.tokens(), features.size(2)});
  return vision::pool_spatial(keyframes, config_.spatial_pooling)
      .reshape({values.size(0), config_.spatial_tokens(), -1});
}

at::Tensor Network::encode_temporal_patches(const at::Tensor& pixels, const Cancellation& cancellation) const {
  const at::Tensor values = vision::normalise(pixels.to(device_), config_.temporal, activation_type_);
  return temporal_encoder_->forward(values, cancellation);
}

at::Tensor Network::encode_temporal(const at::Tensor& pixels, const Cancellation& cancellation) const {
  return vision::pool_temporal(encode_temporal_patches(pixels, cancellation), config_.frames_per_segment(),
                               config_.temporal_grid);
}

}  // namespace gvl::model
