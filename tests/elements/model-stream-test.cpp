/* SPDX-License-Identifier: LGPL-2.1-or-later */

// What all elements have in common: the gvl-segments event and the check of what comes before them, messages that
// leave in order while the stream goes on, and how a stream ends after an error.

#include <cstring>
#include <thread>

#include "five.hpp"
#include "gvlevent.h"
#include "gvlsegmentsevent.hpp"
#include "gvltensormeta.h"

using gvl::ErrorCode;
using gvl::gst::SegmentsInfo;
using namespace gvl::test;
using Job = FakeModel::Job;

namespace {

const std::string kOneSecondWindows =
    "gvlsegmenter name=s window-overlap=0 window-duration=1000000000 ! gvlspatialencoder ! gvltemporalencoder ! "
    "gvlfuser ! gvlgroundedllm name=l query=when";

// ---- what is divided how ----------------------------------------------------------------------------------------

// What came out, in order: gvl-segments events, and the index of each segment as a sequence of its own.
struct Order {
  std::vector<SegmentsInfo> events;
  guint buffers_before_first = 0, buffers = 0;

  static GstPadProbeReturn watch(GstPad*, GstPadProbeInfo* info, gpointer data) {
    auto* self = static_cast<Order*>(data);
    if (GST_PAD_PROBE_INFO_TYPE(info) & GST_PAD_PROBE_TYPE_BUFFER) {
      ++self->buffers;
      return GST_PAD_PROBE_OK;
    }
    if (auto said = gvl::gst::parse_segments_event(GST_PAD_PROBE_INFO_EVENT(info))) {
      if (self->events.empty()) self->buffers_before_first = self->buffers;
      self->events.push_back(std::move(*said));
    }
    return GST_PAD_PROBE_OK;
  }

  explicit Order(Stream& stream) {
    gst_pad_add_probe(stream.harness()->sinkpad,
                      static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM),
                      watch, this, nullptr);
  }
};

GVL_TEST(sequences_are_announced_in_stream_order) {
  Setup setup(20 * GST_SECOND);
  Stream stream(kOneSecondWindows, setup.options);
  Order order(stream);
  stream.push_range(0, 75);
  stream.new_segment(1, 1, 100 * GST_SECOND, 200 * GST_SECOND, 100 * GST_SECOND);
  stream.push_range(2500, 2551);
  stream.eos();
  fail_unless_equals_int(order.buffers_before_first, 0);
  fail_unless_equals_int(order.events.size(), 5);
  const auto& first = order.events[0];
  fail_unless(first.ended && first.window_segments == 0 && first.in_flight);
  guint64 windows[] = {3, 2};
  for (int i = 0; i < 2; ++i) {
    const auto &begin = order.events[1 + 2 * i], &end = order.events[2 + 2 * i];
    fail_if(begin.ended || begin.backward);
    fail_unless_equals_int(begin.window_segments, 2);
    fail_unless_equals_int(begin.window_hop, 2);
    fail_unless_equals_int(begin.frames_per_segment, setup.model->config().frames_per_segment());
    fail_unless(end.ended);
    fail_unless_equals_uint64(end.sequence, begin.sequence);
    fail_unless_equals_uint64(end.session, begin.session);
    fail_unless_equals_uint64(end.windows, windows[i]);
  }
  fail_unless(order.events[3].sequence > order.events[1].sequence);
  fail_unless(order.events[3].session > order.events[1].session);
  const std::vector<std::string> tensors = {GVL_TENSOR_SPATIAL_PIXELS,   GVL_TENSOR_TEMPORAL_PIXELS,
                                            GVL_TENSOR_SPATIAL_FEATURES, GVL_TENSOR_TEMPORAL_FEATURES,
                                            GVL_TENSOR_SEGMENT_TOKENS,   GVL_TENSOR_VIDEO_TOKENS};
  fail_unless(first.tensors == tensors);
}

GVL_TEST(what_is_cut_short_has_no_window) {
  Setup setup(100 * GST_SECOND);
  Stream stream("gvlsegmenter", setup.options);
  Order order(stream);
  stream.push_range(0, 5);
  stream.new_segment(1, 1, 50 * GST_SECOND, 51 * GST_SECOND, 50 * GST_SECOND);
  stream.push_range(1250, 1275);
  stream.eos();
  fail_unless_equals_int(order.events.size(), 5);
  fail_unless(order.events[2].ended);
  fail_unless_equals_uint64(order.events[2].windows, 0);
  fail_unless_equals_uint64(order.events.back().windows, 1);
}

GVL_TEST(after_a_flush_segments_are_announced_again) {
  Setup setup(20 * GST_SECOND);
  Stream stream("gvlsegmenter", setup.options);
  Order order(stream);
  stream.push_range(0, 5);
  const auto before = order.events.back().in_flight;
  stream.flush();
  stream.new_segment(1, 1, 0, GST_SECOND, 0);
  const auto events = order.events.size();
  stream.push_range(0, 2);
  fail_unless(order.events.size() > events);
  fail_unless(order.events[events].ended && order.events[events].in_flight != before);
}

// Else upstream's next push of a buffer fails with an error, which its source reports though nothing is wrong.
GVL_TEST(a_sticky_event_that_comes_while_stopping_is_no_error) {
  for (const char* line : {"gvlsegmenter name=e", "gvlspatialencoder name=e", "gvlgroundedllm name=e query=when"}) {
    Setup setup;
    Stream stream(line, setup.options);
    GstPad* src = gst_element_get_static_pad(stream.element("e"), "src");
    gst_pad_set_active(src, FALSE);
    const SegmentsInfo info{.tensors = {GVL_TENSOR_SPATIAL_PIXELS, GVL_TENSOR_VIDEO_TOKENS},
                            .in_flight = std::make_shared<gvl::gst::InFlight>(1)};
    stream.send(gvl::gst::segments_event_new(info));
    stream.push(0);
    fail_unless(stream.push(1) == GST_FLOW_FLUSHING, "%s", line);
    gst_object_unref(src);
  }
}

GVL_TEST(a_missing_element_is_named_at_the_first_buffer) {
  const struct {
    const char* line;
    const char* missing;
  } cases[] = {{"gvlsegmenter ! gvltemporalencoder ! gvlfuser", "gvlspatialencoder"},
               {"gvlsegmenter ! gvlspatialencoder ! gvlfuser", "gvltemporalencoder"},
               {"gvlsegmenter ! gvlspatialencoder ! gvltemporalencoder ! gvlgroundedllm query=when", "gvlfuser"},
               {"gvlspatialencoder", "gvlsegmenter"},
               {"gvlfuser", "gvlsegmenter"},
               {"gvlgroundedllm query=when", "gvlsegmenter"}};
  for (const auto& one : cases) {
    Setup setup(20 * GST_SECOND);
    Stream stream(one.line, setup.options);
    Order order(stream);
    stream.push(0);
    stream.push(1);  // gvlsegmenter holds one back
    stream.expect_error(GST_STREAM_ERROR, GST_STREAM_ERROR_FAILED, one.missing);
    stream.expect_no_error();
    fail_unless_equals_int(order.buffers, 0);
  }
}

// ---- messages ---------------------------------------------------------------------------------------------------

bool is_gvl_event(GstMessage* message) { return gvl_event_parse_message(message) != nullptr; }

// Blocks an application's synchronous handler at the first such message until it is let go.
class Blocker {
 public:
  explicit Blocker(Stream& stream, bool (*blocks)(GstMessage*) = is_gvl_event)
      : bus_(gst_element_get_bus(stream.harness()->element)), state_(std::make_shared<State>(blocks)) {
    const auto drop = [](gpointer data) { delete static_cast<std::shared_ptr<State>*>(data); };
    gst_bus_set_sync_handler(bus_, handle, new std::shared_ptr<State>(state_), drop);
  }

  ~Blocker() {
    gst_bus_set_sync_handler(bus_, nullptr, nullptr, nullptr);
    gst_object_unref(bus_);
  }

  void wait_reached() {
    std::unique_lock lock(state_->mutex);
    state_->changed.wait(lock, [this] { return state_->reached; });
  }

  void release() {
    std::lock_guard lock(state_->mutex);
    state_->released = true;
    state_->changed.notify_all();
  }

 private:
  struct State {
    explicit State(bool (*blocks)(GstMessage*)) : blocks(blocks) {}

    bool (*blocks)(GstMessage*);
    std::mutex mutex;
    std::condition_variable changed;
    bool reached = false, released = false;
  };

  static GstBusSyncReply handle(GstBus*, GstMessage* message, gpointer data) {
    const auto state = *static_cast<std::shared_ptr<State>*>(data);
    if (!state->blocks(message)) return GST_BUS_PASS;
    std::unique_lock lock(state->mutex);
    state->reached = true;
    state->changed.notify_all();
    state->changed.wait(lock, [&] { return state->released; });
    return GST_BUS_PASS;
  }

  GstBus* bus_;
  std::shared_ptr<State> state_;  // a handler may still be leaving when this goes
};

GVL_TEST(a_handler_that_blocks_stops_neither_model_nor_stream) {
  Setup setup(20 * GST_SECOND);
  Stream stream(kOneSecondWindows, setup.options);
  Blocker blocker(stream);
  stream.push_range(0, 51);
  blocker.wait_reached();
  fail_unless_equals_int(stream.push_range(51, 501), GST_FLOW_OK);
  setup.model->wait_done(Job::kAnswer, 19);
  blocker.release();
  stream.eos();
  // The end waits for the messages, which keep their order.
  const auto events = stream.element_messages(GVL_EVENT_NAME);
  fail_unless_equals_int(events.size(), 20);
  for (guint64 i = 0; i < events.size(); ++i) fail_unless_equals_uint64(uint64_of(events[i].get(), "id"), i);
}

GVL_TEST(a_handler_that_blocks_does_not_stop_a_flush_nor_ready) {
  for (const bool flush : {true, false}) {
    Setup setup(20 * GST_SECOND);
    Stream stream(kOneSecondWindows, setup.options);
    Blocker blocker(stream);
    stream.push_range(0, 60);
    blocker.wait_reached();
    std::thread ending([&stream] { stream.eos(); });
    // Asked at the end only: that is being waited for.
    setup.model->wait_done(Job::kAnswer, 3);
    if (flush)
      stream.flush();
    else
      gst_element_set_state(stream.harness()->element, GST_STATE_READY);
    ending.join();
    blocker.release();
  }
}

// ---- the end after an error -------------------------------------------------------------------------------------

GVL_TEST(after_an_error_no_end_is_reached) {
  for (const Job job : {Job::kSpatial, Job::kTemporal, Job::kFuse, Job::kConcatenate, Job::kAnswer}) {
    Setup setup(20 * GST_SECOND);
    setup.model->fail(job, ErrorCode::kResource, "out of everything");
    Stream stream(kOneSecondWindows, setup.options);
    stream.push_range(0, 30);
    stream.expect_error(GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NO_SPACE_LEFT, "out of everything");
    stream.eos();
    while (GstEvent* event = gst_harness_try_pull_event(stream.harness())) {
      fail_if(GST_EVENT_TYPE(event) == GST_EVENT_EOS);
      gst_event_unref(event);
    }
    stream.expect_no_error();
  }
}

// Nor while the application is being told of it.
GVL_TEST(while_an_error_is_posted_no_end_is_reached) {
  for (const Job job : {Job::kSpatial, Job::kAnswer}) {
    Setup setup(20 * GST_SECOND);
    setup.model->fail(job, ErrorCode::kResource, "out of everything");
    Stream stream(kOneSecondWindows, setup.options);
    Blocker blocker(stream, [](GstMessage* message) { return GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR; });
    stream.push_range(0, 30);
    blocker.wait_reached();
    std::thread ending([&stream] { stream.eos(); });
    g_usleep(100000);
    while (GstEvent* event = gst_harness_try_pull_event(stream.harness())) {
      fail_if(GST_EVENT_TYPE(event) == GST_EVENT_EOS);
      gst_event_unref(event);
    }
    blocker.release();
    ending.join();
  }
}

}  // namespace
