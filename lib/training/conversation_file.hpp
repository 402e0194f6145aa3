/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "training/sample.hpp"

namespace gvl::training {

/** A record of a published data set: questions and answers about one video. Times stand as `<seconds>`. */
struct ConversationRecord {
  std::string question_id;
  std::string video_id;
  std::filesystem::path video_file;
  std::string dataset_name;
  std::vector<TrainingText> texts;  ///< turns in pairs, of a person ("human") and the model ("gpt")
};

/**
 * Reads a JSON list of `{question_id, video_id, video_file, dataset_name, conversation: [{from, value}, ...]}`.
 * Relative video files are under `videos`. A question without "<image>" gets it in front. Throws Error naming the file
 * and the member.
 */
std::vector<ConversationRecord> read_conversations(const std::filesystem::path& file,
                                                   const std::filesystem::path& videos);

/** Writes such a list. Throws Error(kResource). */
void write_conversations(const std::filesystem::path& file, const std::vector<ConversationRecord>& records);

}  // namespace gvl::training
