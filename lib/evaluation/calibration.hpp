/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <array>
#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "evaluation/evaluation.hpp"
#include "evaluation/event_finder.hpp"
#include "evaluation/grounding.hpp"
#include "evaluation/video.hpp"
#include "gvl/model.hpp"

namespace gvl::evaluation {

/** How many values of min-confidence are tried: 0, 0.01, 0.02 ... 1. */
inline constexpr std::size_t kThresholds = 101;
constexpr double threshold_at(std::size_t index) { return static_cast<double>(index) / (kThresholds - 1); }

/** All times at which something happens in a video; none: it never does. */
struct Label {
  std::string query;
  std::vector<Interval> intervals;
};

/** What grounding questions about one video say, by query. An interval that is named twice counts once. */
std::vector<Label> labels_of(const std::vector<Question>& questions);

/** What events come to, beside what is labelled. */
struct Verdicts {
  std::size_t right = 0;
  std::size_t wrong = 0;   ///< they overlap no label, not enough, or one that another event has
  std::size_t missed = 0;  ///< labels that no event has

  double precision() const noexcept;  ///< like the next two 0 where there is nothing to divide
  double recall() const noexcept;
  double f1() const noexcept;

  friend bool operator==(const Verdicts&, const Verdicts&) = default;
};

/**
 * Events of one query, the most confident first, take the label that they overlap most of those that are left, if its
 * IoU is at least `least_iou`. Such events are right.
 */
Verdicts judge(std::vector<timeline::GroundedEvent> events, std::vector<Interval> labels, double least_iou);

/** What becomes of events at each value of min-confidence. */
struct Curve {
  double hours = 0;       ///< of video that was asked about
  double least_sure = 1;  ///< of the events at min-confidence 0, like the next
  double most_sure = 0;
  std::array<Verdicts, kThresholds> at{};  ///< by index, see threshold_at()

  std::size_t labelled() const noexcept { return at[0].right + at[0].missed; }
  std::size_t events() const noexcept { return at[0].right + at[0].wrong; }
  double false_per_hour(std::size_t index) const noexcept;
};

/**
 * Counts, for each value of min-confidence, the events that a user would hear of. The model answers once. Events are
 * assembled of its answers anew for each value, because more depends on it than which of them are kept (events_of()).
 */
class Calibration {
 public:
  /** An event is right from this IoU on, above 0 and at most 1. */
  explicit Calibration(double least_iou) : least_iou_(least_iou) {}

  /** Asks the grounding questions of `questions`. Throws what `ask` throws. */
  void measure(const Ask& ask, const std::vector<Question>& questions);

  /** Counts what was answered about a video, in which the labels' queries were asked and no others. */
  void add(const AnsweredVideo& video, const std::vector<Label>& labels);

  double least_iou() const noexcept { return least_iou_; }
  /** Of all queries together; an hour of video is one hour however much is asked about it. */
  const Curve& overall() const noexcept { return overall_; }
  /** Of each query, in all videos in which it was asked. */
  const std::map<std::string, Curve>& queries() const noexcept { return queries_; }

 private:
  double least_iou_;
  Curve overall_;
  std::map<std::string, Curve> queries_;
};

}  // namespace gvl::evaluation
