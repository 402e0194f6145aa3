/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "annotation/annotation.hpp"
#include "training/conversation_file.hpp"

/** What a run came to. It depends on the answers alone, not on when and by whom they were given. */
struct Outcome {
  std::size_t videos = 0;     ///< that were asked about
  std::size_t questions = 0;  ///< that can be used, before their wrong options are drawn
  std::int64_t prompt_tokens = 0, completion_tokens = 0, embedding_tokens = 0;
  std::vector<gvl::training::ConversationRecord> records;
  std::vector<gvl::annotation::Rejection> rejected;
};

/** Throws gvl::Error(kInvalidArgument) where a file that will be written is the one that is read. */
void require_others(const std::filesystem::path& read, const std::vector<std::filesystem::path>& written);
/** The same of what write_outcome() writes into a folder. */
void require_others_in(const std::filesystem::path& folder, const std::filesystem::path& read);

/** Makes the folder where there is none. Throws gvl::Error(kResource). */
void make_folder(const std::filesystem::path& folder);

/**
 * Writes conversations.json, rejected.jsonl and report.json into a folder, each whole or not at all, and prints what
 * they come to. Throws gvl::Error(kResource) naming the file.
 */
void write_outcome(const std::filesystem::path& folder, const Outcome& outcome);
