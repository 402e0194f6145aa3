/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "annotation/grounded_question.hpp"
#include "training/conversation_file.hpp"

namespace gvl::annotation {

/** A question that can be used, and which video it is about. */
struct AskedQuestion {
  std::size_t video = 0;   ///< its place among the videos
  std::size_t number = 0;  ///< of the video's questions, from 0
  GroundedQuestion question;
};

struct RecordOptions {
  std::string dataset;      ///< "dataset_name" of all records
  std::uint64_t seed = 0;   ///< of the options' order
  bool for_release = false; /**< as the authors' loader wants it, which puts <timestamp_grounding> in by itself */
};

/** Where a video is, as records name it, by its name in the annotation. */
using VideoFileOf = std::function<std::string(const std::string& name)>;

/**
 * A record for each question that has four distractors: multiple choice of five options, then when it happens, asked as
 * a grounding query. `distractors` are places of `questions` (draw_distractors()). Those without are rejected.
 */
std::vector<training::ConversationRecord> records_of(const std::vector<AnnotatedVideo>& videos,
                                                     const std::vector<AskedQuestion>& questions,
                                                     const std::vector<std::vector<std::size_t>>& distractors,
                                                     const RecordOptions& options, const VideoFileOf& file_of,
                                                     std::vector<Rejection>& rejected);

/**
 * A record for each video with labels: a grounding query for each caption of `labels.queries`, answered by all moments
 * that have it, and one for all of `labels.captions`.
 */
std::vector<training::ConversationRecord> records_of(const EventLabels& labels, const RecordOptions& options,
                                                     const VideoFileOf& file_of);

}  // namespace gvl::annotation
