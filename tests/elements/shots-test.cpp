/* SPDX-License-Identifier: LGPL-2.1-or-later */

// Segments that begin with shots, and keyframes that are chosen.

#include <algorithm>

#include "fake-model.hpp"
#include "gvlsegmenter/shot-divider.hpp"
#include "gvlsegmentmeta.h"
#include "stream.hpp"

using gvl::gst::ShotDivider;
using gvl::test::FakeModel;
using gvl::test::SeenSegment;
using gvl::test::Stream;

namespace {

// ---- where segments end -----------------------------------------------------------------------------------------

/** Lengths of the segments that `count` candidates become, of which those in `cuts` begin shots. */
std::vector<std::int64_t> lengths(ShotDivider divider, std::int64_t count, const std::vector<std::int64_t>& cuts) {
  std::vector<std::int64_t> lengths;
  for (std::int64_t i = 0; i < count; ++i) {
    divider.add(std::find(cuts.begin(), cuts.end(), i) != cuts.end());
    while (const auto length = divider.next()) lengths.push_back(length);
  }
  while (const auto length = divider.rest()) lengths.push_back(length);
  return lengths;
}

void check_lengths(const std::vector<std::int64_t>& got, const std::vector<std::int64_t>& expected, const char* what) {
  std::string text;
  for (const auto length : got) text.append(" ").append(std::to_string(length));
  fail_unless(got == expected, "%s:%s", what, text.c_str());
}

GST_START_TEST(segments_end_at_the_nearest_cut) {
  const ShotDivider endless(10, 0);
  check_lengths(lengths(endless, 40, {}), {10, 10, 10, 10}, "no cut");
  check_lengths(lengths(endless, 40, {8}), {8, 10, 10, 12}, "one before");
  check_lengths(lengths(endless, 40, {13}), {13, 10, 10, 7}, "one behind");
  check_lengths(lengths(endless, 40, {7, 12}), {12, 10, 10, 8}, "the nearer one, behind");
  check_lengths(lengths(endless, 40, {9, 12}), {9, 10, 10, 11}, "the nearer one, before");
  check_lengths(lengths(endless, 40, {4, 16, 24}), {10, 6, 8, 10, 6}, "too near and too far");
  check_lengths(lengths(endless, 40, {5}), {5, 10, 10, 15}, "half");
  check_lengths(lengths(endless, 0, {}), {}, "nothing");
}
GST_END_TEST

GST_START_TEST(a_number_of_segments_is_kept) {
  const ShotDivider four(10, 4);
  check_lengths(lengths(four, 40, {}), {10, 10, 10, 10}, "no cut");
  check_lengths(lengths(four, 40, {5}), {5, 12, 12, 11}, "what is left is shared");
  check_lengths(lengths(four, 40, {5, 11, 18, 35}), {11, 7, 11, 11}, "many");
  check_lengths(lengths(four, 37, {}), {10, 10, 10, 7}, "an end that comes early");
  check_lengths(lengths(four, 55, {}), {10, 10, 10, 10, 15}, "and one that comes late");
}
GST_END_TEST

GST_START_TEST(no_candidate_is_lost) {
  std::uint32_t random = 1;
  for (int trial = 0; trial < 2000; ++trial) {
    std::vector<std::int64_t> cuts;
    for (std::int64_t i = 0; i < 120; ++i) {
      random = random * 1664525 + 1013904223;
      if (random >> 28 == 0) cuts.push_back(i);
    }
    const std::int64_t segments = trial % 2 ? 12 : 0;
    const auto got = lengths({10, segments}, 120, cuts);
    std::int64_t sum = 0;
    for (const auto length : got) sum += length;
    fail_unless_equals_int(sum, 120);
    if (segments) fail_unless_equals_int(got.size(), segments);
  }
}
GST_END_TEST

// ---- the element ------------------------------------------------------------------------------------------------

gvl::test::StreamOptions options(std::shared_ptr<FakeModel> model, GstClockTime duration) {
  gvl::test::StreamOptions made;
  made.model = std::move(model);
  made.duration = duration;
  return made;
}

// Two seconds: dark until `cut` frames have passed, then bright.
void push_two_shots(Stream& stream, int cut) {
  for (int i = 0; i < 50; ++i) stream.push_at(i < cut ? 10 : 200, i * 40 * GST_MSECOND);
  stream.eos();
}

GST_START_TEST(segments_begin_with_shots) {
  for (const int cut : {18, 25, 30}) {
    Stream stream("gvlsegmenter segmentation=shots", options(std::make_shared<FakeModel>(), 2 * GST_SECOND));
    push_two_shots(stream, cut);
    const auto segments = stream.take_segments();
    fail_unless_equals_int(segments.size(), 2);
    // A segment of a second has twelve candidates.
    const GstClockTime grid = GST_SECOND / 12, seen = cut * 40 * GST_MSECOND;
    fail_unless(segments[0].stop + grid >= seen && segments[0].stop <= seen + grid, "cut at %d: %" GST_TIME_FORMAT, cut,
                GST_TIME_ARGS(segments[0].stop));
    fail_unless_equals_uint64(segments[0].start, 0);
    fail_unless_equals_uint64(segments[1].start, segments[0].stop);
    fail_unless_equals_uint64(segments[1].stop, 2 * GST_SECOND);
    for (const auto value : segments[0].temporal) fail_unless_equals_int(value, 10);
    for (const auto value : segments[1].temporal) fail_unless_equals_int(value, 200);
    // The samples are spread over their shot.
    for (const auto& segment : segments) {
      const auto length = segment.stop - segment.start;
      for (std::size_t i = 0; i < segment.times.size(); ++i) {
        const auto middle = segment.start + length * (2 * i + 1) / (2 * segment.times.size());
        fail_unless(segment.times[i] + 2 * grid > middle && segment.times[i] < middle + grid);
      }
      fail_unless_equals_uint64(segment.keyframe, segment.times[segment.times.size() / 2]);
    }
  }
}
GST_END_TEST

GST_START_TEST(without_cuts_segments_and_samples_are_the_uniform_ones) {
  std::vector<SeenSegment> seen[2];
  for (const bool shots : {false, true}) {
    // A rate at which candidates fall on frames of their own.
    auto settings = options(std::make_shared<FakeModel>(), 4 * GST_SECOND);
    settings.caps = "video/x-raw,format=RGB,width=32,height=24,framerate=60/1";
    Stream stream(shots ? "gvlsegmenter segmentation=shots" : "gvlsegmenter", settings);
    stream.push_range(0, 240);
    stream.eos();
    seen[shots] = stream.take_segments();
    fail_unless_equals_int(seen[shots].size(), 2);
  }
  for (int k = 0; k < 2; ++k) {
    fail_unless_equals_uint64(seen[0][k].start, seen[1][k].start);
    fail_unless_equals_uint64(seen[0][k].stop, seen[1][k].stop);
    fail_unless(seen[0][k].times == seen[1][k].times);
    fail_unless(seen[0][k].temporal == seen[1][k].temporal);
    fail_unless_equals_int(seen[0][k].spatial, seen[1][k].spatial);
  }
}
GST_END_TEST

GST_START_TEST(the_model_is_told_where_segments_end) {
  const auto model = std::make_shared<FakeModel>();
  Stream stream(std::string("gvlsegmenter segmentation=shots ! ") + gvl::test::kEncoders + " ! gvlgroundedllm query=q",
                options(model, 2 * GST_SECOND));
  push_two_shots(stream, 18);
  const auto asked = model->asked();
  fail_unless_equals_int(asked.size(), 1);
  fail_unless_equals_float(asked[0].duration, 2);
  fail_unless_equals_int(asked[0].boundaries.size(), 3);
  fail_unless_equals_float(asked[0].boundaries[0], 0);
  fail_unless(std::abs(asked[0].boundaries[1] - 0.72) < 1.0 / 12);
  fail_unless_equals_float(asked[0].boundaries[2], 2);
}
GST_END_TEST

GST_START_TEST(windows_slide_over_shots) {
  const auto model = std::make_shared<FakeModel>();
  gvl::test::StreamOptions settings;
  settings.model = model;
  Stream stream(std::string("gvlsegmenter segmentation=shots window-duration=2000000000 max-pending=100 ! ") +
                    gvl::test::kEncoders + " ! gvlgroundedllm query=q",
                settings);
  // Shots of 0.72 s for 9 s, and half a second more.
  for (int i = 0; i < 237; ++i) stream.push_at(i / 18 % 2 ? 10 : 200, i * 40 * GST_MSECOND);
  stream.eos();
  const auto asked = model->asked();
  fail_unless(asked.size() >= 10, "%zu windows", asked.size());
  // Two shots each.
  for (std::size_t i = 0; i + 2 < asked.size(); ++i)
    fail_unless(std::abs(asked[i].duration - 1.44) < 0.17, "%f s", asked[i].duration);
  stream.expect_no_error();
}
GST_END_TEST

// One frame of stripes among plain ones.
GST_START_TEST(the_sharpest_sample_may_be_the_keyframe) {
  for (const bool sharpest : {false, true}) {
    Stream stream(sharpest ? "gvlsegmenter keyframe=sharpest" : "gvlsegmenter",
                  options(std::make_shared<FakeModel>(), 2 * GST_SECOND));
    for (int i = 0; i < 50; ++i) {
      GstBuffer* frame = gvl::test::make_frame(stream.info(), 100, i * 40 * GST_MSECOND, 40 * GST_MSECOND);
      GstMapInfo map;
      gst_buffer_map(frame, &map, GST_MAP_WRITE);
      const int from = i < 6 || i >= 44 ? 0 : static_cast<int>(map.size);
      for (int at = from; at < static_cast<int>(map.size); ++at) map.data[at] = at / (32 * 3 * 3) % 2 ? 60 : 140;
      gst_buffer_unmap(frame, &map);
      gst_harness_push(stream.harness(), frame);
    }
    stream.eos();
    guint segments = 0;
    while (GstBuffer* buffer = stream.try_pull()) {
      if (const auto* segment = gvl_buffer_get_segment_meta(buffer)) {
        const int place = sharpest ? (segments == 0 ? 0 : 3) : 2;
        fail_unless_equals_uint64(segment->keyframe, segment->samples[place]);
        ++segments;
      }
      gst_buffer_unref(buffer);
    }
    fail_unless_equals_int(segments, 2);
  }
}
GST_END_TEST

// What is not decided when a run ends is not lost: a pause of many windows, and another kind of segment.
GST_START_TEST(a_run_ends_with_all_that_it_saw) {
  for (const bool pause : {true, false}) {
    gvl::test::StreamOptions settings;
    settings.model = std::make_shared<FakeModel>();
    Stream stream("gvlsegmenter name=s segmentation=shots window-duration=2000000000 max-pending=100", settings);
    for (int i = 0; i < 85; ++i) stream.push_at(10, i * 40 * GST_MSECOND);
    if (!pause) gst_util_set_object_arg(G_OBJECT(stream.element("s")), "segmentation", "uniform");
    for (int i = 0; i < 75; ++i) stream.push_at(10, (i + (pause ? 500 : 85)) * 40 * GST_MSECOND);
    stream.eos();
    GstClockTime seen = 0;
    bool another_run = false;
    for (const auto& segment : stream.take_segments()) {
      another_run = another_run || segment.run == 1;
      if (segment.run > 0) continue;
      fail_unless_equals_uint64(segment.start, seen);
      seen = segment.stop;
    }
    fail_unless(another_run);
    fail_unless_equals_uint64(seen, 4 * GST_SECOND);
  }
}
GST_END_TEST

GST_START_TEST(a_flush_forgets_candidates) {
  Stream stream("gvlsegmenter name=s segmentation=shots", options(std::make_shared<FakeModel>(), 2 * GST_SECOND));
  stream.push_range(0, 20);
  stream.flush();
  stream.new_segment(1, 1, 0, GST_CLOCK_TIME_NONE, 0);
  stream.take_segments();
  push_two_shots(stream, 25);
  fail_unless_equals_int(stream.take_segments().size(), 2);
  stream.expect_no_error();
}
GST_END_TEST

Suite* shots_suite() {
  Suite* suite = suite_create("shots");
  TCase* divider = tcase_create("where segments end");
  tcase_add_test(divider, segments_end_at_the_nearest_cut);
  tcase_add_test(divider, a_number_of_segments_is_kept);
  tcase_add_test(divider, no_candidate_is_lost);
  suite_add_tcase(suite, divider);
  TCase* element = tcase_create("the element");
  tcase_add_test(element, segments_begin_with_shots);
  tcase_add_test(element, without_cuts_segments_and_samples_are_the_uniform_ones);
  tcase_add_test(element, the_model_is_told_where_segments_end);
  tcase_add_test(element, windows_slide_over_shots);
  tcase_add_test(element, the_sharpest_sample_may_be_the_keyframe);
  tcase_add_test(element, a_run_ends_with_all_that_it_saw);
  tcase_add_test(element, a_flush_forgets_candidates);
  suite_add_tcase(suite, element);
  return suite;
}

}  // namespace

int main(int argc, char** argv) { return gvl::test::check_main(argc, argv, __FILE__, shots_suite); }
