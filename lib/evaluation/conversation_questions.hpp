/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <filesystem>
#include <vector>

#include "evaluation/evaluation.hpp"
#include "gvl/config.hpp"
#include "io/json.hpp"
#include "training/sample.hpp"

namespace gvl::evaluation {

/** Training data about a video in a file. */
struct TalkedVideo {
  std::filesystem::path file;
  std::vector<training::TrainingText> texts;
};

/**
 * Reads the member `conversations` of what gvl-eval measures, as gvl-train reads that of its data. Videos in the order
 * of their paths. Throws Error naming file and member.
 */
std::vector<TalkedVideo> read_talked_videos(const io::JsonValue& conversations);

/**
 * What of training texts can be measured: those asked with the model's own prompts for grounding and dense captions,
 * and multiple choice, "\n(A) ..." answered by "Answer: (A) ...". Others, open questions say, are left out. `duration`
 * of the video, in seconds.
 */
std::vector<Question> questions_in(const std::vector<training::TrainingText>& texts, const PromptConfig& prompts,
                                   double duration);

}  // namespace gvl::evaluation
