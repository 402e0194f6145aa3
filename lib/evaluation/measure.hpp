/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "evaluation/calibration.hpp"
#include "evaluation/report.hpp"
#include "gvl/model.hpp"
#include "io/json.hpp"

namespace gvl::evaluation {

/** Called after each video, with how many of how many are done. May be empty. */
using Progress = std::function<void(std::int64_t done, std::int64_t total)>;

/**
 * Measures `model` on all videos of a configuration: its member `queries`, `conversations`, `scenes` or `watched`
 * (docs/training.md). Intervals that are less sure than `min_confidence` are no events; 0-1. Throws Error naming the
 * file at fault. To `answers`, if there is one, it adds a line of JSON for each question of grounding: see to_json().
 */
Report measure(Model& model, const io::JsonValue& configuration, double min_confidence, const Progress& progress,
               std::string* answers = nullptr);

/**
 * Counts what events of the same videos are right and wrong at each min-confidence, from an IoU of `least_iou` on.
 * Throws as measure() does.
 */
Calibration calibrate(Model& model, const io::JsonValue& configuration, double least_iou, const Progress& progress);

}  // namespace gvl::evaluation
