/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * gvl-stream-bench segmenter [FRAMES] | live [MINUTES]: what the elements cost a stream.
 *
 * segmenter: frames of 1080p60 that are not sampled are pushed through gvlsegmenter; printed is the CPU time of the
 * streaming thread for each, as a share of the time that the frame lasts.
 *
 * live: so many minutes (60) of live 1080p30 as H.264, as fast as they go, through a tee: one branch untouched into
 * gvlclipper, one decoded into gvlground whose events go to the clipper. Each minute shows colour bars, and black for
 * five seconds, which is asked for. Printed are the frames of the encoded branch, the process's resident memory on the
 * way, and the clips.
 */
#include <gst/app/gstappsink.h>
#include <gst/app/gstappsrc.h>
#include <gst/gst.h>
#include <gst/video/video.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>
#include <vector>

#include "support/temporary.hpp"

namespace {

[[noreturn]] void stop(const std::string& reason) {
  std::fprintf(stderr, "gvl-stream-bench: %s\n", reason.c_str());
  std::exit(2);
}

GstElement* parse(const std::string& description) {
  GError* error = nullptr;
  GstElement* pipeline = gst_parse_launch(description.c_str(), &error);
  if (error) stop(error->message);
  return pipeline;
}

GstElement* child(GstElement* pipeline, const char* name) {
  GstElement* element = gst_bin_get_by_name(GST_BIN(pipeline), name);
  gst_object_unref(element);  // the pipeline keeps it
  return element;
}

// ---- segmenter --------------------------------------------------------------------------------------------------

double thread_seconds() {
  rusage usage;
  getrusage(RUSAGE_THREAD, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

void expect_no_samples(GstElement* element) {
  if (!g_object_class_find_property(G_OBJECT_GET_CLASS(element), "stats") ||
      g_str_has_prefix(G_OBJECT_TYPE_NAME(element), "GstIdentity"))
    return;
  GstStructure* stats = nullptr;
  guint64 samples = 0, frames = 0;
  g_object_get(element, "stats", &stats, nullptr);
  gst_structure_get(stats, "samples", G_TYPE_UINT64, &samples, "frames", G_TYPE_UINT64, &frames, nullptr);
  gst_structure_free(stats);
  std::printf("%llu frames, %llu samples\n", static_cast<unsigned long long>(frames),
              static_cast<unsigned long long>(samples));
  if (samples > 0) stop("frames were sampled");
}

/** Pushes `frames` frames, of which the element must sample none, from this thread; CPU seconds. */
double push_frames(const char* element, int frames) {
  // Of the hour that is one window, the first frame that is sampled comes late.
  GstElement* pipeline = parse(std::string(element) + " name=first ! fakesink async=false");
  GstPad* source = gst_pad_new("src", GST_PAD_SRC);
  GstPad* sink = gst_element_get_static_pad(child(pipeline, "first"), "sink");
  gst_pad_set_active(source, TRUE);
  gst_pad_link(source, sink);
  gst_element_set_state(pipeline, GST_STATE_PLAYING);
  GstCaps* caps = gst_caps_from_string("video/x-raw,format=NV12,width=1920,height=1080,framerate=60/1");
  GstVideoInfo info;
  gst_video_info_from_caps(&info, caps);
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  gst_pad_push_event(source, gst_event_new_stream_start("bench"));
  gst_pad_push_event(source, gst_event_new_caps(caps));
  gst_pad_push_event(source, gst_event_new_segment(&segment));
  gst_caps_unref(caps);
  GstBuffer* picture = gst_buffer_new_allocate(nullptr, info.size, nullptr);
  double begin = 0;
  for (int i = 0; i <= frames; ++i) {
    if (i == 1) begin = thread_seconds();  // the first loads the model
    GstBuffer* frame = gst_buffer_copy(picture);
    GST_BUFFER_PTS(frame) = gst_util_uint64_scale(i, GST_SECOND, 60);
    GST_BUFFER_DURATION(frame) = GST_SECOND / 60;
    if (gst_pad_push(source, frame) != GST_FLOW_OK) stop("a frame was refused");
  }
  const double seconds = thread_seconds() - begin;
  expect_no_samples(child(pipeline, "first"));
  gst_buffer_unref(picture);
  gst_element_set_state(pipeline, GST_STATE_NULL);
  gst_pad_unlink(source, sink);
  gst_object_unref(sink);
  gst_object_unref(source);
  gst_object_unref(pipeline);
  return seconds;
}

int bench_segmenter(int frames) {
  const double nothing = push_frames("identity", frames);
  const double with = push_frames("gvlsegmenter window-duration=360000000000000", frames);
  const double each = 1e6 * with / frames, base = 1e6 * nothing / frames;
  std::printf("1080p60, %d frames that are not sampled: %.2f us each through gvlsegmenter, %.2f us through identity\n",
              frames, each, base);
  std::printf("of one core: %.4f %%, of which the pads and the frames themselves %.4f %%\n", each * 60 / 1e4,
              base * 60 / 1e4);
  return 0;
}

// ---- live -------------------------------------------------------------------------------------------------------

constexpr int kRate = 30;
constexpr int kLoop = 60 * kRate;  // frames

/** A minute of video, encoded. */
struct Packets {
  GstCaps* caps = nullptr;
  std::vector<GstBuffer*> buffers;
};

void encode(const char* pattern, int frames, Packets& packets) {
  const std::string description =
      std::string("videotestsrc pattern=") + pattern + " num-buffers=" + std::to_string(frames) +
      " ! video/x-raw,format=I420,width=1920,height=1080,framerate=30/1 ! x264enc speed-preset=ultrafast "
      "tune=zerolatency key-int-max=30 bitrate=4000 ! video/x-h264,profile=constrained-baseline ! "
      "h264parse config-interval=-1 ! video/x-h264,stream-format=byte-stream,alignment=au ! "
      "appsink name=sink sync=false";
  GstElement* pipeline = parse(description);
  gst_element_set_state(pipeline, GST_STATE_PLAYING);
  while (GstSample* sample = gst_app_sink_pull_sample(GST_APP_SINK(child(pipeline, "sink")))) {
    if (!packets.caps) packets.caps = gst_caps_ref(gst_sample_get_caps(sample));
    packets.buffers.push_back(gst_buffer_ref(gst_sample_get_buffer(sample)));
    gst_sample_unref(sample);
  }
  gst_element_set_state(pipeline, GST_STATE_NULL);
  gst_object_unref(pipeline);
}

double resident_mib() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmRSS:")) return std::atof(line.c_str() + 6) / 1024;
  return 0;
}

GstPadProbeReturn count(GstPad*, GstPadProbeInfo*, gpointer data) {
  ++*static_cast<std::atomic<int>*>(data);
  return GST_PAD_PROBE_OK;
}

void feed(GstElement* source, const Packets& packets, int frames) {
  for (int i = 0; i < frames; ++i) {
    GstBuffer* packet = gst_buffer_copy(packets.buffers[static_cast<std::size_t>(i) % packets.buffers.size()]);
    GST_BUFFER_PTS(packet) = GST_BUFFER_DTS(packet) = gst_util_uint64_scale(i, GST_SECOND, kRate);
    GST_BUFFER_DURATION(packet) = GST_SECOND / kRate;
    if (gst_app_src_push_buffer(GST_APP_SRC(source), packet) != GST_FLOW_OK) stop("the stream ended early");
    const int minute = i / kLoop;
    if (i % kLoop == 0 && (minute == 5 || minute == 30 || minute % 10 == 0))
      std::printf("minute %3d: %.0f MiB resident\n", minute, resident_mib()), std::fflush(stdout);
  }
  gst_app_src_end_of_stream(GST_APP_SRC(source));
}

struct Told {
  int events = 0, clips = 0, skipped = 0, warnings = 0;
};

/** Until the end of the stream. */
Told drain(GstElement* pipeline) {
  Told told;
  GstBus* bus = gst_element_get_bus(pipeline);
  for (bool running = true; running;) {
    GstMessage* message = gst_bus_timed_pop(bus, GST_CLOCK_TIME_NONE);
    told.events += gst_message_has_name(message, "gvl-event");
    told.clips += gst_message_has_name(message, "gvl-clip");
    told.skipped += gst_message_has_name(message, "gvl-skipped");
    told.warnings += GST_MESSAGE_TYPE(message) == GST_MESSAGE_WARNING;
    if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR) {
      GError* error = nullptr;
      gst_message_parse_error(message, &error, nullptr);
      stop(error->message);
    }
    running = GST_MESSAGE_TYPE(message) != GST_MESSAGE_EOS;
    gst_message_unref(message);
  }
  gst_object_unref(bus);
  return told;
}

int bench_live(int minutes) {
  Packets packets;
  encode("smpte", kLoop - 5 * kRate, packets);
  encode("black", 5 * kRate, packets);
  const gvl::test::TemporaryFolder folder;
  GstElement* pipeline = parse(
      "appsrc name=source is-live=true format=time block=true max-bytes=4000000 ! tee name=t ! queue ! "
      "gvlclipper name=clips location=" +
      folder.path().string() +
      "/%{id}.mkv t. ! queue ! avdec_h264 max-threads=1 ! gvlground name=ground query=\"the screen is black\" ! "
      "fakesink sync=false async=false ground.events ! queue ! clips.events");
  GstElement* source = child(pipeline, "source");
  gst_app_src_set_caps(GST_APP_SRC(source), packets.caps);
  std::atomic<int> arrived{0};
  GstPad* pad = gst_element_get_static_pad(child(pipeline, "clips"), "sink");
  gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER, count, &arrived, nullptr);
  gst_object_unref(pad);
  gst_element_set_state(pipeline, GST_STATE_PLAYING);
  feed(source, packets, minutes * kLoop);
  const Told told = drain(pipeline);
  std::printf("minute %3d: %.0f MiB resident\n", minutes, resident_mib());
  gst_element_set_state(pipeline, GST_STATE_NULL);
  std::printf("frames of the encoded branch: %d sent, %d arrived\n", minutes * kLoop, arrived.load());
  std::printf("%d events, %d clips, %d warnings of clips; %d segments left out\n", told.events, told.clips,
              told.warnings, told.skipped);
  gst_object_unref(pipeline);
  for (GstBuffer* buffer : packets.buffers) gst_buffer_unref(buffer);
  gst_caps_unref(packets.caps);
  return arrived == minutes * kLoop ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  gst_init(&argc, &argv);
  const char* what = argc > 1 ? argv[1] : "";
  if (!std::strcmp(what, "segmenter")) return bench_segmenter(argc > 2 ? std::atoi(argv[2]) : 20000);
  if (!std::strcmp(what, "live")) return bench_live(argc > 2 ? std::atoi(argv[2]) : 60);
  std::fprintf(stderr, "usage: gvl-stream-bench segmenter [FRAMES] | live [MINUTES]\n");
  return 1;
}
