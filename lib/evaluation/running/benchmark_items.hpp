/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "evaluation/benchmarks/names.hpp"
#include "evaluation/grounding.hpp"
#include "gvl/task.hpp"

namespace gvl::evaluation {

/** Benchmarks that a model can be run on. */
enum class RunBenchmark {
  kCharadesSta,
  kActivityNetCaptions,  ///< grounding
  kDenseCaptions,        ///< of ActivityNet-Captions
  kQvHighlights,         ///< moments
  kNextGqa,
  kMvbench,
  kVideoMme,
};

inline constexpr NameTable<RunBenchmark, 7> kRunBenchmarks{
    {{RunBenchmark::kCharadesSta, "charades-sta"},
     {RunBenchmark::kActivityNetCaptions, "activitynet-captions"},
     {RunBenchmark::kDenseCaptions, "activitynet-dense-captions"},
     {RunBenchmark::kQvHighlights, "qvhighlights"},
     {RunBenchmark::kNextGqa, "next-gqa"},
     {RunBenchmark::kMvbench, "mvbench"},
     {RunBenchmark::kVideoMme, "video-mme"}}};

/** What a benchmark asks once, about one video. */
struct BenchmarkItem {
  std::string id;                    ///< unique: "VIDEO#N", a qid as in JSON, "VIDEO_QUESTION", "TASK#N", a question_id
  std::string video;                 ///< as the annotation names it
  std::optional<Interval> part;      ///< of the video, in seconds, that alone is shown
  std::vector<Query> queries;        ///< what the model is asked; of NExT-GQA first the question, then when
  std::vector<std::string> options;  ///< of a multiple-choice question
  double frames_per_second = 0;      ///< of a video that is a folder of frames; 0: the benchmark has none such
};

/**
 * The items of an annotation as it is distributed, in its order: the file, of NExT-GQA and MVBench the folder, of
 * Video-MME its empty output template with "question" and "options". Prompts are those of Grounded-Video-LLM's
 * inference.py: "Question: ...\nOptions:\n(A) ..." for multiple choice, the model's own for grounding and dense
 * captioning. NExT-GQA's are not known: a question is asked as multiple choice, and when it happens as a query. Videos
 * of NExT-GQA are named as `map_vid_vidorID.json` says, where that is in the folder. Throws what the benchmark's
 * reader throws, and Error(kMalformed) naming file and item for a query without text or options, and for names and
 * texts that are not UTF-8.
 */
std::vector<BenchmarkItem> read_benchmark_items(RunBenchmark benchmark, const std::filesystem::path& annotations);

}  // namespace gvl::evaluation
