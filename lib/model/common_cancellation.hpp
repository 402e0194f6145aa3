/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <algorithm>
#include <functional>

#include "gvl/cancellation.hpp"

namespace gvl::model {

/**
 * What stops all jobs of a batch, not empty, between two layers: their cancellation where they are of one stream. A
 * batch of several streams goes on for the others when one of them is cancelled. `of`: the cancellation of a job.
 */
template <typename Jobs, typename Of>
Cancellation common_cancellation(const Jobs& jobs, Of of) {
  const Cancellation& first = std::invoke(of, jobs.front());
  const auto same = [&](const auto& job) { return std::invoke(of, job).id() == first.id(); };
  return std::all_of(jobs.begin(), jobs.end(), same) ? first : Cancellation();
}

}  // namespace gvl::model
