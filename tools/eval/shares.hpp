/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "common/share.hpp"
#include "evaluation/running/benchmark_run.hpp"
#include "evaluation/running/prediction_log.hpp"

/** Where a share's predictions are kept: "OUT/predictions-2-of-4.jsonl". */
std::filesystem::path log_of(const Share& share, const std::filesystem::path& out);

/**
 * Adds what the shares in `out` have to the log of all. Throws what PredictionLog throws, also where another process
 * still writes a share; and gvl::Error(kInvalidArgument) where there are some and `resumes` is false.
 */
void add_shares(const std::filesystem::path& out, const std::string& settings, bool resumes,
                gvl::evaluation::PredictionLog& log);

/** Says on standard output what a share came to. */
void tell_of_share(const Share& share, std::size_t items, std::size_t predicted,
                   const std::vector<gvl::evaluation::VideoFault>& faults);
