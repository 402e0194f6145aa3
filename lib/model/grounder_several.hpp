/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "language/generate.hpp"
#include "model/grounder.hpp"
#include "model/interval_choice.hpp"
#include "model/moments.hpp"

namespace gvl::model {

/** One of several: where it lies, and how sure that is. */
struct Grounder::Moment {
  TokenInterval interval;
  double confidence = 0;
};

struct Grounder::Several {
  /** Where one of its moments may begin, and, once that was asked for, where it then ends. */
  struct Candidate {
    StartPeak peak;
    std::vector<float> stops;  ///< the distribution of its last token; empty: not known yet, or there is none
    bool is_worded = false;    ///< it is the moment that the answer has
  };

  Query asked;
  text::TimeScale scale{1};
  language::GenerationRequest request;  ///< what `generation` came of
  language::Generation generation;      ///< the answer as the model words it
  text::ParsedInterval worded;          ///< the moment that it has
  std::vector<float> starts;            ///< the distribution of its first token
  std::vector<Candidate> candidates;    ///< the most probable first
  std::size_t awaited = 0;              ///< of them, whose last tokens are asked for
  bool is_cancelled = false;            ///< and was told so
};

}  // namespace gvl::model
