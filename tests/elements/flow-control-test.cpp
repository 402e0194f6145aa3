/* SPDX-License-Identifier: LGPL-2.1-or-later */

// A model that is slow: what waits, what a live stream skips, and what flushes and jumps end.

#include <thread>

#include "five.hpp"
#include "gvlevent.h"
#include "gvlwindowmeta.hpp"

using namespace gvl::test;
using Job = FakeModel::Job;

namespace {

GVL_TEST(a_live_stream_never_waits_and_reports_what_it_skips) {
  Setup setup(std::nullopt, true);
  setup.model->hold(Job::kFuse);
  Stream stream(kFive + " ", setup.options);
  g_object_set(stream.element("s"), "window-duration", GST_SECOND, "window-overlap", 0.0, "max-pending", 1, nullptr);
  // Pushed from here: if anything waited, the test would not end.
  fail_unless_equals_int(stream.push_range(0, 101), GST_FLOW_OK);
  fail_unless_equals_int(gst_harness_buffers_in_queue(stream.harness()), 100);
  const auto skipped = stream.element_messages("gvl-skipped", 7);
  // Four windows of two segments, and the first of the fifth has not begun: all but the first are dropped.
  fail_unless_equals_int(skipped.size(), 7);
  for (guint64 i = 0; i < skipped.size(); ++i) {
    const GstStructure* one = skipped[i].get();
    fail_unless_equals_uint64(uint64_of(one, "segment"), i + 1);
    fail_unless_equals_uint64(uint64_of(one, "start"), (i + 1) * GST_SECOND / 2);
    fail_unless_equals_uint64(uint64_of(one, "stop"), (i + 2) * GST_SECOND / 2);
    fail_unless_equals_uint64(uint64_of(one, "total"), i + 1);
    fail_unless_equals_string(gst_structure_get_string(one, "reason"), "1 of max-pending=1 segments are in flight");
  }
  GstStructure* stats = nullptr;
  g_object_get(stream.element("s"), "stats", &stats, nullptr);
  fail_unless_equals_uint64(uint64_of(stats, "skipped"), 7);
  fail_unless_equals_uint64(uint64_of(stats, "segments-pending"), 1);
  fail_unless_equals_uint64(uint64_of(stats, "windows-pending"), 0);
  gst_structure_free(stats);
  setup.model->release(Job::kFuse);
  setup.model->wait_done(Job::kFuse, 1);
}

GVL_TEST(windows_that_are_not_answered_are_named_as_the_limit) {
  Setup setup(std::nullopt, true);
  setup.model->hold(Job::kAnswer);
  Stream stream(kFive, setup.options);
  g_object_set(stream.element("s"), "window-duration", GST_SECOND, "window-overlap", 0.0, "max-pending", 1000, nullptr);
  // Two windows are complete, and all that their segments need is done. None is skipped before: a job is done a moment
  // before it no longer counts.
  int pushed = 0;
  for (int segments = 1; segments <= 4; ++segments) {
    const int end = 25 * segments / 2 + 2;
    fail_unless_equals_int(stream.push_range(pushed, end), GST_FLOW_OK);
    pushed = end;
    setup.model->wait_done(Job::kFuse, segments);
  }
  g_object_set(stream.element("s"), "max-pending", 2, nullptr);
  stream.push_range(pushed, 101);
  const auto skipped = stream.element_messages("gvl-skipped", 1);
  fail_if(skipped.empty());
  fail_unless_equals_string(gst_structure_get_string(skipped.back().get(), "reason"),
                            "2 of max-pending=2 windows are in flight");
  setup.model->release(Job::kAnswer);
}

// Live; the first window's second segment is skipped, everything after it is not.
void skip_one_segment(Setup& setup, Stream& stream) {
  setup.model->hold(Job::kFuse);
  g_object_set(stream.element("s"), "window-duration", GST_SECOND, "window-overlap", 0.0, "max-pending", 1, nullptr);
  stream.push_range(0, 25);
  setup.model->release(Job::kFuse);
  setup.model->wait_done(Job::kFuse, 1);
  g_object_set(stream.element("s"), "max-pending", 1000, nullptr);
  fail_unless_equals_int(stream.element_messages("gvl-skipped", 1).size(), 1);
}

GVL_TEST(a_dropped_segment_is_substituted_by_its_neighbour) {
  Setup setup(std::nullopt, true);
  Stream stream(kFive, setup.options);
  skip_one_segment(setup, stream);
  stream.push_range(25, 51);
  bool found = false;
  while (GstBuffer* buffer = stream.try_pull()) {
    for (const auto* window : gvl::gst::windows_of(buffer)) {
      if (window->index != 0) continue;
      found = true;
      fail_if(window->segments[0].substituted);
      fail_unless(window->segments[1].substituted);
      fail_unless_equals_uint64(window->segments[1].stop, GST_SECOND);
    }
    gst_buffer_unref(buffer);
  }
  fail_unless(found);
  wait_event(stream);
  const auto segments = setup.model->asked().at(0).segments;
  fail_unless_equals_int(segments.size(), 2);
  fail_unless_equals_float(segments[0], segments[1]);
}

GVL_TEST(a_window_with_a_skipped_last_segment_is_answered_at_the_end) {
  Setup setup(std::nullopt, true);
  Stream stream(kFive, setup.options);
  skip_one_segment(setup, stream);
  stream.eos();
  const auto events = take_stream_events(stream);
  fail_unless_equals_int(events.size(), 1);
  fail_unless_equals_uint64(uint64_of(events[0].get(), "window-start"), 0);
}

GVL_TEST(a_stream_that_is_not_live_waits_for_room) {
  for (const unsigned limit : {1u, 3u}) {
    Setup setup(20 * GST_SECOND);
    setup.model->hold(Job::kFuse);
    Stream stream(kFive, setup.options);
    g_object_set(stream.element("s"), "window-duration", GST_SECOND, "window-overlap", 0.0, "max-pending", limit,
                 nullptr);
    std::thread pushing([&stream] { fail_unless_equals_int(stream.push_range(0, 500), GST_FLOW_OK); });
    setup.model->wait_submitted(Job::kFuse, limit);
    g_usleep(50000);
    fail_unless_equals_int(setup.model->submitted(Job::kFuse), limit);
    setup.model->release(Job::kFuse);
    pushing.join();
    stream.eos();
    fail_unless_equals_int(setup.model->done(Job::kFuse), 40);
    fail_unless(setup.model->most_at_a_time(Job::kFuse) <= limit);
    fail_unless_equals_int(stream.element_messages(GVL_EVENT_NAME).size(), 20);
    fail_unless(stream.element_messages("gvl-skipped").empty());
  }
}

GVL_TEST(unanswered_windows_are_waited_for_as_well) {
  Setup setup(20 * GST_SECOND);
  setup.model->hold(Job::kAnswer);
  Stream stream(kFive, setup.options);
  g_object_set(stream.element("s"), "window-duration", GST_SECOND, "window-overlap", 0.0, "max-pending", 2, nullptr);
  std::thread pushing([&stream] { fail_unless_equals_int(stream.push_range(0, 500), GST_FLOW_OK); });
  setup.model->wait_submitted(Job::kAnswer, 2);
  g_usleep(50000);
  fail_unless_equals_int(setup.model->submitted(Job::kAnswer), 2);
  setup.model->release(Job::kAnswer);
  pushing.join();
  fail_unless(setup.model->most_at_a_time(Job::kAnswer) <= 2);
}

GVL_TEST(more_room_ends_a_wait) {
  Setup setup(20 * GST_SECOND);
  setup.model->hold(Job::kFuse);
  Stream stream(kFive, setup.options);
  g_object_set(stream.element("s"), "window-duration", GST_SECOND, "window-overlap", 0.0, "max-pending", 1, nullptr);
  std::thread pushing([&stream] { fail_unless_equals_int(stream.push_range(0, 100), GST_FLOW_OK); });
  setup.model->wait_submitted(Job::kFuse, 1);
  g_object_set(stream.element("s"), "max-pending", 1000, nullptr);
  pushing.join();
}

GVL_TEST(many_segments_on_one_buffer_do_not_wait_for_each_other) {
  Setup setup(40 * GST_MSECOND);
  Stream stream(kFive, setup.options);
  g_object_set(stream.element("s"), "max-pending", 1, nullptr);
  stream.push(0);
  stream.eos();
  fail_unless_equals_int(stream.element_messages(GVL_EVENT_NAME).size(), 1);
}

GVL_TEST(buffers_that_somebody_keeps_do_not_stop_the_stream) {
  Setup setup(20 * GST_SECOND);
  Stream stream("gvlsegmenter window-duration=1000000000 window-overlap=0 max-pending=1", setup.options);
  // No fuser, and nobody takes the buffers out of the harness.
  fail_unless_equals_int(stream.push_range(0, 500), GST_FLOW_OK);
}

GVL_TEST(a_flush_ends_a_wait_and_drops_what_is_pending) {
  Setup setup(20 * GST_SECOND);
  setup.model->hold(Job::kFuse);
  Stream stream(kFive, setup.options);
  g_object_set(stream.element("s"), "window-duration", GST_SECOND, "window-overlap", 0.0, "max-pending", 1, nullptr);
  GstFlowReturn result = GST_FLOW_OK;
  std::thread pushing([&] { result = stream.push_range(0, 500); });
  setup.model->wait_submitted(Job::kFuse, 1);
  stream.send(gst_event_new_flush_start());
  pushing.join();
  fail_unless_equals_int(result, GST_FLOW_FLUSHING);
  stream.send(gst_event_new_flush_stop(TRUE));
  setup.model->wait_done(Job::kFuse, 1);
  fail_unless_equals_int(setup.model->cancelled(Job::kFuse), 1);
  setup.model->release(Job::kFuse);
  // What comes after is answered, and nothing of what came before.
  stream.new_segment(1, 1, 10 * GST_SECOND, 11 * GST_SECOND, 10 * GST_SECOND);
  fail_unless_equals_int(stream.push_range(250, 275), GST_FLOW_OK);
  stream.eos();
  const auto events = stream.element_messages(GVL_EVENT_NAME);
  fail_unless_equals_int(events.size(), 1);
  fail_unless_equals_uint64(uint64_of(events[0].get(), "window-start"), 10 * GST_SECOND);
  stream.expect_no_error();
}

GVL_TEST(a_flush_drops_answers) {
  Setup setup;
  setup.model->hold(Job::kAnswer);
  Stream stream(kFive, setup.options);
  stream.push_range(0, 25);
  std::thread ending([&stream] { stream.eos(); });
  setup.model->wait_submitted(Job::kAnswer, 1);
  stream.flush();
  ending.join();
  setup.model->wait_done(Job::kAnswer, 1);
  fail_unless_equals_int(setup.model->cancelled(Job::kAnswer), 1);
  fail_unless(stream.element_messages(GVL_EVENT_NAME).empty());
  stream.expect_no_error();
}

// Pushes frames until a handler's flush, which comes at some time, is seen.
void wait_flushing(Stream& stream) {
  for (int i = 0;; ++i) {
    const auto result = stream.push(i);
    if (result == GST_FLOW_FLUSHING) return;
    fail_unless_equals_int(result, GST_FLOW_OK);
    drop_buffers(stream);
  }
}

GVL_TEST(a_message_handler_may_flush) {
  Setup setup(20 * GST_SECOND);
  Stream stream(kFive, setup.options);
  const auto flush = [](GstBus*, GstMessage* message, gpointer data) -> GstBusSyncReply {
    if (gvl_event_parse_message(message)) static_cast<Stream*>(data)->send(gst_event_new_flush_start());
    return GST_BUS_PASS;
  };
  GstBus* bus = gst_element_get_bus(stream.harness()->element);
  gst_bus_set_sync_handler(bus, flush, &stream, nullptr);
  g_object_set(stream.element("s"), "window-duration", GST_SECOND, "window-overlap", 0.0, nullptr);
  wait_flushing(stream);
  wait_event(stream);
  gst_bus_set_sync_handler(bus, nullptr, nullptr, nullptr);
  gst_object_unref(bus);
}

GVL_TEST(ready_cancels_everything) {
  for (const Job job : {Job::kSpatial, Job::kFuse, Job::kAnswer}) {
    Setup setup(20 * GST_SECOND);
    setup.model->hold(job);
    Stream stream(kFive, setup.options);
    g_object_set(stream.element("s"), "window-duration", GST_SECOND, "window-overlap", 0.0, "max-pending", 1, nullptr);
    std::thread pushing([&stream] {
      stream.push_range(0, 500);
      stream.eos();
    });
    setup.model->wait_submitted(job, 1);
    fail_unless_equals_int(gst_element_set_state(stream.harness()->element, GST_STATE_READY), GST_STATE_CHANGE_SUCCESS);
    pushing.join();
    setup.model->wait_done(job, 1);
    fail_unless_equals_int(setup.model->cancelled(job), 1);
    fail_unless(stream.element_messages(GVL_EVENT_NAME).empty());
    stream.expect_no_error();
  }
}

GVL_TEST(a_jump_ends_the_window_that_it_cuts_short) {
  Setup setup(100 * GST_SECOND);
  Stream stream(kFive, setup.options);
  stream.push_range(0, 2000);
  stream.new_segment(1, 1, 50 * GST_SECOND, 51 * GST_SECOND, 50 * GST_SECOND);
  stream.push_range(1250, 1275);
  stream.eos();
  const auto events = stream.element_messages(GVL_EVENT_NAME);
  fail_unless_equals_int(events.size(), 2);
  fail_unless_equals_uint64(uint64_of(events[0].get(), "window-start"), 0);
  fail_unless_equals_uint64(uint64_of(events[0].get(), "window-stop"), 80 * GST_SECOND);
  fail_unless_equals_uint64(uint64_of(events[1].get(), "window-start"), 50 * GST_SECOND);
  fail_unless_equals_uint64(uint64_of(events[1].get(), "window-stop"), 51 * GST_SECOND);
}

}  // namespace
