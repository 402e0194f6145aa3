/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gvl/export.hpp"

namespace gvl {

/** What a query asks for. */
enum class Task {
  kGrounding,     ///< when does the described content occur?
  kDenseCaption,  ///< list every event with its interval; the query is ignored
  kReferring,     ///< what happens from a to b? times in the query are seconds ("from 2 to 7.5 seconds")
  kQuestion,      ///< any question about the video
};

/** A task, its name in events, properties and options, and what a query of it asks for. */
struct TaskName {
  Task task;
  const char* name;
  const char* meaning;
};

/** All tasks, in their order. */
GVL_EXPORT std::span<const TaskName> task_names() noexcept;

/** Whether it is answered in words; the others are answered with moments. */
constexpr bool is_for_words(Task task) noexcept { return task == Task::kReferring || task == Task::kQuestion; }

/** "grounding", "dense-caption", "referring", "qa". */
GVL_EXPORT std::string_view name_of(Task task) noexcept;
GVL_EXPORT std::optional<Task> task_from_name(std::string_view name) noexcept;

struct Query {
  Task task = Task::kGrounding;
  std::string text;  ///< UTF-8
};

/** A stretch of time, in seconds. */
struct TimeRange {
  double start = 0;
  double stop = 0;
};

/** What part of the video a referring query asks about, in the video's time; none for other tasks, and where it does
 * not say. */
GVL_EXPORT std::optional<TimeRange> range_of(const Query& query);

/** A moment, in seconds from the window's start. */
struct Interval {
  double start = 0;
  double stop = 0;
  /**
   * 0-1: the probability that there is such a moment, where the model was trained to say that there is none, times the
   * IoU with the true moment that the model's own distribution over times lets expect. Of a similarity model what
   * timeline/span_search.hpp says.
   */
  double confidence = 0;
  std::string text;  ///< dense captioning: what happens in it; otherwise empty
};

/** What the model says to one query about one window. */
struct Answer {
  Query query;
  std::vector<std::int64_t> tokens;  ///< as generated, without the end token; of a language model
  std::string text;                  ///< decoded, with temporal tokens: "From <14> to <25>."
  std::string text_seconds;          ///< the same with the video's times: "From 31.40 seconds to 32.50 seconds."
  std::vector<Interval> intervals;   ///< times read back from the text; none for plain answers
  double confidence = 0;             ///< geometric mean probability of all generated tokens, 0-1;
                                     ///< of a similarity model the highest of its intervals'
};

}  // namespace gvl
