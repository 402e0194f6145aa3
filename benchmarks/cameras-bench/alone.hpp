/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cameras-bench/settings.hpp"

namespace gvl::benchmarks {

/** Seconds of processor time that the model alone takes for a window, without elements: its segments and its answers.
 */
double seconds_of_a_window(Model& model, const CameraSettings& settings);

}  // namespace gvl::benchmarks
