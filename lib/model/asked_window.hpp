/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <vector>

#include "gvl/cancellation.hpp"
#include "gvl/config.hpp"
#include "gvl/error.hpp"
#include "gvl/generation.hpp"
#include "gvl/task.hpp"
#include "gvl/tensor.hpp"
#include "text/time_scale.hpp"

namespace gvl::model {

/** What is asked about one window of video. */
struct AskedWindow {
  Tensor tokens;  ///< float32 [K * L, H]
  text::TimeScale scale;
  std::vector<Query> queries;
  GenerationOptions options;
  Cancellation cancellation;
};

/** Throws Error(kInvalidArgument) unless `window` has the tokens that a model with this configuration takes. */
inline void expect_tokens(const AskedWindow& window, const ModelConfig& config) {
  const std::vector<std::int64_t> shape{config.segments * config.tokens_per_segment(), config.token_width()};
  if (window.tokens.type == DataType::kFloat32 && window.tokens.shape == shape) return;
  throw Error(ErrorCode::kInvalidArgument,
              "gvl/video-tokens: " + to_string(window.tokens.shape) + " given, this model takes " + to_string(shape));
}

/** What becomes of a window's query, both by their numbers: an answer, or why there is none. */
struct QueryResult {
  std::size_t window = 0;
  std::size_t query = 0;
  Answer answer;
  std::exception_ptr error;
};

using DeliverResult = std::function<void(QueryResult)>;

}  // namespace gvl::model
