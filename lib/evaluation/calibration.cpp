/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "evaluation/calibration.hpp"

#include <algorithm>
#include <chrono>
#include <ratio>
#include <utility>

namespace gvl::evaluation {
namespace {

using timeline::GroundedEvent;

double share(std::size_t part, std::size_t rest) {
  return part == 0 ? 0 : static_cast<double>(part) / static_cast<double>(part + rest);
}

bool is_same(const Interval& a, const Interval& b) { return a.start == b.start && a.stop == b.stop; }

void add_interval(const Interval& interval, std::vector<Interval>& intervals) {
  const auto same = [&](const Interval& other) { return is_same(other, interval); };
  if (std::none_of(intervals.begin(), intervals.end(), same)) intervals.push_back(interval);
}

using EventsByQuery = std::map<std::string, std::vector<GroundedEvent>>;

EventsByQuery by_query(const std::vector<GroundedEvent>& events) {
  EventsByQuery sorted;
  for (const GroundedEvent& event : events) sorted[event.query].push_back(event);
  return sorted;
}

void add(const Verdicts& more, Verdicts& to) {
  to.right += more.right;
  to.wrong += more.wrong;
  to.missed += more.missed;
}

void add_confidence(double confidence, Curve& curve) {
  curve.least_sure = std::min(curve.least_sure, confidence);
  curve.most_sure = std::max(curve.most_sure, confidence);
}

}  // namespace

std::vector<Label> labels_of(const std::vector<Question>& questions) {
  std::vector<Label> labels;
  std::map<std::string, std::size_t> known;
  for (const Question& question : questions) {
    if (question.query.task != Task::kGrounding) continue;
    const auto [place, is_new] = known.emplace(question.query.text, labels.size());
    if (is_new) labels.push_back({question.query.text, {}});
    for (const Interval& truth : question.truths) add_interval(truth, labels[place->second].intervals);
  }
  return labels;
}

double Verdicts::precision() const noexcept { return share(right, wrong); }

double Verdicts::recall() const noexcept { return share(right, missed); }

double Verdicts::f1() const noexcept { return share(2 * right, wrong + missed); }

double Curve::false_per_hour(std::size_t index) const noexcept {
  return hours > 0 ? static_cast<double>(at[index].wrong) / hours : 0;
}

Verdicts judge(std::vector<GroundedEvent> events, std::vector<Interval> labels, double least_iou) {
  std::stable_sort(events.begin(), events.end(),
                   [](const GroundedEvent& a, const GroundedEvent& b) { return a.confidence > b.confidence; });
  Verdicts verdicts;
  for (const GroundedEvent& event : events) {
    const Interval interval = interval_of(event);
    const auto best = std::max_element(labels.begin(), labels.end(), [&](const Interval& a, const Interval& b) {
      return temporal_iou(interval, a) < temporal_iou(interval, b);
    });
    if (best != labels.end() && temporal_iou(interval, *best) >= least_iou) {
      labels.erase(best);
      ++verdicts.right;
    } else {
      ++verdicts.wrong;
    }
  }
  verdicts.missed = labels.size();
  return verdicts;
}

void Calibration::measure(const Ask& ask, const std::vector<Question>& questions) {
  const std::vector<Label> labels = labels_of(questions);
  if (labels.empty()) return;
  std::vector<Query> queries;
  for (const Label& label : labels) queries.push_back({Task::kGrounding, label.query});
  add(ask(queries), labels);
}

void Calibration::add(const AnsweredVideo& video, const std::vector<Label>& labels) {
  const double hours = std::chrono::duration<double, std::ratio<3600>>(video.duration).count();
  overall_.hours += hours;
  for (const Label& label : labels) queries_[label.query].hours += hours;
  for (const GroundedEvent& event : events_of(video, 0).events) {
    add_confidence(event.confidence, queries_[event.query]);
    add_confidence(event.confidence, overall_);
  }
  for (std::size_t i = 0; i < kThresholds; ++i) {
    EventsByQuery events = by_query(events_of(video, threshold_at(i)).events);
    for (const Label& label : labels) {
      const Verdicts verdicts = judge(std::move(events[label.query]), label.intervals, least_iou_);
      evaluation::add(verdicts, queries_[label.query].at[i]);
      evaluation::add(verdicts, overall_.at[i]);
    }
  }
}

}  // namespace gvl::evaluation
