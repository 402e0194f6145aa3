/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <vector>

#include "evaluation/video.hpp"
#include "gvl/model.hpp"
#include "timeline/event_assembler.hpp"

namespace gvl::evaluation {

/** What a user of the elements hears of. */
struct FoundInVideo {
  std::vector<timeline::GroundedEvent> events;
  std::vector<timeline::WindowAnswer> answers;
};

/**
 * The events and answers that a user of the elements hears of when a file of these frames plays to its end, in the same
 * order: its windows lie where gvlsegmenter's do by default (timeline::WindowPlanner), and an EventAssembler makes
 * events of what they say. Of intervals that are less sure than `min_confidence` there are none. Throws what the model
 * throws.
 */
FoundInVideo find_events(Model& model, Video& video, const std::vector<Query>& queries, double min_confidence);

}  // namespace gvl::evaluation
