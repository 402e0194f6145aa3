/* SPDX-License-Identifier: LGPL-2.1-or-later */

// What gvl-eval measures is what a user of the elements sees: the same video through both gives the same events.

#include <array>
#include <chrono>
#include <cmath>

#include "drawn-video.hpp"
#include "evaluation/event_finder.hpp"
#include "fake-model.hpp"
#include "gvlevent.h"
#include "stream.hpp"

using gvl::evaluation::FrameRate;
using gvl::test::CountingVideo;
using gvl::test::DrawnVideo;
using gvl::test::FakeModel;
using gvl::test::FaultyVideo;
using gvl::test::grounding;
using gvl::test::Stream;
using gvl::test::uint64_of;
using gvl::timeline::GroundedEvent;

namespace {

/** The events of the video through the elements, all of them however unsure. */
std::vector<std::shared_ptr<GstStructure>> events_of_elements(DrawnVideo& video, std::shared_ptr<gvl::Model> model,
                                                              const std::vector<gvl::Query>& queries) {
  gvl::test::StreamOptions options;
  options.caps = video.caps();
  options.duration = video.duration();
  options.model = std::move(model);
  Stream stream("gvlsegmenter max-pending=4 ! " + gvl::test::kEncoders + " ! gvlgroundedllm min-confidence=0 " +
                    gvl::test::as_property(queries),
                options);
  for (std::int64_t i = 0; i < video.frames(); ++i) {
    fail_unless_equals_int(gst_harness_push(stream.harness(), video.buffer(i)), GST_FLOW_OK);
    if (GstBuffer* passed = stream.try_pull()) gst_buffer_unref(passed);
  }
  stream.eos();
  stream.expect_no_error();
  return stream.element_messages(GVL_EVENT_NAME);
}

void check_same(const GstStructure* seen, const GroundedEvent& measured) {
  fail_unless_equals_string(gst_structure_get_string(seen, "query"), measured.query.c_str());
  fail_unless_equals_string(gst_structure_get_string(seen, "text"), measured.text.c_str());
  fail_unless_equals_uint64(uint64_of(seen, "start"), static_cast<guint64>(measured.start.count()));
  fail_unless_equals_uint64(uint64_of(seen, "stop"), static_cast<guint64>(measured.stop.count()));
  fail_unless_equals_uint64(uint64_of(seen, "window-start"), static_cast<guint64>(measured.window_start.count()));
  fail_unless_equals_uint64(uint64_of(seen, "window-stop"), static_cast<guint64>(measured.window_stop.count()));
  double confidence = -1;
  fail_unless(gst_structure_get_double(seen, "confidence", &confidence));
  // What is computed together is batched otherwise.
  fail_unless(std::abs(confidence - measured.confidence) < 1e-4, "%f and %f", confidence, measured.confidence);
}

void check_same(const std::vector<std::shared_ptr<GstStructure>>& seen, const std::vector<GroundedEvent>& measured) {
  fail_unless_equals_int(seen.size(), measured.size());
  for (std::size_t i = 0; i < seen.size(); ++i) check_same(seen[i].get(), measured[i]);
}

GVL_TEST(five_minutes_have_the_same_events) {
  const auto model = gvl::Model::load(gvl::default_model_folder());
  FaultyVideo video;
  const auto queries = grounding({"the picture goes black", "the picture turns white", "the picture freezes",
                                  "the picture turns black and white"});
  const auto measured = gvl::evaluation::find_events(*model, video, queries, 0).events;
  check_same(events_of_elements(video, model, queries), measured);
  // They are about something: the sure ones are what happens, but for the colours that go, and for a white picture that
  // stands still.
  std::vector<std::string> sure;
  for (const auto& event : measured) {
    if (event.confidence < model->config().min_confidence) continue;
    const auto seconds = std::chrono::round<std::chrono::seconds>(event.start).count();
    sure.push_back(event.query + " at " + std::to_string(seconds / 10 * 10));
  }
  const std::vector<std::string> expected{"the picture goes black at 40", "the picture turns white at 90",
                                          "the picture freezes at 90", "the picture freezes at 140",
                                          "the picture goes black at 260"};
  std::string got;
  for (const auto& each : sure) got += each + "; ";
  fail_unless(sure == expected, "%s", got.c_str());
}

struct Length {
  FrameRate rate;
  std::int64_t frames;
};

// One window, also with fewer frames than samples; several, also at a rate whose frames begin between nanoseconds.
constexpr std::array<Length, 6> kLengths{
    {{{25, 1}, 250}, {{2, 1}, 5}, {{10, 1}, 1210}, {{30000, 1001}, 4300}, {{1, 1}, 600}, {{1, 10}, 33}}};

GVL_LOOP_TEST(windows_show_the_same_frames, static_cast<int>(kLengths.size())) {
  CountingVideo video(kLengths[static_cast<std::size_t>(number)].rate,
                      kLengths[static_cast<std::size_t>(number)].frames);
  const auto streamed = std::make_shared<FakeModel>(), measured = std::make_shared<FakeModel>();
  const auto queries = grounding({"when", "where"});
  const auto seen = events_of_elements(video, streamed, queries);
  check_same(seen, gvl::evaluation::find_events(*measured, video, queries, 0).events);
  const auto asked = streamed->asked(), again = measured->asked();
  fail_unless(!asked.empty());
  fail_unless_equals_int(asked.size(), again.size());
  for (std::size_t i = 0; i < asked.size(); ++i) {
    fail_unless(asked[i].segments == again[i].segments, "window %zu", i);
    fail_unless(asked[i].duration == again[i].duration && asked[i].boundaries == again[i].boundaries);
  }
}

}  // namespace
