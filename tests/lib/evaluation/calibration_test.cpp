/* SPDX-License-Identifier: LGPL-2.1-or-later */

// Which min-confidence is proposed, and that what is counted at each is what a user hears of there.

#include "evaluation/calibration.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "drawn_answers.hpp"
#include "evaluation/calibration_report.hpp"
#include "evaluation_test.hpp"

using namespace gvl;
using namespace gvl::evaluation;
using namespace gvl::evaluation::test;
using std::chrono::seconds;
using timeline::AnsweredWindow;
using timeline::GroundedEvent;

namespace {

GroundedEvent timed(int start, int stop, double confidence) {
  return {.query = "dark", .start = seconds(start), .stop = seconds(stop), .confidence = confidence};
}

void expect_verdicts(const char* label, const Verdicts& found, const Verdicts& expected) {
  ck_assert_msg(found == expected, "%s: found %zu right, %zu wrong, %zu missed", label, found.right, found.wrong,
                found.missed);
}

GVL_TEST(events_and_labels_are_matched_one_to_one) {
  expect_verdicts("nothing", judge({}, {}, 0.5), {0, 0, 0});
  expect_verdicts("missed", judge({}, {{0, 10}}, 0.5), {0, 0, 1});
  expect_verdicts("never", judge({timed(0, 10, 0.5)}, {}, 0.5), {0, 1, 0});
  expect_verdicts("half", judge({timed(0, 5, 0.5)}, {{0, 10}}, 0.5), {1, 0, 0});
  expect_verdicts("less", judge({timed(0, 5, 0.5)}, {{0, 10}}, 0.51), {0, 1, 1});
  expect_verdicts("twice", judge({timed(0, 10, 0.5), timed(0, 10, 0.6)}, {{0, 10}}, 0.5), {1, 1, 0});
  // The first overlaps both labels enough and takes the nearer one.
  expect_verdicts("nearer", judge({timed(0, 9, 0.9), timed(0, 6, 0.8)}, {{0, 6}, {0, 10}}, 0.5), {2, 0, 0});
  // The more confident one takes the only label that the other would have had.
  expect_verdicts("order", judge({timed(0, 10, 0.5), timed(0, 6, 0.6)}, {{0, 10}, {20, 30}}, 0.5), {1, 1, 1});
}

GVL_TEST(ratios) {
  const Verdicts verdicts{3, 1, 2};
  expect_near("precision", verdicts.precision(), 0.75);
  expect_near("recall", verdicts.recall(), 0.6);
  expect_near("f1", verdicts.f1(), 2 * 0.75 * 0.6 / (0.75 + 0.6));
  expect_near("none", Verdicts().f1() + Verdicts().precision() + Verdicts().recall(), 0);
}

GVL_TEST(labels_are_by_query) {
  const std::vector<Label> labels = labels_of({{{Task::kGrounding, "dark"}, "a", {{20, 30}}},
                                               {{Task::kGrounding, "rain"}, "a"},
                                               {{Task::kQuestion, "which?"}, "a"},
                                               {{Task::kGrounding, "dark"}, "b", {{1, 2}}},
                                               {{Task::kGrounding, "dark"}, "b", {{20, 30}}}});
  ck_assert_int_eq(labels.size(), 2);
  ck_assert(labels[0].query == "dark" && labels[0].intervals.size() == 2 && labels[0].intervals[1].start == 1);
  ck_assert(labels[1].query == "rain" && labels[1].intervals.empty());
}

/** Says that `query` happens from `start` to `stop`, seconds of the video. */
AnsweredVideo::WindowAnswered said(AnsweredWindow window, const char* query, int start, int stop, double confidence) {
  const double offset = timeline::to_seconds(window.start);
  Answer answer{.query = {Task::kGrounding, query}};
  answer.intervals.push_back({start - offset, stop - offset, confidence, ""});
  return {std::move(window), std::move(answer)};
}

AnsweredWindow window(std::uint64_t index, int start, int stop, std::optional<timeline::Time> settled) {
  return {{.index = index,
           .start = seconds(start),
           .stop = seconds(stop),
           .settled = settled,
           .edge = std::chrono::milliseconds(2500),
           .believed = 0.2}};
}

/**
 * Two windows see a part of what "dark" labels. Up to 0.45 they are joined, to an event of confidence 0.675. Above, the
 * second is a guess: the first, which the second window shows as well and does not find, is as sure as 0.9 / 2.
 */
Calibration example(std::chrono::hours duration = std::chrono::hours(1)) {
  const auto first = window(0, 0, 60, seconds(30)), second = window(1, 30, 90, std::nullopt);
  Calibration calibration(0.5);
  calibration.add({duration,
                   {said(first, "dark", 52, 60, 0.9), said(first, "rain", 10, 20, 0.3),
                    said(second, "dark", 60, 80, 0.45), said(second, "rain", 70, 80, 0.25)}},
                  {{"dark", {{52, 80}}}, {"rain", {}}});
  return calibration;
}

GVL_TEST(events_are_assembled_anew_for_each_min_confidence) {
  const Calibration calibration = example();
  for (std::size_t i = 0; i < kThresholds; ++i) {
    const std::string label = std::to_string(threshold_at(i));
    expect_verdicts(label.c_str(), calibration.overall().at[i],
                    {i <= 45U, std::size_t{i <= 25} + std::size_t{i <= 30}, i > 45U});
    expect_verdicts(label.c_str(), calibration.queries().at("dark").at[i], {i <= 45U, 0, i > 45U});
  }
  expect_near("least", calibration.overall().least_sure, 0.25);
  expect_near("most", calibration.overall().most_sure, 0.675);
  expect_near("hours", calibration.queries().at("rain").hours, 1);
}

GVL_TEST(the_middle_of_the_best_is_proposed) {
  const Curve curve = example().overall();
  const Proposal best = best_f1(curve);
  ck_assert(best.index == 38U && best.first == 31 && best.last == 45);
  ck_assert(few_false(curve, 2).index == 0U);
  ck_assert(few_false(curve, 1).index == 26U);
  ck_assert(few_false(example(std::chrono::hours(4)).overall(), 0.25).index == 26U);
}

GVL_TEST(a_row_that_is_interrupted_is_not_one) {
  Curve curve{.hours = 1, .least_sure = 0, .most_sure = 1};
  for (Verdicts& at : curve.at) at = {1, 1, 0};
  for (const std::size_t i : {10U, 11U, 50U, 51U, 52U, 100U}) curve.at[i] = {1, 0, 0};
  ck_assert(best_f1(curve).index == 51U && best_f1(curve).first == 50 && best_f1(curve).last == 52);
  curve.at.fill({2, 0, 0});
  ck_assert(best_f1(curve).index == 50U && best_f1(curve).first == 0 && best_f1(curve).last == 100);
}

void expect_none(const Proposal& proposal, const std::string& why) {
  ck_assert(!proposal.index);
  expect_text(proposal.why_not, why);
}

GVL_TEST(what_cannot_carry_a_proposal_says_why) {
  Curve curve{.hours = 0.25, .least_sure = 0.25, .most_sure = 0.75};
  curve.at.fill({0, 3, 0});
  expect_none(best_f1(curve), "no event is labelled");
  expect_none(few_false(curve, 2), "0.2500 hours of video are too few, 0.5000 are needed");
  expect_none(few_false(curve, 4), "there are more at any value");
  ck_assert(few_false(curve, 12).index == 0U);
  curve.at.fill({0, 3, 1});
  expect_none(best_f1(curve), "no event is right at any value");
  curve.at[0] = {1, 3, 0};
  curve.most_sure = 0.25;
  for (const Proposal& proposal : {best_f1(curve), few_false(curve, 12)})
    expect_none(proposal, "all events have the same confidence, 0.2500: no value tells right from wrong");
  curve.at.fill({0, 0, 1});
  for (const Proposal& proposal : {best_f1(curve), few_false(curve, 12)})
    expect_none(proposal, "the model finds no event at all");
}

GVL_TEST(table) {
  const std::string table = to_table(example(), 1);
  const auto expect = [&](const std::string& part) {
    ck_assert_msg(table.find(part) != std::string::npos, "no '%s' in:\n%s", part.c_str(), table.c_str());
  };
  expect("1.0000 hours of video, 2 queries (1 for what never happens), 1 labelled event; right from IoU 0.5 on\n\n");
  expect(
      "min_confidence  right  wrong  missed  precision  recall      f1  false_per_hour\n"
      "0.00                1      2       0     0.3333  1.0000  0.5000          2.0000\n"
      "0.05                1      2       0     0.3333  1.0000  0.5000          2.0000\n");
  expect(
      "0.25                1      2       0     0.3333  1.0000  0.5000          2.0000\n"
      "0.26                1      1       0     0.5000  1.0000  0.6667          1.0000\n"
      "0.30                1      1       0     0.5000  1.0000  0.6667          1.0000\n"
      "0.35                1      0       0     1.0000  1.0000  1.0000          0.0000\n"
      "0.38                1      0       0     1.0000  1.0000  1.0000          0.0000\n"
      "0.40                1      0       0     1.0000  1.0000  1.0000          0.0000\n"
      "0.45                1      0       0     1.0000  1.0000  1.0000          0.0000\n"
      "0.50                0      0       1     0.0000  0.0000  0.0000          0.0000\n");
  expect(
      "1.00                0      0       1     0.0000  0.0000  0.0000          0.0000\n\n"
      "best F1: min-confidence 0.38 (1 right, 0 wrong, 0 missed), as good as any from 0.31 to 0.45\n"
      "lowest with at most 1 false events an hour: min-confidence 0.26 (1 right, 1 wrong, 0 missed)\n");
  expect_text(
      to_table(Calibration(0.3), 2).substr(0, 105),
      "0.0000 hours of video, 0 queries (0 for what never happens), 0 labelled events; right from IoU 0.3 on\n\nmi");
}

GVL_TEST(json) {
  expect_text(to_json(example(), 1), R"({
  "iou": 0.5,
  "most_false_per_hour": 1,
  "overall": {
    "hours": 1.0000,
    "labelled": 1,
    "best_f1": {"min_confidence": 0.38, "from": 0.31, "to": 0.45},
    "few_false": {"min_confidence": 0.26, "from": 0.26, "to": 0.26},
    "thresholds": [
      {"min_confidence": 0.00, "right": 1, "wrong": 2, "missed": 0, "precision": 0.3333, "recall": 1.0000, "f1": 0.5000, "false_per_hour": 2.0000},
      {"min_confidence": 0.26, "right": 1, "wrong": 1, "missed": 0, "precision": 0.5000, "recall": 1.0000, "f1": 0.6667, "false_per_hour": 1.0000},
      {"min_confidence": 0.31, "right": 1, "wrong": 0, "missed": 0, "precision": 1.0000, "recall": 1.0000, "f1": 1.0000, "false_per_hour": 0.0000},
      {"min_confidence": 0.46, "right": 0, "wrong": 0, "missed": 1, "precision": 0.0000, "recall": 0.0000, "f1": 0.0000, "false_per_hour": 0.0000}
    ]
  },
  "queries": [
    {
      "query": "dark",
      "hours": 1.0000,
      "labelled": 1,
      "best_f1": {"why_not": "the model finds one event only: no value tells right from wrong"},
      "few_false": {"why_not": "the model finds one event only: no value tells right from wrong"},
      "thresholds": [
        {"min_confidence": 0.00, "right": 1, "wrong": 0, "missed": 0, "precision": 1.0000, "recall": 1.0000, "f1": 1.0000, "false_per_hour": 0.0000},
        {"min_confidence": 0.46, "right": 0, "wrong": 0, "missed": 1, "precision": 0.0000, "recall": 0.0000, "f1": 0.0000, "false_per_hour": 0.0000}
      ]
    },
    {
      "query": "rain",
      "hours": 1.0000,
      "labelled": 0,
      "best_f1": {"why_not": "no event is labelled"},
      "few_false": {"min_confidence": 0.26, "from": 0.26, "to": 0.26},
      "thresholds": [
        {"min_confidence": 0.00, "right": 0, "wrong": 2, "missed": 0, "precision": 0.0000, "recall": 0.0000, "f1": 0.0000, "false_per_hour": 2.0000},
        {"min_confidence": 0.26, "right": 0, "wrong": 1, "missed": 0, "precision": 0.0000, "recall": 0.0000, "f1": 0.0000, "false_per_hour": 1.0000},
        {"min_confidence": 0.31, "right": 0, "wrong": 0, "missed": 0, "precision": 0.0000, "recall": 0.0000, "f1": 0.0000, "false_per_hour": 0.0000}
      ]
    }
  ]
}
)");
}

/** Ten minutes of black. */
class BlackVideo : public Video {
 public:
  FrameRate rate() const override { return {1, 1}; }
  std::int64_t frames() const override { return 600; }
  RgbView frame(std::int64_t) override { return {pixels_.data(), 8, 8, 24}; }

 private:
  std::vector<std::uint8_t> pixels_ = std::vector<std::uint8_t>(8 * 8 * 3);
};

GVL_TEST(each_min_confidence_counts_what_a_run_with_it_finds) {
  std::vector<Question> questions;
  std::vector<Query> queries;
  for (const char* text : {"a", "b", "c", "d"}) {
    queries.push_back({Task::kGrounding, text});
    for (const double start : {0.0, 70.0, 200.0, 430.0})
      questions.push_back({queries.back(), "kind", {{start, start + 40}}});
  }
  BlackVideo video;
  Calibration calibration(0.3);
  DrawnAnswers asked_once;
  calibration.measure([&](const auto& queries) { return ask(asked_once, video, queries); }, questions);
  const auto all = find_events(*std::make_unique<DrawnAnswers>(), video, queries, 0).events;
  std::size_t right = 0, unlike = 0;
  for (std::size_t i = 0; i < kThresholds; ++i) {
    DrawnAnswers model;
    const auto events = find_events(model, video, queries, threshold_at(i)).events;
    const Verdicts& counted = calibration.overall().at[i];
    ck_assert_uint_eq(counted.right + counted.wrong, events.size());
    for (const Label& label : labels_of(questions)) {
      std::vector<GroundedEvent> of_query;
      std::copy_if(events.begin(), events.end(), std::back_inserter(of_query),
                   [&](const GroundedEvent& event) { return event.query == label.query; });
      expect_verdicts(label.query.c_str(), calibration.queries().at(label.query).at[i],
                      judge(of_query, label.intervals, 0.3));
    }
    right += counted.right;
    unlike += events.size() != static_cast<std::size_t>(std::count_if(all.begin(), all.end(), [&](const auto& event) {
                return event.confidence >= threshold_at(i);
              }));
  }
  // There is something to be wrong about: the events at 0 with less sure ones left out are not these.
  ck_assert_uint_gt(right, 0);
  ck_assert_uint_gt(unlike, 0);
}

}  // namespace
