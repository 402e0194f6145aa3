/* SPDX-License-Identifier: LGPL-2.1-or-later */

// Segments that begin with shots, and keyframes that are chosen.

#include <algorithm>

#include "fake-model.hpp"
#include "gvlsegmentmeta.h"
#include "stream.hpp"

using gvl::test::FakeModel;
using gvl::test::SeenSegment;
using gvl::test::Stream;

namespace {

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

GVL_TEST(segments_begin_with_shots) {
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

GVL_TEST(without_cuts_segments_and_samples_are_the_uniform_ones) {
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

GVL_TEST(the_model_is_told_where_segments_end) {
  const auto model = std::make_shared<FakeModel>();
  Stream stream("gvlsegmenter segmentation=shots ! " + gvl::test::kEncoders + " ! gvlgroundedllm query=q",
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

GVL_TEST(windows_slide_over_shots) {
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

// One frame of stripes among plain ones.
GVL_TEST(the_sharpest_sample_may_be_the_keyframe) {
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

// What is not decided when a run ends is not lost: a pause of hours, and another kind of segment.
GVL_TEST(a_run_ends_with_all_that_it_saw) {
  for (const bool pause : {true, false}) {
    gvl::test::StreamOptions settings;
    settings.model = std::make_shared<FakeModel>();
    Stream stream("gvlsegmenter name=s segmentation=shots window-duration=2000000000 max-pending=100", settings);
    for (int i = 0; i < 85; ++i) stream.push_at(10, i * 40 * GST_MSECOND);
    if (!pause) gst_util_set_object_arg(G_OBJECT(stream.element("s")), "segmentation", "uniform");
    for (int i = 0; i < 75; ++i) stream.push_at(10, (i + (pause ? 200000 : 85)) * 40 * GST_MSECOND);
    stream.eos();
    GstClockTime seen = 0;
    bool another_sequence = false;
    for (const auto& segment : stream.take_segments()) {
      another_sequence = another_sequence || segment.sequence == 1;
      if (segment.sequence > 0) continue;
      fail_unless_equals_uint64(segment.start, seen);
      seen = segment.stop;
    }
    fail_unless(another_sequence);
    fail_unless_equals_uint64(seen, pause ? 3400 * GST_MSECOND : 4 * GST_SECOND);
  }
}

GVL_TEST(a_flush_forgets_candidates) {
  Stream stream("gvlsegmenter name=s segmentation=shots", options(std::make_shared<FakeModel>(), 2 * GST_SECOND));
  stream.push_range(0, 20);
  stream.flush();
  stream.new_segment(1, 1, 0, GST_CLOCK_TIME_NONE, 0);
  stream.take_segments();
  push_two_shots(stream, 25);
  fail_unless_equals_int(stream.take_segments().size(), 2);
  stream.expect_no_error();
}

}  // namespace
