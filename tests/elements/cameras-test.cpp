/* SPDX-License-Identifier: LGPL-2.1-or-later */

// Several live streams on one model that is slower than they are: what they share, who loses what, and what is told.

#include <algorithm>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "five.hpp"
#include "scheduled-model.hpp"

using namespace gvl::test;

namespace {

constexpr int kFrames = 4;  // of a segment: one for each sample
constexpr guint64 kWindow = 6;

/** Live streams, each with elements of its own, on one model. */
class Cameras {
 public:
  explicit Cameras(int count, std::size_t max_batch = 1) : model(std::make_shared<ScheduledModel>(max_batch)) {
    StreamOptions options;
    options.caps = "video/x-raw,format=RGB,width=32,height=24,framerate=8/1";
    options.live = true;
    options.model = model;
    for (int i = 0; i < count; ++i) {
      streams.push_back(std::make_unique<Stream>(
          kFive + " source-id=camera-" + std::to_string(i) + " queries=\"<when,where>\"", options));
      g_object_set(at(i), "window-duration", kWindow * GST_SECOND / 2, "window-overlap", 0.0, "alert-latency",
                   guint64{0}, nullptr);
      streams[static_cast<std::size_t>(i)]->push(0);
    }
  }
  ~Cameras() { model->run_freely(); }

  GstElement* at(int camera) { return streams.at(static_cast<std::size_t>(camera))->element("s"); }

  /** Each camera shows a segment more, whose jobs have their inputs at the return, where it was not dropped. */
  void show_segment() {
    for (auto& stream : streams) fail_unless_equals_int(show_segment(*stream), GST_FLOW_OK);
    wait_arrived();
  }

  GstFlowReturn show_segment(Stream& stream) {
    const int shown = static_cast<int>(stat_of(stream.element("s"), "frames"));
    const auto result = stream.push_range(shown, shown + kFrames);
    drop_buffers(stream);
    return result;
  }

  void wait_arrived() {
    const auto attached = sum("segments");
    model->wait_arrived(ScheduledModel::Job::kSpatial, attached);
    model->wait_arrived(ScheduledModel::Job::kTemporal, attached);
  }

  /** Each camera shows so many segments, during each of which the model runs so many batches. */
  void play(int segments, std::size_t batches) {
    for (int i = 0; i < segments; ++i) {
      show_segment();
      model->run(batches);
    }
  }

  /** The model keeps up from now on, while each camera shows so many segments. */
  void recover(guint64 segments) {
    model->run_freely();
    for (guint64 i = 0; i < segments; ++i) {
      show_segment();
      while (sum("segments-pending") > 0) g_usleep(1000);
    }
  }

  std::vector<guint64> each(const char* field) {
    std::vector<guint64> values;
    for (auto& stream : streams) values.push_back(stat_of(stream->element("s"), field));
    return values;
  }

  guint64 sum(const char* field) {
    const auto values = each(field);
    return std::accumulate(values.begin(), values.end(), guint64{0});
  }

  std::shared_ptr<ScheduledModel> model;
  std::vector<std::unique_ptr<Stream>> streams;
};

void expect_equal_within(std::vector<guint64> values, guint64 difference) {
  const auto [least, most] = std::minmax_element(values.begin(), values.end());
  fail_unless(*most - *least <= difference, "from %" G_GUINT64_FORMAT " to %" G_GUINT64_FORMAT, *least, *most);
}

// Four cameras need 14 batches a segment and a third: spatial, temporal and fusion for each, and twice a window.
constexpr std::size_t kHalf = 7;

GVL_TEST(segments_and_windows_of_different_cameras_run_together) {
  constexpr std::size_t kAll = 4 * kWindow;  // segments: a batch has room for all
  Cameras cameras(4, kAll);
  for (int i = 0; i < 4; ++i) g_object_set(cameras.at(i), "max-pending", 100, nullptr);
  for (guint64 i = 0; i < kWindow; ++i) cameras.show_segment();
  cameras.model->run_freely();
  for (auto& stream : cameras.streams) wait_event(*stream);
  using Job = ScheduledModel::Job;
  for (const Job job : {Job::kSpatial, Job::kTemporal, Job::kFuse, Job::kConcatenate, Job::kAnswer}) {
    const auto clients = cameras.model->clients_of(job);
    fail_unless_equals_int(*std::max_element(clients.begin(), clients.end()), 4);
  }
  fail_unless_equals_int(cameras.model->clients_of(Job::kAnswer).size(), 1);
}

GVL_TEST(equal_cameras_lose_equally) {
  constexpr int kShown = 60;
  Cameras cameras(4);
  cameras.play(kShown, kHalf);
  const auto skipped = cameras.each("skipped"), segments = cameras.each("segments");
  for (std::size_t i = 0; i < skipped.size(); ++i) {
    fail_unless_equals_uint64(skipped[i] + segments[i], kShown);
    // About half, once as many wait as may.
    fail_unless(skipped[i] > kShown / 4 && skipped[i] < kShown * 3 / 4, "%" G_GUINT64_FORMAT " skipped", skipped[i]);
  }
  expect_equal_within(skipped, 2);
}

GVL_TEST(cameras_that_are_not_in_step_lose_equally) {
  Cameras cameras(4);
  // Their segments end one after the other, and the model goes on in between.
  for (int i = 0; i < 60; ++i) {
    for (auto& stream : cameras.streams) {
      cameras.show_segment(*stream);
      cameras.wait_arrived();
      cameras.model->run(2);
    }
  }
  fail_unless(cameras.each("skipped")[0] > 10);
  expect_equal_within(cameras.each("skipped"), 2);
}

GVL_TEST(an_overload_is_told_when_it_begins_and_when_it_ends) {
  Cameras cameras(4);
  cameras.play(60, kHalf);
  cameras.recover(2 * kWindow);
  for (std::size_t i = 0; i < cameras.streams.size(); ++i) {
    auto& stream = *cameras.streams[i];
    const auto told = stream.element_messages("gvl-overload", 2);
    fail_unless_equals_int(told.size(), 2);
    const GstStructure* ends = told[1].get();
    fail_unless_equals_string(gst_structure_get_string(told[0].get(), "state"), "begins");
    fail_unless_equals_string(gst_structure_get_string(ends, "state"), "ends");
    fail_unless_equals_uint64(uint64_of(ends, "dropped"), stat_of(stream.element("s"), "skipped"));
    double share = 0;
    fail_unless(gst_structure_get_double(ends, "share", &share));
    fail_unless(share > 0.3 && share < 0.7, "a share of %f", share);
    for (const auto& one : told)
      fail_unless_equals_string(gst_structure_get_string(one.get(), "source"), ("camera-" + std::to_string(i)).c_str());
  }
}

GVL_TEST(a_camera_of_a_higher_priority_loses_nothing) {
  constexpr int kShown = 60;
  Cameras cameras(4);
  cameras.show_segment();
  g_object_set(cameras.at(2), "priority", 1, nullptr);  // while it plays
  cameras.play(kShown, kHalf);
  auto skipped = cameras.each("skipped");
  fail_unless_equals_uint64(skipped[2], 0);
  skipped.erase(skipped.begin() + 2);
  // Those that it is served before are equal but for what may be in flight of each.
  expect_equal_within(skipped, 4);
  for (const auto each : skipped) fail_unless(each < kShown, "a camera starves");
}

GVL_TEST(a_camera_of_a_low_priority_does_not_starve) {
  constexpr int kShown = 60;
  Cameras cameras(4);
  for (int i = 0; i < 3; ++i) g_object_set(cameras.at(i), "priority", 100, nullptr);
  g_object_set(cameras.at(3), "priority", -100, nullptr);
  cameras.play(kShown, kHalf);
  const auto segments = cameras.each("segments");
  // One batch of 16 begins with it at least, and a segment takes four at most, its share of a window's included.
  fail_unless(segments[3] >= kShown * kHalf / 16 / 4, "%" G_GUINT64_FORMAT " segments", segments[3]);
  for (int i = 0; i < 3; ++i) fail_unless(segments[static_cast<std::size_t>(i)] > segments[3]);
}

// ---- what a message says ----------------------------------------------------------------------------------------

/** Live, with room for one segment and windows of two. The first segment is in flight until its fusion is released. */
struct Narrow {
  Narrow() : stream(kFive + " source-id=gate queries=\"<when,where>\"", setup.options) {
    setup.model->hold(FakeModel::Job::kFuse);
    g_object_set(stream.element("s"), "window-duration", GST_SECOND, "window-overlap", 0.0, "max-pending", 1, nullptr);
  }

  /** All that follows is kept. */
  void recover() {
    setup.model->release(FakeModel::Job::kFuse);
    g_object_set(stream.element("s"), "max-pending", 1000, nullptr);
  }

  Setup setup{std::nullopt, true};
  Stream stream;
};

void expect_said(const GstStructure* said, guint64 segments, guint64 dropped, GstClockTime start, GstClockTime stop) {
  fail_unless_equals_uint64(uint64_of(said, "segments"), segments);
  fail_unless_equals_uint64(uint64_of(said, "dropped"), dropped);
  double share = 0;
  fail_unless(gst_structure_get_double(said, "share", &share));
  fail_unless_equals_float(share, static_cast<double>(dropped) / static_cast<double>(segments));
  fail_unless_equals_uint64(uint64_of(said, "start"), start);
  fail_unless_equals_uint64(uint64_of(said, "stop"), stop);
  fail_unless_equals_string(gst_structure_get_string(said, "source"), "gate");
  const GValue* queries = gst_structure_get_value(said, "queries");
  fail_unless(queries && GST_VALUE_HOLDS_ARRAY(queries));
  fail_unless_equals_int(gst_value_array_get_size(queries), 2);
  fail_unless_equals_string(g_value_get_string(gst_value_array_get_value(queries, 0)), "when");
  fail_unless_equals_string(g_value_get_string(gst_value_array_get_value(queries, 1)), "where");
}

GVL_TEST(an_overload_says_what_is_lost) {
  Narrow camera;
  // The second segment and the two after it are dropped; the three after these are kept.
  camera.stream.push_range(0, 51);
  camera.recover();
  camera.stream.push_range(51, 89);
  const auto told = camera.stream.element_messages("gvl-overload", 2);
  fail_unless_equals_int(told.size(), 2);
  expect_said(told[0].get(), 2, 1, GST_SECOND / 2, GST_SECOND);
  fail_unless_equals_string(gst_structure_get_string(told[0].get(), "state"), "begins");
  fail_unless_equals_string(gst_structure_get_string(told[0].get(), "reason"),
                            "1 of max-pending=1 segments are in flight");
  expect_said(told[1].get(), 3, 3, GST_SECOND / 2, 2 * GST_SECOND);
  fail_unless_equals_string(gst_structure_get_string(told[1].get(), "state"), "ends");
  fail_if(gst_structure_has_field(told[1].get(), "reason"));
}

/** The frame that tells that the last segment is over is one that the next segment is sampled before. */
GVL_TEST(an_overload_may_end_where_frames_are_missing) {
  for (int last = 70; last <= 75; ++last) {
    Narrow camera;
    camera.stream.push_range(0, 51);
    camera.recover();
    camera.stream.push_range(51, last);
    camera.stream.push_range(81, 104);
    const auto told = camera.stream.element_messages("gvl-overload", 2);
    fail_unless_equals_int(told.size(), 2);
    fail_unless_equals_string(gst_structure_get_string(told[1].get(), "state"), "ends");
  }
}

GVL_TEST(an_overload_ends_with_the_stream_and_another_may_begin) {
  Narrow camera;
  camera.stream.push_range(0, 26);
  camera.recover();
  camera.stream.eos();
  const auto told = camera.stream.element_messages("gvl-overload", 2);
  fail_unless_equals_int(told.size(), 2);
  expect_said(told[1].get(), 1, 1, GST_SECOND / 2, GST_SECOND);
}

GVL_TEST(an_overload_goes_on_while_a_window_lacks_a_segment) {
  Narrow camera;
  camera.stream.push_range(0, 26);  // the second segment is dropped
  camera.setup.model->release(FakeModel::Job::kFuse);
  while (stat_of(camera.stream.element("s"), "segments-pending") > 0) g_usleep(1000);
  camera.setup.model->hold(FakeModel::Job::kFuse);
  camera.stream.push_range(26, 51);  // the third is kept, one less than a window has, and the fourth is dropped
  camera.recover();
  camera.stream.push_range(51, 77);
  const auto told = camera.stream.element_messages("gvl-overload", 2);
  fail_unless_equals_int(told.size(), 2);
  expect_said(told[1].get(), 3, 2, GST_SECOND / 2, 2 * GST_SECOND);
}

GVL_TEST(a_stream_that_is_served_tells_nothing) {
  Cameras cameras(2);
  cameras.recover(2 * kWindow);
  for (auto& stream : cameras.streams) {
    stream->eos();
    fail_unless(stream->element_messages("gvl-overload").empty());
    fail_unless(stream->element_messages("gvl-skipped").empty());
  }
}

}  // namespace
