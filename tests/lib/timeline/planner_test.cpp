/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <chrono>
#include <cstdint>

#include "gvl/sampling.hpp"
#include "support/testing.hpp"
#include "timeline/window_planner.hpp"

using gvl::timeline::SegmentPlan;
using gvl::timeline::StreamFacts;
using gvl::timeline::Time;
using gvl::timeline::WindowPlanner;
using gvl::timeline::WindowSettings;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

constexpr std::int64_t kFrames = 96, kSegments = 12;

StreamFacts file(Time duration) {
  return {.fps_n = 25, .fps_d = 1, .longest_interval = milliseconds(40), .low = Time(), .duration = duration};
}

StreamFacts camera() {
  return {.live = true, .fps_n = 25, .fps_d = 1, .longest_interval = milliseconds(40), .low = Time()};
}

/** Plans from `time` on, and makes that the plan; whether it begins a sequence. */
bool plan(WindowPlanner& planner, Time time, const StreamFacts& stream, const WindowSettings& settings = {}) {
  const auto proposal = planner.propose(time, stream, settings);
  planner.accept(proposal, stream, settings);
  return proposal.begins_sequence;
}

}  // namespace

GVL_TEST(a_short_file_is_one_window) {
  WindowPlanner planner(kFrames, kSegments);
  ck_assert(plan(planner, Time(), file(seconds(120))));
  ck_assert_int_eq(planner.plan().segments(), kSegments);
  ck_assert(planner.plan().stop() == seconds(120));
  ck_assert(planner.is_whole_file());
  ck_assert_int_eq(planner.sequence().hop, kSegments);
}

GVL_TEST(the_last_window_of_a_long_file_ends_with_it) {
  for (const int length : {121, 150, 333, 3600, 36000}) {
    WindowPlanner planner(kFrames, kSegments);
    plan(planner, Time(), file(seconds(length)));
    const auto& sequence = planner.sequence();
    ck_assert(planner.plan().stop() == seconds(length));
    ck_assert_int_eq((planner.plan().segments() - sequence.window) % sequence.hop, 0);
    ck_assert(planner.window_duration() <= seconds(60));
    ck_assert(planner.window_duration() > seconds(40));
    ck_assert_int_eq(planner.plan().samples(), planner.plan().segments() * kFrames / kSegments);
  }
}

GVL_TEST(what_has_no_end_is_covered_by_minutes) {
  WindowPlanner planner(kFrames, kSegments);
  ck_assert(plan(planner, seconds(7), camera()));
  ck_assert(planner.plan().start() == seconds(7));
  ck_assert(planner.window_duration() == seconds(60));
  ck_assert(!planner.is_beyond(seconds(67) - Time(1)));
  ck_assert(planner.is_beyond(seconds(67)));
  ck_assert(!plan(planner, seconds(67), camera()));
  ck_assert(planner.plan().start() == seconds(67));
  ck_assert_int_eq(planner.sequence().id, 0);
}

GVL_TEST(other_settings_begin_another_sequence) {
  WindowPlanner planner(kFrames, kSegments);
  plan(planner, Time(), camera());
  ck_assert(plan(planner, seconds(60), camera(), {.duration = seconds(10)}));
  ck_assert_int_eq(planner.sequence().id, 1);
  ck_assert(planner.window_duration() == seconds(10));
  ck_assert(plan(planner, seconds(70), camera(), {.duration = seconds(10), .overlap = 0}));
  ck_assert_int_eq(planner.sequence().hop, kSegments);
}

GVL_TEST(a_guessed_duration_is_found_out) {
  WindowPlanner planner(kFrames, kSegments);
  plan(planner, Time(), file(milliseconds(500)));
  ck_assert(planner.is_short_guess());
  ck_assert(!planner.announcement_holds(seconds(30)));
  planner.plan_endless(file(seconds(30)), {});
  ck_assert(planner.window_duration() == seconds(60));
  ck_assert_int_eq(planner.sequence().id, 1);
  // What is announced is a guess for the rest of the stream.
  planner.forget();
  plan(planner, seconds(90), file(seconds(100)));
  ck_assert(!planner.announced_end().has_value());
}

GVL_TEST(a_certain_duration_is_not_asked_for_again) {
  WindowPlanner planner(kFrames, kSegments);
  plan(planner, Time(), file(seconds(30)));
  ck_assert(planner.announcement_holds(seconds(30)));
  ck_assert(planner.announcement_holds(seconds(99)));
}

GVL_TEST(a_window_begins_with_a_frame_that_comes_late) {
  WindowPlanner early(kFrames, kSegments), late(kFrames, kSegments);
  plan(early, milliseconds(150), file(seconds(30)));
  ck_assert(early.plan().start() == Time());
  plan(late, seconds(3), file(seconds(30)));
  ck_assert(late.plan().start() == seconds(3));
  ck_assert(late.plan().stop() == seconds(30));
}

GVL_TEST(a_file_that_counts_from_elsewhere_announces_how_long_it_is) {
  auto stream = file(seconds(6));
  stream.low = milliseconds(1400);
  WindowPlanner planner(kFrames, kSegments);
  plan(planner, milliseconds(1400), stream);
  ck_assert(planner.plan().start() == milliseconds(1400));
  ck_assert(planner.plan().stop() == milliseconds(7400));
  // After a seek it is where the file ends.
  WindowPlanner seeked(kFrames, kSegments);
  seeked.restart(true);
  plan(seeked, milliseconds(1400), stream);
  ck_assert(seeked.plan().stop() == seconds(6));
}

GVL_TEST(backwards_windows_lie_side_by_side_to_the_start) {
  auto stream = file(seconds(150));
  stream.backward = true;
  const WindowSettings settings{.duration = seconds(60)};
  WindowPlanner planner(kFrames, kSegments);
  plan(planner, seconds(150) - milliseconds(40), stream, settings);
  ck_assert(planner.plan().start() == seconds(90) && planner.plan().stop() == seconds(150));
  ck_assert_int_eq(planner.sequence().hop, kSegments);
  ck_assert(!plan(planner, seconds(90) - milliseconds(40), stream, settings));
  plan(planner, seconds(30) - milliseconds(40), stream, settings);
  ck_assert(planner.plan().start() == Time() && planner.plan().stop() == seconds(30));
}

GVL_TEST(whole_windows_are_left_out_before_the_first_frame) {
  auto stream = file(seconds(600));
  WindowPlanner planner(kFrames, kSegments);
  plan(planner, Time(), stream);
  const auto arrival = planner.arrivals_before(seconds(300));
  ck_assert_int_eq(arrival % (planner.sequence().hop * planner.plan().samples_per_segment()), 0);
  planner.begin_at(arrival);
  ck_assert(planner.sequence().begin <= seconds(300));
  ck_assert(planner.sequence().begin > seconds(300) - planner.window_duration());
}

GVL_TEST(choosing_samples_takes_three_candidates_for_each) {
  const WindowSettings shots{.segmentation = gvl::timeline::Segmentation::kShots};
  WindowPlanner planner(kFrames, kSegments);
  plan(planner, Time(), file(seconds(30)), shots);
  ck_assert_int_eq(planner.plan().samples(), 3 * kFrames);
  // Not of a window that is made of what was kept.
  planner.plan_whole(Time(), seconds(20), file(seconds(30)), shots);
  ck_assert_int_eq(planner.plan().samples(), kFrames);
}

GVL_TEST(the_shortest_window_has_a_frame_and_a_millisecond_a_sample) {
  const WindowPlanner planner(kFrames, kSegments);
  ck_assert(planner.shortest_window(camera()) == milliseconds(96));
  ck_assert(planner.shortest_window({.fps_n = 1, .fps_d = 5, .longest_interval = seconds(5)}) == seconds(5));
}

GVL_TEST(times_at_the_end_of_time_do_not_overflow) {
  WindowPlanner planner(kFrames, kSegments);
  const Time late = Time::max() - seconds(1);
  plan(planner, late, camera(), {.duration = Time::max()});
  ck_assert(planner.plan().start() == late);
  ck_assert(planner.plan().stop() == Time::max());
  ck_assert(planner.plan().sample_target(kFrames - 1) > late);
}

// The published index rule, frame by frame: each sample is reached by its frame and passed by the next.
GVL_TEST(samples_of_a_constant_rate_are_the_middle_frames) {
  const SegmentPlan plan(
      {.start = hours(1), .duration = seconds(60), .samples = kFrames, .segments = kSegments, .fps_n = 25});
  constexpr std::int64_t kTotal = 60 * 25;
  std::int64_t arrival = 0;
  for (std::int64_t frame = 0; frame < kTotal; ++frame) {
    const Time time = hours(1) + frame * milliseconds(40);
    if (arrival == kFrames || !plan.reached(arrival, time)) continue;
    ck_assert_int_eq(frame, gvl::sample_index(arrival, kFrames, kTotal));
    ck_assert(plan.passed(arrival, time + milliseconds(40)));
    ++arrival;
  }
  ck_assert_int_eq(arrival, kFrames);
}
