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
 * Relative video files are under `videos`. Questions become user turns as the published loader (datasets/mix_sft.py)
 * makes them: "<image>" stands in front, and " <timestamp_grounding>" behind it where the answer has times; here each
 * is the first turn of its own. One that has both already stays as it is. Throws Error naming the file and the member.
 */
std::vector<ConversationRecord> read_conversations(const std::filesystem::path& file,
                                                   const std::filesystem::path& videos);

/** Writes such a list. Throws Error(kResource). */
void write_conversations(const std::filesystem::path& file, const std::vector<ConversationRecord>& records);

}  // namespace gvl::training
