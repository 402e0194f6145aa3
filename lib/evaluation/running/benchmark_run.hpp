/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "evaluation/running/benchmark_items.hpp"
#include "evaluation/running/prediction_log.hpp"
#include "evaluation/running/video_folder.hpp"
#include "gvl/generation.hpp"
#include "gvl/model.hpp"

namespace gvl::evaluation {

/** Why a video could not be asked about. */
struct VideoFault {
  std::string video;  ///< as the annotation names it
  std::string why;
  std::size_t items = 0;  ///< that were about it
};

/** Called after each item, with how many of how many are done. May be empty; returns whether to go on. */
using RunProgress = std::function<bool(std::size_t done, std::size_t total)>;

/** How a model is asked. */
struct AskOptions {
  GenerationOptions generation;
  /** As the elements ask: windows of a long video, whose answers are merged. Else a video is one window. */
  bool by_windows = false;
  double min_confidence = 0;  ///< with windows: what is less sure is no event; 0-1
};

/**
 * The items of one of several processes that share the work, `number` of them from 1 to `count`. What is asked about
 * one part of a video stays together, so that answers are those of a process that has all items.
 */
std::vector<BenchmarkItem> share_of(const std::vector<BenchmarkItem>& items, std::size_t number, std::size_t count);

/**
 * Asks a model about items that the log does not have, video by video, and adds what it says to the log. No video is
 * put in another one's place: one that is not there or cannot be decoded is a fault, and its items have no prediction.
 * Throws what the model and the log throw.
 */
std::vector<VideoFault> run_items(Model& model, RunBenchmark benchmark, const std::vector<BenchmarkItem>& items,
                                  const VideoFolder& videos, const AskOptions& options, PredictionLog& log,
                                  const RunProgress& progress);

}  // namespace gvl::evaluation
