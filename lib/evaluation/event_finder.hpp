/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <functional>
#include <vector>

#include "evaluation/grounding.hpp"
#include "evaluation/video.hpp"
#include "gvl/generation.hpp"
#include "gvl/model.hpp"
#include "timeline/event_assembler.hpp"
#include "timeline/time.hpp"

namespace gvl::evaluation {

/** What a model says to each query of each window of a video, in order. */
struct AnsweredVideo {
  struct WindowAnswered {
    timeline::AnsweredWindow window;  ///< of which what the user's min-confidence decides is left open
    Answer answer;
  };
  timeline::Time duration{};
  std::vector<WindowAnswered> answers;
};

/** What a user of the elements hears of. */
struct FoundInVideo {
  std::vector<timeline::GroundedEvent> events;
  std::vector<timeline::WindowAnswer> answers;
};

/** When an event happens, in seconds. */
inline Interval interval_of(const timeline::GroundedEvent& event) {
  return {timeline::to_seconds(event.start), timeline::to_seconds(event.stop)};
}

/** What is asked: a video, or a window that stands for one. Throws what the model throws. */
using Ask = std::function<AnsweredVideo(const std::vector<Query>& queries)>;

/**
 * Asks about a file of these frames: its windows lie where gvlsegmenter's do by default (timeline::WindowPlanner). A
 * query is there once: what windows say to it is merged. Throws what the model throws.
 */
AnsweredVideo ask(Model& model, Video& video, const std::vector<Query>& queries,
                  const GenerationOptions& generation = {});

/**
 * Asks about all of a video's frames as one window, however long it is, as the published code does; the answers come in
 * the queries' order. Throws what reading a frame throws.
 */
std::vector<Future<Answer>> ask_about_all(Model& model, Video& video, const std::vector<Query>& queries,
                                          const GenerationOptions& generation);

/** Asks about one window that begins at 0 and lasts `duration` seconds, of whose segments the tokens are there. */
AnsweredVideo ask(Model& model, std::vector<Future<Tensor>> segments, double duration,
                  const std::vector<Query>& queries);

/**
 * The events and answers that a user of the elements hears of when that file plays to its end, in the same order: an
 * EventAssembler makes events of what the windows say. Of intervals that are less sure than `min_confidence` there are
 * none. More than these depend on it: what is less sure is a guess, with which no event goes on.
 */
FoundInVideo events_of(const AnsweredVideo& video, double min_confidence);

/**
 * What a user hears of to each query, as one answer: its intervals are the events, its text is theirs, a line each, or
 * what the surest window says where there is no event. It has no tokens.
 */
std::vector<Answer> answers_to(const std::vector<Query>& queries, const FoundInVideo& found);

/** Both: asks, and makes events of the answers. */
FoundInVideo find_events(Model& model, Video& video, const std::vector<Query>& queries, double min_confidence);

}  // namespace gvl::evaluation
