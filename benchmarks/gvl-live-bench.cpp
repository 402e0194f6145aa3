/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * gvl-live-bench [SECONDS]: what a slow model does to a live stream. A live 30 fps source runs through gvlground with a
 * model that cannot keep up; how long each frame stays in the bin is measured from pad to pad. Printed are the frames
 * in and out, the segments left out, the frame that is held back (the median delay), and the jitter added: the largest
 * deviation from the median.
 */
#include <gst/gst.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "../tests/lib/model/random_model.hpp"
#include "support/temporary.hpp"

namespace {

using Clock = std::chrono::steady_clock;

/** When each frame, by its timestamp, went in and came out. */
struct Passage {
  std::mutex mutex;
  std::map<GstClockTime, Clock::time_point> in;
  std::vector<double> delays;
};

GstPadProbeReturn on_in(GstPad*, GstPadProbeInfo* info, gpointer data) {
  auto* passage = static_cast<Passage*>(data);
  std::lock_guard lock(passage->mutex);
  passage->in[GST_BUFFER_PTS(GST_PAD_PROBE_INFO_BUFFER(info))] = Clock::now();
  return GST_PAD_PROBE_OK;
}

GstPadProbeReturn on_out(GstPad*, GstPadProbeInfo* info, gpointer data) {
  auto* passage = static_cast<Passage*>(data);
  std::lock_guard lock(passage->mutex);
  const auto entered = passage->in.find(GST_BUFFER_PTS(GST_PAD_PROBE_INFO_BUFFER(info)));
  if (entered != passage->in.end()) {
    passage->delays.push_back(std::chrono::duration<double, std::milli>(Clock::now() - entered->second).count());
  }
  return GST_PAD_PROBE_OK;
}

/** A model whose keyframes alone take longer than a segment lasts. */
gvl::ModelConfig slow_config() {
  gvl::ModelConfig config = gvl::model::test::small_config();
  config.spatial = {336, 14, 512, 2048, 8, 8, 1e-5, {0.5, 0.5, 0.5}, {0.5, 0.5, 0.5}};
  return config;
}

void add_probe(GstElement* element, const char* pad_name, GstPadProbeCallback callback, Passage& passage) {
  GstPad* pad = gst_element_get_static_pad(element, pad_name);
  gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER, callback, &passage, nullptr);
  gst_object_unref(pad);
}

/** Runs the pipeline to its end; the segments that were left out. */
guint64 run(GstElement* pipeline) {
  guint64 skipped = 0;
  gst_element_set_state(pipeline, GST_STATE_PLAYING);
  GstBus* bus = gst_element_get_bus(pipeline);
  for (bool running = true; running;) {
    GstMessage* message = gst_bus_timed_pop_filtered(
        bus, GST_CLOCK_TIME_NONE,
        static_cast<GstMessageType>(GST_MESSAGE_EOS | GST_MESSAGE_ERROR | GST_MESSAGE_ELEMENT));
    if (gst_message_has_name(message, "gvl-skipped")) ++skipped;
    running = GST_MESSAGE_TYPE(message) == GST_MESSAGE_ELEMENT;
    gst_message_unref(message);
  }
  gst_object_unref(bus);
  gst_element_set_state(pipeline, GST_STATE_NULL);
  return skipped;
}

void report(Passage& passage, guint64 skipped) {
  std::vector<double> delays = passage.delays;
  if (delays.empty()) return;
  std::sort(delays.begin(), delays.end());
  const double median = delays[delays.size() / 2];
  const double jitter = std::max(delays.back() - median, median - delays.front());
  std::printf("frames in %zu, out %zu, segments left out %llu\n", passage.in.size(), delays.size(),
              static_cast<unsigned long long>(skipped));
  std::printf("delay median %.2f ms, 99th percentile %.2f ms; jitter added at most %.2f ms (a frame is 33.33 ms)\n",
              median, delays[delays.size() * 99 / 100], jitter);
}

}  // namespace

int main(int argc, char** argv) {
  gst_init(&argc, &argv);
  const int seconds = argc > 1 ? std::atoi(argv[1]) : 20;
  const gvl::test::TemporaryFolder model;
  gvl::model::test::write_random_model(model.path(), slow_config(), GVL_TEST_TOKENIZER);
  const std::string description =
      "videotestsrc is-live=true num-buffers=" + std::to_string(seconds * 30) +
      " ! video/x-raw,width=640,height=360,framerate=30/1 ! gvlground name=ground model=" + model.path().string() +
      " query=\"a ball\" window-duration=1000000000 max-new-tokens=8 ! fakesink sync=true";
  GError* error = nullptr;
  GstElement* pipeline = gst_parse_launch(description.c_str(), &error);
  if (error) {
    std::fprintf(stderr, "gvl-live-bench: %s\n", error->message);
    return 2;
  }
  Passage passage;
  GstElement* ground = gst_bin_get_by_name(GST_BIN(pipeline), "ground");
  add_probe(ground, "sink", on_in, passage);
  add_probe(ground, "src", on_out, passage);
  const guint64 skipped = run(pipeline);
  report(passage, skipped);
  gst_object_unref(ground);
  gst_object_unref(pipeline);
  return 0;
}
