/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "archive/index_reader.hpp"
#include "archive/stretch.hpp"
#include "gvl/generation.hpp"
#include "gvl/model.hpp"
#include "timeline/event_assembler.hpp"

namespace gvl::archive {

/** What is asked of an index. */
struct Question {
  std::vector<Query> queries;  ///< of tasks that are asked of every window: all but kReferring
  Stretch stretch;
  std::string stream;                    ///< by its name; empty: all
  std::optional<double> min_confidence;  ///< none: the model's
  GenerationOptions generation;
};

/** An event in what was indexed, and what is known of where it was. */
struct FoundEvent {
  std::string stream;
  std::uint64_t run = 0;
  timeline::GroundedEvent event;
  std::optional<Time> utc_start;  ///< since 1970-01-01; both or none
  std::optional<Time> utc_stop;
  std::string picture;  ///< JPEG, of the middle of it; empty where there is none
};

/** What a window says in words that were asked for. */
struct FoundWords {
  std::string stream;
  timeline::WindowAnswer answer;
  std::optional<Time> utc_start;  ///< of the window
  std::optional<Time> utc_stop;
};

struct FoundInIndex {
  std::vector<FoundEvent> events;  ///< by streams, runs, and as a user of the elements hears of them
  std::vector<FoundWords> words;   ///< likewise
  std::uint64_t windows = 0;       ///< that were asked about
  std::uint64_t segments = 0;      ///< that the stretch holds
};

/** Called with how much of a stream's part of the index was looked at. May be empty. */
using AskingProgress = std::function<void(const std::string& stream, std::uint64_t done, std::uint64_t total)>;

/**
 * Asks an index, without its videos: the windows that touch the stretch, as they lay when it was made, and what is made
 * of their answers as the elements do. So the events are those that the elements would have emitted, had they been
 * asked the same. `fingerprint` is the model's. Throws Error(kInvalidArgument) where a stream was indexed with another
 * model, kNotFound where there is no stream of that name, and as IndexReader and the model do.
 */
FoundInIndex ask(const IndexReader& index, Model& model, const std::string& fingerprint, const Question& question,
                 const AskingProgress& progress);

}  // namespace gvl::archive
