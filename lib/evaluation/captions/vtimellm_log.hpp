/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <filesystem>

#include "evaluation/captions/dense_caption_files.hpp"

namespace gvl::evaluation {

/**
 * A log of VTimeLLM's eval.py, JSON lines with "task", "video_id" and "answer", as its metric.py reads captions in it.
 * Of those of the task "captioning" the first stretch of a line from a "[" to the last "]" is JSON,
 * `[{"event", "timestamps": "from 05 to 40"}, ...]`: numbers are the sixth and seventh character and the last two, of
 * hundredths of the video, whose last one belongs to the event. From the first item on that is none of that there are
 * no more captions; of two answers the last counts. Captions that follow each other are one where they are alike
 * (sequence_ratio() above 0.98) and at most a hundredth apart.
 *
 * `annotation` is of ActivityNet-Captions, and has the durations. Throws Error(kMalformed) naming file and line where a
 * line is no JSON, which the script leaves out, or lacks a member, and for a video that the annotation does not have;
 * also what JsonLines and JsonValue::load() throw.
 */
CaptionFile read_vtimellm_log(const std::filesystem::path& log, const std::filesystem::path& annotation);

}  // namespace gvl::evaluation
