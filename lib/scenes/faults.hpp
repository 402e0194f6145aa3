/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstdint>
#include <opencv2/core.hpp>

#include "scenes/look.hpp"
#include "scenes/random.hpp"

namespace gvl::scenes {

/** Spoils an RGB picture at `time` within the fault; `frame` seeds what changes from frame to frame. kFreeze is not
 * for here: it is a matter of time. */
void apply_fault(const Fault& fault, double time, std::int64_t frame, cv::Mat& rgb);

/** Adds Gaussian noise: to the channels alike (`gray`) or each for itself. */
void add_noise(double deviation, bool gray, Random random, cv::Mat& rgb);

}  // namespace gvl::scenes
