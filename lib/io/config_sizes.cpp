/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <algorithm>

#include "gvl/config.hpp"

namespace gvl {

std::int64_t ModelConfig::spatial_tokens() const noexcept {
  if (type == ModelType::kComposite) return members[1].tokens_per_segment();
  if (type == ModelType::kSimilarity) return spatial.keyframes;
  const auto of_a_keyframe = [&] {
    switch (spatial_pooling) {
      case SpatialPooling::kMerge2x2:
        return spatial.tokens() / 4;
      case SpatialPooling::kAdaptive8x8:
        return std::int64_t{64};
      case SpatialPooling::kNone:
        break;
    }
    return spatial.tokens();
  };
  return spatial.keyframes * of_a_keyframe();
}

std::int64_t ModelConfig::spatial_width() const noexcept {
  if (type == ModelType::kComposite) return members[1].token_width();
  if (type == ModelType::kSimilarity) return similarity.embedding_size;
  return spatial_pooling == SpatialPooling::kMerge2x2 ? 4 * spatial.hidden_size : spatial.hidden_size;
}

std::int64_t ModelConfig::temporal_tokens_per_segment() const noexcept {
  if (type == ModelType::kComposite) return members[0].tokens_per_segment();
  if (type != ModelType::kGroundedVideoLlm) return 1;
  return frames_per_segment() * temporal_grid * temporal_grid;
}

std::int64_t ModelConfig::temporal_width() const noexcept {
  return type == ModelType::kComposite ? members[0].token_width() : temporal.hidden_size;
}

std::int64_t ModelConfig::tokens_per_segment() const noexcept {
  if (type == ModelType::kComposite) return members[0].tokens_per_segment() + members[1].tokens_per_segment();
  if (type != ModelType::kGroundedVideoLlm) return spatial_tokens();
  const std::int64_t row_ends =
      spatial_pooling == SpatialPooling::kMerge2x2 ? spatial.keyframes * (spatial.grid() / 2) : 0;
  return spatial_tokens() + row_ends + temporal_tokens_per_segment() + 1;
}

std::int64_t ModelConfig::token_width() const noexcept {
  if (type == ModelType::kComposite) return std::max(members[0].token_width(), members[1].token_width());
  return type == ModelType::kGroundedVideoLlm ? language.hidden_size : spatial_width();
}

}  // namespace gvl
