/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/network.hpp"

#include <ATen/ops/cat.h>

#include "vision/pooling.hpp"

namespace gvl::model {

Fusion::Fusion(const layers::Parameters& parameters, const ModelConfig& config)
    : spatial_projector_(parameters / "spatial_projector", config.spatial_width(), config.language.hidden_size),
      temporal_projector_(parameters / "temporal_projector", config.temporal.hidden_size, config.language.hidden_size),
      project_newline_(config.spatial_pooling == SpatialPooling::kMerge2x2) {
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
  while (side * side < spatial.size(1)) ++side;
  const at::Tensor rows = spatial.reshape({segments, side, side, width});
  return at::cat({rows, row_end_.expand({segments, side, 1, width})}, 2).flatten(1, 2);
}

at::Tensor Fusion::forward(const at::Tensor& spatial, const at::Tensor& temporal) const {
  const at::Tensor newline = newline_.expand({spatial.size(0), 1, newline_.size(0)});
  if (!project_newline_) {
    return at::cat({spatial_projector_.forward(spatial), temporal_projector_.forward(temporal), newline}, 1);
  }
  return at::cat({spatial_projector_.forward(with_row_ends(spatial)), temporal_projector_.forward(temporal),
                  spatial_projector_.forward(newline)},
                 1);
}

Network::Network(const layers::Parameters& parameters, const ModelConfig& config)
    : config_(config),
      device_(parameters.device()),
      activation_type_(parameters.activation_type()),
      spatial_encoder_(vision::make_encoder("clip", parameters / "spatial_encoder", config.spatial, 1)),
      temporal_encoder_(vision::make_encoder("internvideo2", parameters / "temporal_encoder", config.temporal,
                                             config.frames_per_segment())),
      fusion_(parameters, config),
      decoder_(parameters / "language_model", config.language) {}

at::Tensor Network::encode_spatial(const at::Tensor& pixels, const Cancellation& cancellation) const {
  const at::Tensor values = vision::normalise(pixels.to(device_), config_.spatial, activation_type_);
  return vision::pool_spatial(spatial_encoder_->forward(values.unsqueeze(1), cancellation), config_.spatial_pooling);
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
