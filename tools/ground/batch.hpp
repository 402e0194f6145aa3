/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <string>
#include <vector>

#include "ground/arguments.hpp"

/*
 * Many videos, whose events are kept video by video, also by several processes: a video's file of events is there,
 * whole, or it is not.
 */

/** The names of videos in a file, one a line; without empty lines. `fault` says why there are none. */
std::vector<std::string> videos_of_list(const std::string& file, std::string& fault);

/**
 * The file for a video's events in the folder --results: its name without its ending, and by what the same name in
 * another folder is another one.
 */
std::string result_of(const std::string& folder, const std::string& video);

/** What makes no sense in the options of this, for all videos, before a share of them is taken; or an empty string. */
std::string fault_of_batch(const Arguments& arguments);

/** Takes out of the videos those whose results are there, where --resume says so. Returns how many. */
std::size_t leave_out_what_is_done(Arguments& arguments);

/** Why --results cannot be used, as far as that can be known beforehand, or an empty string. Makes the folder. */
std::string fault_of_results(const Arguments& arguments);
