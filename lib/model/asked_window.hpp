/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstddef>
#include <exception>
#include <functional>
#include <vector>

#include "gvl/cancellation.hpp"
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

/** What becomes of a window's query, both by their numbers: an answer, or why there is none. */
struct QueryResult {
  std::size_t window = 0;
  std::size_t query = 0;
  Answer answer;
  std::exception_ptr error;
};

using DeliverResult = std::function<void(QueryResult)>;

}  // namespace gvl::model
