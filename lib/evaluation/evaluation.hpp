/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "evaluation/dense_captioning.hpp"
#include "evaluation/event_finder.hpp"
#include "evaluation/grounding.hpp"
#include "evaluation/report.hpp"
#include "evaluation/video.hpp"
#include "gvl/model.hpp"
#include "timeline/event_assembler.hpp"

namespace gvl::evaluation {

/** A question about a video, and what is true. */
struct Question {
  Query query;
  std::string kind;                ///< what is measured apart
  std::vector<Interval> truths{};  ///< grounding: all times at which it happens; none: it does not
  Captions captions{};             ///< dense captioning: what happens
  std::vector<std::string> options{};
  std::optional<std::size_t> right{};  ///< of the options; none where it is not a multiple-choice question
};

/** What became of one question of grounding. */
struct GroundedQuestion {
  const Question& question;
  const timeline::GroundedEvent* event;  ///< the most confident one; none where the model found nothing
  double iou;                            ///< with the truth that it overlaps most; 0 where nothing is true
};

/**
 * A line of JSON: `video`, `query`, `kind`, `truths` and `found` as [start, stop] in seconds (null where nothing was
 * found), `confidence`, `iou`.
 */
std::string to_json(const std::string& video, const GroundedQuestion& grounded);

/** Called with each, while it is measured. */
using Tell = std::function<void(const GroundedQuestion&)>;

/**
 * Measures a model by the events that a user sees. Of a question that has several, the most confident one counts where
 * there can be only one: when something happens, which option is right.
 */
class Evaluation {
 public:
  /** Intervals that are less sure than `min_confidence` are no events. */
  explicit Evaluation(double min_confidence, Tell tell = {})
      : min_confidence_(min_confidence), tell_(std::move(tell)) {}

  /** Asks `questions`. Throws what `ask` throws. */
  void measure(const Ask& ask, const std::vector<Question>& questions);

  /** Counts what the events of a video say to one of its questions. */
  void add(const Question& question, const FoundInVideo& found);

  const Report& report() const noexcept { return report_; }

 private:
  using Events = std::vector<const timeline::GroundedEvent*>;
  using Answers = std::vector<const timeline::WindowAnswer*>;

  void add_grounding(const Question& question, const Events& events);
  void add_captions(const Question& question, const Events& events);
  void add_choice(const Question& question, const Answers& answers);

  double min_confidence_;
  Tell tell_;
  Report report_;
};

}  // namespace gvl::evaluation
