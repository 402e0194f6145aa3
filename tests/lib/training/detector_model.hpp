/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gvl/config.hpp"
#include "vision/object_features.hpp"

namespace gvl::test {

constexpr int kDog = 16;  // of COCO's classes

/** A small model behind a detector. */
inline ModelConfig with_detector() {
  ModelConfig config;
  config.frames = 96;
  config.segments = 12;
  config.spatial = {
      .image_size = 416, .hidden_size = vision::kObjectFeatures, .type = "nanodet", .keyframes = 4, .objects = 5};
  config.spatial_pooling = SpatialPooling::kNone;
  config.temporal = {28, 14, 32, 64, 1, 4, 1e-6, {0.5, 0.5, 0.5}, {0.5, 0.5, 0.5}};
  config.temporal_grid = 1;
  config.language.hidden_size = 192;
  config.language.heads = config.language.kv_heads = 6;
  config.language.rope_theta = 1e7;
  config.prompts.grounding = "<image> {query}";
  config.prompts.dense_caption = "<image> all";
  config.prompts.system = "Look.";
  config.prompts.assistant = "So:";
  config.prompts.absent = "It does not happen in the video.";
  return config;
}

}  // namespace gvl::test
