/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>

#include "gvl/cancellation.hpp"
#include "gvl/config.hpp"
#include "language/decoder.hpp"
#include "layers/layers.hpp"
#include "vision/encoder.hpp"

namespace gvl::model {

/**
 * The two streams joined (two-stream encoding, arXiv 2410.03290): projectors f and g, row ends and newline. Parameters:
 * `spatial_projector`, `temporal_projector`, and `sub_GN`, `glb_GN` (merged pooling) or `image_newline`.
 */
class Fusion {
 public:
  Fusion(const layers::Parameters& parameters, const ModelConfig& config);

  /**
   * spatial [n, P, D], temporal [n, frames * P', D'] of n segments -> [n, L, H]: spatial, temporal, newline. With
   * several keyframes: of each its spatial rows and the frames around it; then the newline.
   */
  at::Tensor forward(const at::Tensor& spatial, const at::Tensor& temporal) const;

 private:
  at::Tensor with_row_ends(const at::Tensor& spatial) const;
  at::Tensor interleave(const at::Tensor& spatial, const at::Tensor& temporal) const;

  layers::Projector spatial_projector_;
  layers::Projector temporal_projector_;
  at::Tensor row_end_;  ///< sub_GN, or undefined
  at::Tensor newline_;  ///< glb_GN, before the projector, or image_newline, after it
  bool project_newline_;
  std::int64_t keyframes_;
};

/** The whole network, top to bottom as in figure 2 of arXiv 2410.03290. Immutable and thread safe. */
class Network {
 public:
  Network(const layers::Parameters& parameters, const ModelConfig& config);

  /** Segments' keyframes uint8 [n, keyframes, S, S, 3] -> pooled features [n, P, D]. */
  at::Tensor encode_spatial(const at::Tensor& pixels, const Cancellation& cancellation) const;

  /** Segments uint8 [n, frames, S', S', 3] -> pooled features [n, frames * P', D']. */
  at::Tensor encode_temporal(const at::Tensor& pixels, const Cancellation& cancellation) const;
  /** The same before pooling: features of all patches [n, frames * grid^2, D']. */
  at::Tensor encode_temporal_patches(const at::Tensor& pixels, const Cancellation& cancellation) const;

  const vision::Encoder& spatial_encoder() const noexcept { return *spatial_encoder_; }
  const vision::Encoder& temporal_encoder() const noexcept { return *temporal_encoder_; }
  const Fusion& fusion() const noexcept { return fusion_; }
  const language::Decoder& decoder() const noexcept { return decoder_; }
  const ModelConfig& config() const noexcept { return config_; }
  c10::Device device() const noexcept { return device_; }
  c10::ScalarType activation_type() const noexcept { return activation_type_; }

 private:
  ModelConfig config_;
  c10::Device device_;
  c10::ScalarType activation_type_;
  std::unique_ptr<const vision::Encoder> spatial_encoder_;
  std::unique_ptr<const vision::Encoder> temporal_encoder_;
  Fusion fusion_;
  language::Decoder decoder_;
};

}  // namespace gvl::model
