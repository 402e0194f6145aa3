/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "evaluation/benchmarks/option_parsing.hpp"
#include "evaluation/benchmarks/score_report.hpp"
#include "evaluation/grounding.hpp"

namespace gvl::evaluation {

/** One of the benchmark's tasks. */
struct MvbenchTask {
  const char* name;              ///< of its file without ".json", and in predictions: "action_sequence"
  const char* title;             ///< in reports: "Action Sequence"
  double frames_per_second = 0;  ///< of its videos, where they are folders of frames; 0: they are files
};

/** The 20 tasks in the notebook's order. */
std::span<const MvbenchTask> mvbench_tasks() noexcept;

struct MvbenchQuestion {
  std::string video;  ///< a file, or in some tasks a folder of frames
  std::string question;
  std::vector<std::string> candidates;  ///< 1 to kMostOptions
  std::size_t first_right = 0;          ///< the first candidate that is the answer
  std::size_t last_right = 0;           ///< the last one: MVBench's own script takes it, and so do all but lmms-eval
  std::optional<Interval> bounds;       ///< the part of the video that is asked about, in seconds
};

/**
 * Reads a task's file, a list of {"video", "question", "candidates", "answer"} and perhaps "start" and "end" (seconds).
 * Throws Error(kMalformed) naming file and question where one lacks a member or has one of another type, where the
 * answer is empty or no candidate, for times that are negative or reversed, and for an empty list; also what
 * JsonValue::load() throws. (The notebook goes on with an answer "(@)" where no candidate is the answer, and raises
 * IndexError where the answer is empty.)
 */
std::vector<MvbenchQuestion> read_mvbench_task(const std::filesystem::path& file);

/**
 * Accuracy in percent: "total", of all questions together, "mean of tasks", and each task's. The folder `annotations`
 * has the tasks' files; tasks without one are left out and named in a note.
 *
 * MVBench publishes no format of predictions. Here they are JSON lines of at most 1 MiB, in any order, with one for
 * each question: {"task": "action_sequence", "index": 0, "text": "..."}, where `index` counts the task's questions from
 * 0; other members are ignored.
 *
 * By kLmmsMvbench, questions with an empty text are not counted: so lmms-eval's mvbench_aggregate_results does. By
 * kTimeChat, questions without a prediction are not counted, as its evaluate_mvbench.py leaves out videos that it
 * cannot read. All others have no such case: they answer every question or raise.
 *
 * Throws Error(kInvalidArgument) for a rule of another benchmark. Throws Error(kMalformed) naming file and line or
 * question for annotations that read_mvbench_task() refuses, for a prediction that lacks a member, repeats one, is of
 * no question or of one that has been answered, for a question without a prediction (but by kTimeChat), and by
 * kEtbench for an empty text, where infer_mvbench.py raises IndexError. Throws Error(kNotFound) where a file cannot be
 * read or the folder has none.
 */
ScoreReport score_mvbench(const std::filesystem::path& annotations, const std::filesystem::path& predictions,
                          OptionRule rule = OptionRule::kNotebook);

}  // namespace gvl::evaluation
