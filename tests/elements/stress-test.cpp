/* SPDX-License-Identifier: LGPL-2.1-or-later */

// A thousand things that applications do, in no order: nothing hangs, and no time is wrong. What is left alive at the
// end is found when the test runs under the leaks tracer.

#include <random>
#include <utility>

#include "fake-model.hpp"
#include "gvlcontext.hpp"
#include "gvlevent.h"
#include "stream.hpp"

using gvl::test::FakeModel;
using gvl::test::uint64_of;

namespace {

constexpr int kActions = 1000;
constexpr GstClockTime kWindow = 200 * GST_MSECOND;
constexpr GstClockTime kDuration = 3600 * GST_SECOND;
// Within a window: so far from its edges, and so short, that overlapping windows never join their events.
constexpr double kEventStart = 0.45, kEventStop = 0.55;

GstClockTime time_in_window(double part) { return static_cast<GstClockTime>(part * kWindow + 0.5); }

gvl::Answer in_the_middle(const gvl::Query& query, double duration) {
  gvl::Answer answer;
  answer.query = query;
  answer.text_seconds = "In the middle.";
  answer.intervals = {{kEventStart * duration, kEventStop * duration, 0.5, ""}};
  answer.confidence = 0.25;
  return answer;
}

/** A pipeline that plays an hour of frames as fast as they go, and what somebody does to it. */
class Session {
 public:
  explicit Session(unsigned seed) : random_(seed) {
    GError* error = nullptr;
    pipeline_ = gst_parse_launch(
        "videotestsrc name=source ! video/x-raw,format=GRAY8,width=16,height=16,framerate=100/1 ! "
        "gvlground name=ground query=when window-duration=200000000 ! fakesink name=sink "
        "ground.events ! application/x-json ! fakesink async=false",
        &error);
    fail_unless(pipeline_ != nullptr && !error, "%s", error ? error->message : "");
    ground_ = gst_bin_get_by_name(GST_BIN(pipeline_), "ground");
    bus_ = gst_element_get_bus(pipeline_);
    auto model = std::make_shared<FakeModel>();
    model->answer_with(in_the_middle);
    GstContext* context = gvl::gst::model_context_new(std::move(model));
    gst_element_set_context(pipeline_, context);
    gst_context_unref(context);
  }

  ~Session() {
    gst_element_set_state(pipeline_, GST_STATE_NULL);
    gst_object_unref(bus_);
    gst_object_unref(ground_);
    gst_object_unref(pipeline_);
  }

  guint64 events() const { return events_; }

  void act() {
    switch (number(0, 9)) {
      case 0:
        return set_state(GST_STATE_NULL);
      case 1:
        return set_state(GST_STATE_READY);
      case 2:
        return set_state(GST_STATE_PAUSED);
      case 3:
      case 4:
        return set_state(GST_STATE_PLAYING);
      case 5:
        return seek(1);
      case 6:
        return seek(-1);
      case 7:
        g_object_set(ground_, "query", number(0, 1) ? "when" : "and now", "window-overlap",
                     0.25 * static_cast<double>(number(0, 3)), nullptr);
        return;
      case 8: {
        guint64 asked = 0;
        g_signal_emit_by_name(ground_, "ask", "in between", "grounding", &asked);
        return;
      }
      default:
        g_usleep(static_cast<gulong>(number(0, 20)) * 1000);
        check_messages();
    }
  }

 private:
  guint64 number(guint64 low, guint64 high) { return std::uniform_int_distribution<guint64>(low, high)(random_); }

  void set_state(GstState state) {
    const auto result = gst_element_set_state(pipeline_, state);
    fail_unless(result != GST_STATE_CHANGE_FAILURE, "to %s", gst_element_state_get_name(state));
    if (result == GST_STATE_CHANGE_ASYNC) {
      const auto reached = gst_element_get_state(pipeline_, nullptr, nullptr, 30 * GST_SECOND);
      fail_unless(reached != GST_STATE_CHANGE_ASYNC, "hangs on the way to %s", gst_element_state_get_name(state));
    }
    check_messages();
    if (state > GST_STATE_READY) return;
    low_ = 0;
    high_ = GST_CLOCK_TIME_NONE;
  }

  // What is emitted from then on lies within the segment; a window may reach beyond its end.
  void seek(int direction) {
    if (GST_STATE(pipeline_) < GST_STATE_PAUSED) return;
    check_messages();
    const auto start = number(0, kDuration / GST_SECOND) * GST_SECOND, stop = start + number(1, 1000) * GST_SECOND;
    fail_unless(gst_element_seek(pipeline_, direction, GST_FORMAT_TIME, GST_SEEK_FLAG_FLUSH, GST_SEEK_TYPE_SET,
                                 static_cast<gint64>(start), GST_SEEK_TYPE_SET, static_cast<gint64>(stop)));
    forget_messages();
    before_ = {low_, high_};
    may_be_late_ = true;
    low_ = start;
    high_ = stop;
    fail_unless(gst_element_get_state(pipeline_, nullptr, nullptr, 30 * GST_SECOND) != GST_STATE_CHANGE_ASYNC,
                "hangs after a seek");
    check_messages();
  }

  void forget_messages() {
    while (GstMessage* message = gst_bus_pop(bus_)) gst_message_unref(message);
  }

  void check_messages() {
    while (GstMessage* message = gst_bus_pop(bus_)) {
      if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR) {
        GError* error = nullptr;
        gst_message_parse_error(message, &error, nullptr);
        fail("%s", error->message);
      }
      if (const auto* event = gvl_event_parse_message(message)) check(event);
      gst_message_unref(message);
    }
  }

  void check(const GstStructure* event) {
    ++events_;
    const auto start = uint64_of(event, "window-start"), stop = uint64_of(event, "window-stop");
    fail_unless_equals_uint64(stop - start, kWindow);
    fail_unless_equals_uint64(uint64_of(event, "start"), start + time_in_window(kEventStart));
    fail_unless_equals_uint64(uint64_of(event, "stop"), start + time_in_window(kEventStop));
    // One may be on its way to the bus when a flush begins.
    const auto within = [&](GstClockTime low, GstClockTime high) {
      return start + kWindow >= low && (!GST_CLOCK_TIME_IS_VALID(high) || start <= high);
    };
    if (!within(low_, high_) && within(before_.first, before_.second) && std::exchange(may_be_late_, false)) return;
    fail_unless(within(low_, high_), "%" GST_TIME_FORMAT " is not within %" GST_TIME_FORMAT " - %" GST_TIME_FORMAT,
                GST_TIME_ARGS(start), GST_TIME_ARGS(low_), GST_TIME_ARGS(high_));
  }

  void fail(const char* format, const char* text) { ck_abort_msg(format, text); }

  std::mt19937_64 random_;
  GstElement* pipeline_;
  GstElement* ground_;
  GstBus* bus_;
  GstClockTime low_ = 0;
  GstClockTime high_ = GST_CLOCK_TIME_NONE;
  std::pair<GstClockTime, GstClockTime> before_{0, GST_CLOCK_TIME_NONE};  // low_ and high_ before the last seek
  bool may_be_late_ = false;
  guint64 events_ = 0;
};

GVL_TEST(whatever_is_done_no_time_is_wrong) {
  Session session(7);
  for (int i = 0; i < kActions; ++i) session.act();
  fail_unless(session.events() > 5, "%" G_GUINT64_FORMAT " events", session.events());
}

}  // namespace
