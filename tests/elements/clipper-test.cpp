/* SPDX-License-Identifier: LGPL-2.1-or-later */

// gvlclipper: which frames are in its files, and what becomes of those in trouble.

#include <gst/app/gstappsink.h>
#include <gst/app/gstappsrc.h>

#include <sys/resource.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "gvlevent.h"
#include "stream.hpp"
#include "support/temporary.hpp"

using gvl::test::make_frame;
using gvl::test::stat_of;
using gvl::test::uint64_of;

namespace {

namespace fs = std::filesystem;

constexpr int kRate = 10;
constexpr GstClockTime kFrame = GST_SECOND / kRate;

class Folder : public gvl::test::TemporaryFolder {
 public:
  std::string operator/(const char* name) const { return (path() / name).string(); }
  std::size_t files() const {
    return static_cast<std::size_t>(
        std::distance(fs::recursive_directory_iterator(path()), fs::recursive_directory_iterator()));
  }
};

constexpr const char* kRaw = "";
// A keyframe a second.
constexpr const char* kEncoded =
    "vp8enc deadline=1 keyframe-max-dist=10 min-quantizer=0 max-quantizer=2 "
    "target-bitrate=20000000 ! ";

/** A pipeline of frames whose brightness is twice their number, into a clipper. */
class Clipping {
 public:
  Clipping(const char* encoder, const std::string& properties) {
    const std::string line = std::string("appsrc name=src format=time block=true ! ") + encoder +
                             "gvlclipper name=clipper encoder=\"jpegenc quality=100\" pre-roll=500000000 "
                             "post-roll=500000000 " +
                             properties;
    GError* error = nullptr;
    pipeline_ = gst_parse_launch(line.c_str(), &error);
    fail_unless(pipeline_ && !error, "%s", error ? error->message : "");
    source_ = gst_bin_get_by_name(GST_BIN(pipeline_), "src");
    clipper_ = gst_bin_get_by_name(GST_BIN(pipeline_), "clipper");
    bus_ = gst_element_get_bus(pipeline_);
    GstCaps* caps = gst_caps_from_string("video/x-raw,format=I420,width=64,height=48,framerate=10/1");
    gst_video_info_from_caps(&info_, caps);
    gst_app_src_set_caps(GST_APP_SRC(source_), caps);
    gst_caps_unref(caps);
  }
  ~Clipping() {
    stop();
    gst_object_unref(bus_);
    gst_object_unref(source_);
    gst_object_unref(clipper_);
    gst_object_unref(pipeline_);
  }
  Clipping(const Clipping&) = delete;
  Clipping& operator=(const Clipping&) = delete;

  GstElement* clipper() const { return clipper_; }
  void start() { fail_if(gst_element_set_state(pipeline_, GST_STATE_PLAYING) == GST_STATE_CHANGE_FAILURE); }
  void stop() { gst_element_set_state(pipeline_, GST_STATE_NULL); }

  void push(int first, int last) {
    for (int i = first; i < last; ++i) {
      const GstClockTime time = static_cast<GstClockTime>(i) * kFrame;
      fail_unless_equals_int(gst_app_src_push_buffer(GST_APP_SRC(source_), make_frame(info_, 2 * i, time, kFrame)),
                             GST_FLOW_OK);
    }
  }
  void end() { gst_app_src_end_of_stream(GST_APP_SRC(source_)); }

  /** Until the pipeline ends; the element messages gvl-clip, and warnings, are kept. */
  void wait() {
    for (bool over = false; !over;) {
      GstMessage* message = gst_bus_timed_pop(bus_, GST_CLOCK_TIME_NONE);
      over = GST_MESSAGE_TYPE(message) == GST_MESSAGE_EOS;
      take(message);
    }
  }
  void take_messages() {
    while (GstMessage* message = gst_bus_pop(bus_)) take(message);
  }
  void wait_for_frames(guint64 frames) {
    while (stat("frames") < frames) g_usleep(1000);
  }
  guint64 stat(const char* name) const { return stat_of(clipper_, name); }

  std::vector<std::string> clips;  ///< locations, as the messages say
  std::vector<std::string> warnings;

 private:
  void take(GstMessage* message) {
    if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ELEMENT && gst_message_has_name(message, "gvl-clip"))
      clips.emplace_back(gst_structure_get_string(gst_message_get_structure(message), "location"));
    if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_WARNING || GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR) {
      GError* error = nullptr;
      if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_WARNING)
        gst_message_parse_warning(message, &error, nullptr);
      else
        gst_message_parse_error(message, &error, nullptr);
      fail_unless(GST_MESSAGE_TYPE(message) == GST_MESSAGE_WARNING, "%s", error->message);
      warnings.emplace_back(error->message);
      g_error_free(error);
    }
    gst_message_unref(message);
  }

  GstElement* pipeline_;
  GstElement* source_;
  GstElement* clipper_;
  GstBus* bus_;
  GstVideoInfo info_;
};

/** Frame numbers in a file, by their brightness. */
std::vector<int> frames_in(const std::string& file) {
  const std::string line = "filesrc location=\"" + file +
                           "\" ! decodebin ! videoconvert ! video/x-raw,format=GRAY8 ! "
                           "appsink name=sink sync=false";
  GError* error = nullptr;
  GstElement* pipeline = gst_parse_launch(line.c_str(), &error);
  fail_unless(pipeline && !error);
  GstElement* sink = gst_bin_get_by_name(GST_BIN(pipeline), "sink");
  gst_element_set_state(pipeline, GST_STATE_PLAYING);
  std::vector<int> numbers;
  while (GstSample* sample = gst_app_sink_pull_sample(GST_APP_SINK(sink))) {
    guint8 brightness = 0;
    gst_buffer_extract(gst_sample_get_buffer(sample), 64 * 20 + 20, &brightness, 1);
    numbers.push_back((brightness + 1) / 2);
    gst_sample_unref(sample);
  }
  gst_element_set_state(pipeline, GST_STATE_NULL);
  gst_object_unref(sink);
  gst_object_unref(pipeline);
  return numbers;
}

void expect_frames(const std::string& file, int from, int to) {
  const auto numbers = frames_in(file);
  std::ostringstream seen;
  for (const int number : numbers) seen << number << ' ';
  const int count = static_cast<int>(numbers.size());
  fail_unless(count == to - from, "%d frames, not %d: %s", count, to - from, seen.str().c_str());
  for (int i = from; i < to; ++i)
    fail_unless(std::abs(numbers[static_cast<std::size_t>(i - from)] - i) <= 1, "%s", seen.str().c_str());
}

GstStructure* description_of(const std::string& clip) {
  std::ifstream stream(fs::path(clip).replace_extension(".json"));
  std::stringstream text;
  text << stream.rdbuf();
  GstStructure* event = gvl_event_from_json(text.str().c_str(), nullptr);
  fail_unless(event != nullptr, "%s", text.str().c_str());
  return event;
}

std::string text_of(const std::string& file) {
  std::ifstream stream(file);
  std::stringstream text;
  text << stream.rdbuf();
  return text.str();
}

std::string write_events(const Folder& folder, const char* lines) {
  const std::string file = folder / "events.jsonl";
  std::ofstream(file) << lines;
  return "events=\"" + file + "\" ";
}

std::string at(const Folder& folder, const char* pattern) { return "location=\"" + (folder / pattern) + "\" "; }

/** All of a video of ten seconds. */
void run(Clipping& clipping) {
  clipping.start();
  clipping.push(0, 100);
  clipping.end();
  clipping.wait();
}

constexpr const char* kEvent = "{\"id\":7,\"query\":\"it rains\",\"start\":3000000000,\"stop\":5000000000}\n";
constexpr const char* kBetween = "{\"id\":7,\"query\":\"it rains\",\"start\":3450000000,\"stop\":5000000000}\n";

GVL_TEST(raw_video_is_cut_to_the_frame) {
  const Folder folder;
  Clipping clipping(kRaw, at(folder, "%{id}.mkv") + write_events(folder, kEvent));
  run(clipping);
  fail_unless_equals_int(clipping.clips.size(), 1);
  fail_unless(clipping.clips[0] == folder / "00007.mkv", "%s", clipping.clips[0].c_str());
  expect_frames(clipping.clips[0], 25, 55);
  GstStructure* event = description_of(clipping.clips[0]);
  fail_unless_equals_uint64(uint64_of(event, "id"), 7);
  gst_structure_free(event);
  const std::string text = text_of(folder / "00007.json");
  fail_unless(text.find("\"clip-start\":2500000000,\"clip-stop\":5500000000,\"file\":\"00007.mkv\"") != text.npos, "%s",
              text.c_str());
}

GVL_TEST(encoded_video_is_cut_at_a_keyframe) {
  const Folder folder;
  Clipping clipping(kEncoded, at(folder, "%{id}.mkv") + write_events(folder, kBetween));
  run(clipping);
  // 3.45 s less half a second is within the second that began at 2 s.
  expect_frames(folder / "00007.mkv", 20, 55);
  fail_unless(text_of(folder / "00007.json").find("\"clip-start\":2000000000,\"clip-stop\":5500000000") !=
              std::string::npos);
}

GVL_TEST(encoded_video_is_cut_to_the_frame_where_asked) {
  const Folder folder;
  Clipping clipping(kEncoded, at(folder, "%{id}.mkv") + "accurate=true " + write_events(folder, kEvent));
  run(clipping);
  expect_frames(folder / "00007.mkv", 25, 55);
  fail_unless(text_of(folder / "00007.json").find("\"clip-start\":2500000000,\"clip-stop\":5500000000") !=
              std::string::npos);
}

GVL_TEST(overlapping_events_have_a_clip_each) {
  const Folder folder;
  Clipping clipping(kRaw,
                    at(folder, "%{id}.mkv") + write_events(folder,
                                                           "{\"id\":1,\"start\":3000000000,\"stop\":5000000000}\n"
                                                           "{\"id\":2,\"start\":4000000000,\"stop\":7000000000}\n"
                                                           "{\"id\":3,\"start\":9000000000,\"stop\":20000000000}\n"));
  run(clipping);
  fail_unless_equals_int(clipping.clips.size(), 3);
  expect_frames(folder / "00001.mkv", 25, 55);
  expect_frames(folder / "00002.mkv", 35, 75);
  expect_frames(folder / "00003.mkv", 85, 100);
}

GVL_TEST(events_may_come_when_the_video_is_over) {
  const Folder folder;
  Clipping clipping(kEncoded, at(folder, "%{id}.mkv"));
  GstPad* pad = gst_element_request_pad_simple(clipping.clipper(), "events");
  fail_unless(pad != nullptr);
  clipping.start();
  clipping.push(0, 100);
  clipping.end();
  clipping.wait_for_frames(100);
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  gst_pad_send_event(pad, gst_event_new_stream_start("events"));
  GstCaps* caps = gst_caps_from_string("application/x-json");
  gst_pad_send_event(pad, gst_event_new_caps(caps));
  gst_caps_unref(caps);
  gst_pad_send_event(pad, gst_event_new_segment(&segment));
  GstBuffer* line = gst_buffer_new_memdup(kEvent, strlen(kEvent));
  fail_unless_equals_int(gst_pad_chain(pad, line), GST_FLOW_OK);
  gst_pad_chain(pad, gst_buffer_new_memdup("nonsense\n", 9));
  clipping.take_messages();
  fail_unless_equals_int(clipping.warnings.size(), 1);
  gst_pad_send_event(pad, gst_event_new_eos());
  clipping.wait();
  expect_frames(folder / "00007.mkv", 20, 55);
  gst_element_release_request_pad(clipping.clipper(), pad);
  gst_object_unref(pad);
}

GVL_TEST(events_older_than_what_is_kept_are_warnings) {
  const Folder folder;
  Clipping clipping(kRaw, at(folder, "%{id}.mkv") + "history=3000000000");
  GstPad* pad = gst_element_request_pad_simple(clipping.clipper(), "events");
  clipping.start();
  clipping.push(0, 100);
  clipping.end();
  // All have come when the last has: the pipeline ends only with the events.
  while (clipping.stat("last") < 9900 * GST_MSECOND) g_usleep(1000);
  gst_pad_send_event(pad, gst_event_new_stream_start("events"));
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  gst_pad_send_event(pad, gst_event_new_segment(&segment));
  const char* lines =
      "{\"id\":1,\"start\":1000000000,\"stop\":2000000000}\n"
      "{\"id\":2,\"start\":5000000000,\"stop\":8000000000}\n";
  gst_pad_chain(pad, gst_buffer_new_memdup(lines, strlen(lines)));
  gst_pad_send_event(pad, gst_event_new_eos());
  clipping.wait();
  // Of the last three seconds, 6.9 s and on, the second event has 1.6 s with what follows it.
  fail_unless_equals_int(clipping.warnings.size(), 2);
  fail_unless(clipping.warnings[0].find("no clip") != std::string::npos, "%s", clipping.warnings[0].c_str());
  fail_unless(clipping.warnings[1].find("late") != std::string::npos, "%s", clipping.warnings[1].c_str());
  fail_if(fs::exists(folder / "00001.mkv"));
  expect_frames(folder / "00002.mkv", 69, 85);
  fail_unless_equals_uint64(clipping.stat("late"), 2);
  gst_element_release_request_pad(clipping.clipper(), pad);
  gst_object_unref(pad);
}

GVL_TEST(names_are_sanitised_and_nothing_is_overwritten) {
  const Folder folder;
  const char* events =
      "{\"id\":1,\"query\":\"../../a b/c\",\"start\":1000000000,\"stop\":1200000000,\"confidence\":0.874}\n"
      "{\"id\":1,\"query\":\"../../a b/c\",\"start\":1000000000,\"stop\":1200000000,\"confidence\":0.874}\n";
  Clipping clipping(kRaw, at(folder, "x/%{query} %{start} %{confidence}.mkv") + write_events(folder, events));
  run(clipping);
  fail_unless(fs::exists(folder / "x/_._.._a_b_c 00-00-01.000 87.mkv"));
  fail_unless(fs::exists(folder / "x/_._.._a_b_c 00-00-01.000 87-2.mkv"));
  fail_unless(fs::exists(folder / "x/_._.._a_b_c 00-00-01.000 87-2.json"));
}

GVL_TEST(names_say_which_camera_and_what_time) {
  const Folder folder;
  const std::string lines =
      "{\"id\":1,\"start\":3000000000,\"stop\":4000000000,\"source\":\"../gate/1\","
      "\"utc-start\":\"2026-01-31T12:00:00.123Z\",\"utc-stop\":\"2026-01-31T12:00:01.123Z\"}\n"
      "{\"id\":2,\"start\":3000000000,\"stop\":4000000000}\n";
  Clipping clipping(kRaw, at(folder, "%{source}-%{utc}.mkv") + write_events(folder, lines.c_str()));
  run(clipping);
  fail_unless_equals_int(clipping.clips.size(), 2);
  const std::string named = folder / "_._gate_1-20260131T120000.123Z.mkv";
  fail_unless(std::count(clipping.clips.begin(), clipping.clips.end(), named) == 1, "%s", clipping.clips[0].c_str());
  fail_unless(std::count(clipping.clips.begin(), clipping.clips.end(), folder / "_-no-utc.mkv") == 1);
  GstStructure* event = description_of(named);
  fail_unless_equals_string(gst_structure_get_string(event, "source"), "../gate/1");
  fail_unless_equals_string(gst_structure_get_string(event, "utc-start"), "2026-01-31T12:00:00.123Z");
  gst_structure_free(event);
}

GVL_TEST(a_pipeline_that_ends_early_leaves_whole_files) {
  const Folder folder;
  Clipping clipping(kEncoded, at(folder, "%{id}.mkv") +
                                  write_events(folder, "{\"id\":7,\"start\":1000000000,\"stop\":9000000000}\n"));
  clipping.start();
  clipping.push(0, 60);
  clipping.wait_for_frames(50);
  clipping.stop();
  const auto numbers = frames_in(folder / "00007.mkv");
  fail_unless(numbers.size() >= 50, "%d frames", static_cast<int>(numbers.size()));
  fail_unless(fs::exists(folder / "00007.json"));
}

GVL_TEST(a_file_that_cannot_be_written_is_a_warning) {
  const Folder folder;
  std::ofstream(folder / "file") << "in the way";
  Clipping clipping(kRaw, at(folder, "file/%{id}.mkv") + write_events(folder, kEvent));
  run(clipping);
  fail_unless_equals_int(clipping.warnings.size(), 1);
  fail_unless(clipping.warnings[0].find(folder / "file") != std::string::npos, "%s", clipping.warnings[0].c_str());
  fail_unless_equals_uint64(clipping.stat("failed"), 1);

  // A disk that is full after some bytes.
  rlimit before;
  getrlimit(RLIMIT_FSIZE, &before);
  signal(SIGXFSZ, SIG_IGN);
  const rlimit small{20000, before.rlim_max};
  setrlimit(RLIMIT_FSIZE, &small);
  Clipping full(kRaw, at(folder, "full.avi") + "muxer=avimux " + write_events(folder, kEvent));
  run(full);
  setrlimit(RLIMIT_FSIZE, &before);
  fail_unless(full.clips.empty());
  fail_unless_equals_int(full.warnings.size(), 1);
  fail_unless(full.warnings[0].find("full.avi") != std::string::npos, "%s", full.warnings[0].c_str());
}

GVL_TEST(wrong_settings_are_named) {
  const Folder folder;
  {
    Clipping clipping(kRaw, at(folder, "%{id}.mkv") + "muxer=nomux " + write_events(folder, kEvent));
    run(clipping);
    fail_unless_equals_int(clipping.warnings.size(), 1);
    fail_unless(clipping.warnings[0].find("nomux") != std::string::npos, "%s", clipping.warnings[0].c_str());
  }
  GstElement* clipper = gst_element_factory_make("gvlclipper", nullptr);
  GstBus* bus = gst_bus_new();
  gst_element_set_bus(clipper, bus);
  g_object_set(clipper, "location", "%{name}.mkv", nullptr);
  fail_unless_equals_int(gst_element_set_state(clipper, GST_STATE_PAUSED), GST_STATE_CHANGE_FAILURE);
  GstMessage* message = gst_bus_pop_filtered(bus, GST_MESSAGE_ERROR);
  GError* error = nullptr;
  gst_message_parse_error(message, &error, nullptr);
  fail_unless(strstr(error->message, "%{name}") != nullptr, "%s", error->message);
  g_error_free(error);
  gst_message_unref(message);
  gst_element_set_state(clipper, GST_STATE_NULL);
  gst_element_set_bus(clipper, nullptr);
  gst_object_unref(bus);
  gst_object_unref(clipper);
}

GVL_TEST(releasing_the_events_pad_ends_the_stream) {
  const Folder folder;
  Clipping clipping(kRaw, at(folder, "%{id}.mkv") + write_events(folder, kEvent));
  GstPad* pad = gst_element_request_pad_simple(clipping.clipper(), "events");
  clipping.start();
  clipping.push(0, 100);
  clipping.end();
  while (clipping.stat("clips") < 1) g_usleep(1000);
  gst_element_release_request_pad(clipping.clipper(), pad);
  gst_object_unref(pad);
  clipping.wait();
  expect_frames(folder / "00007.mkv", 25, 55);
}

GVL_TEST(more_events_than_places_have_a_clip_each) {
  const Folder folder;
  std::string events;
  for (int i = 1; i <= 30; ++i)
    events += "{\"id\":" + std::to_string(i) + ",\"start\":3000000000,\"stop\":5000000000}\n";
  Clipping clipping(kRaw, at(folder, "%{id}.mkv") + "max-clips=2 " + write_events(folder, events.c_str()));
  run(clipping);
  fail_unless_equals_int(clipping.clips.size(), 30);
  fail_unless(clipping.warnings.empty());
  for (const std::string& clip : clipping.clips) expect_frames(clip, 25, 55);
}

GVL_TEST(events_that_find_no_place_in_time_are_warnings) {
  const Folder folder;
  const char* events =
      "{\"id\":1,\"start\":1000000000,\"stop\":9000000000}\n"
      "{\"id\":2,\"start\":2000000000,\"stop\":3000000000}\n"
      "{\"id\":3,\"start\":8500000000,\"stop\":9400000000}\n";
  Clipping clipping(kRaw, at(folder, "%{id}.mkv") + "max-clips=1 history=2000000000 " + write_events(folder, events));
  run(clipping);
  // The second is over, and no longer kept, when the first is closed.
  fail_unless_equals_int(clipping.warnings.size(), 1);
  fail_unless(clipping.warnings[0].find("Event 2") != std::string::npos, "%s", clipping.warnings[0].c_str());
  fail_unless_equals_uint64(clipping.stat("lost"), 1);
  expect_frames(folder / "00001.mkv", 5, 95);
  expect_frames(folder / "00003.mkv", 80, 99);
}

}  // namespace
