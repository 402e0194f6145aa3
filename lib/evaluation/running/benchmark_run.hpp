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

/**
 * Asks a model about items that the log does not have, video by video, each as one window as the published code does
 * it, and adds what it says to the log. No video is put in another one's place: one that is not there or cannot be
 * decoded is a fault, and its items have no prediction. Throws what the model and the log throw.
 */
std::vector<VideoFault> run_items(Model& model, RunBenchmark benchmark, const std::vector<BenchmarkItem>& items,
                                  const VideoFolder& videos, const GenerationOptions& generation, PredictionLog& log,
                                  const RunProgress& progress);

}  // namespace gvl::evaluation
