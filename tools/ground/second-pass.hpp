/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <string>

#include "ground/file-pass.hpp"
#include "ground/outputs.hpp"
#include "ground/report.hpp"

/*
 * Passes over a video whose events are known. `reading` says how it is read. They return whether all went well, and
 * complain of what did not.
 */

/** Writes a clip of each event into `folder`. */
bool cut_clips(const FoundEvents& found, FilePassOptions reading, const std::string& folder, ProgressBar& progress);

/** Writes the video with the events drawn on it, by `drawing`, elements of a launch line. */
bool draw_overlay(const FoundEvents& found, FilePassOptions reading, const std::string& drawing, OutputFile& overlay,
                  ProgressBar& progress);
