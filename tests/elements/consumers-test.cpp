/* SPDX-License-Identifier: LGPL-2.1-or-later */

// The events pad and the elements that it is for, in one pipeline with the video: what arrives, and that nothing stands
// still, however rare events are.

#include <algorithm>

#include "fake-model.hpp"
#include "gvlcontext.hpp"
#include "gvlevent.h"
#include "stream.hpp"
#include "support/temporary.hpp"

using gvl::test::FakeModel;

namespace {

// 10 seconds; an event from 0.25 to 0.5 s of each second.
const std::string kVideo =
    "videotestsrc num-buffers=250 pattern=black ! video/x-raw,format=I420,width=320,height=180,framerate=25/1 ! ";
const std::string kGround = "gvlground name=g query=when window-duration=1000000000 window-overlap=0 ";
constexpr int kFrames = 250;
constexpr int kEvents = 10;
constexpr GstClockTime kDeadline = 20 * GST_SECOND;

enum class Say { kAlways, kNever };

gvl::Answer guess(const gvl::Query& query, double duration) {
  gvl::Answer answer;
  answer.query = query;
  answer.intervals = {{0, duration, 0, ""}};
  return answer;
}

/** A pipeline around the video that emits its events, or never one, on the pad. */
class Pipeline {
 public:
  explicit Pipeline(const std::string& line, Say say = Say::kAlways) {
    GError* error = nullptr;
    element_ = gst_parse_launch((kVideo + line).c_str(), &error);
    fail_unless(element_ != nullptr && !error, "%s", error ? error->message : "");
    auto config = gvl::test::fake_model_config();
    config.min_confidence = 0.4;
    const auto model = std::make_shared<FakeModel>(config);
    if (say == Say::kNever) model->answer_with(guess);
    GstContext* context = gvl::gst::model_context_new(model);
    gst_element_set_context(element_, context);
    gst_context_unref(context);
  }
  ~Pipeline() {
    gst_element_set_state(element_, GST_STATE_NULL);
    gst_object_unref(element_);
  }
  Pipeline(const Pipeline&) = delete;
  Pipeline& operator=(const Pipeline&) = delete;

  // Counts, and hands on, what arrives at the sink of this name.
  void watch(const char* sink, std::function<void(GstBuffer*)> on_buffer) {
    GstElement* element = gst_bin_get_by_name(GST_BIN(element_), sink);
    GstPad* pad = gst_element_get_static_pad(element, "sink");
    watched_.push_back(std::make_unique<std::function<void(GstBuffer*)>>(std::move(on_buffer)));
    const auto probe = [](GstPad*, GstPadProbeInfo* info, gpointer data) {
      (*static_cast<std::function<void(GstBuffer*)>*>(data))(GST_PAD_PROBE_INFO_BUFFER(info));
      return GST_PAD_PROBE_OK;
    };
    gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER, probe, watched_.back().get(), nullptr);
    gst_object_unref(pad);
    gst_object_unref(element);
  }

  void run() {
    gst_element_set_state(element_, GST_STATE_PLAYING);
    GstBus* bus = gst_element_get_bus(element_);
    const auto types = static_cast<GstMessageType>(GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
    GstMessage* message = gst_bus_timed_pop_filtered(bus, kDeadline, types);
    gst_object_unref(bus);
    fail_unless(message != nullptr, "the pipeline stands still");
    GError* error = nullptr;
    if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR) gst_message_parse_error(message, &error, nullptr);
    fail_unless(!error, "%s", error ? error->message : "");
    gst_message_unref(message);
  }

 private:
  GstElement* element_;
  std::vector<std::unique_ptr<std::function<void(GstBuffer*)>>> watched_;
};

/** A file's name in a folder that goes away. */
class File {
 public:
  explicit File(const char* name) : path_((folder_ / name).string()) {}

  std::string sink() const { return "filesink location=\"" + path_ + "\" "; }
  const std::string& path() const { return path_; }
  std::string content() const { return gvl::test::read_file(path_); }

 private:
  gvl::test::TemporaryFolder folder_;
  std::string path_;
};

bool missing(std::initializer_list<const char*> factories) {
  for (const char* name : factories) {
    GstElementFactory* factory = gst_element_factory_find(name);
    if (!factory) {
      g_printerr("not tested: there is no %s\n", name);
      return true;
    }
    gst_object_unref(factory);
  }
  return false;
}

// Whether the frame is shown while an event lasts.
bool within_an_event(GstBuffer* frame) {
  const auto offset = GST_BUFFER_PTS(frame) % GST_SECOND;
  return offset + GST_BUFFER_DURATION(frame) > GST_SECOND / 4 && offset < GST_SECOND / 2;
}

// The video is late by more than the windows that are not answered yet, so that each text is there before its frames.
GVL_TEST(textoverlay_shows_events_while_they_last) {
  if (missing({"textoverlay"})) return;
  for (const Say say : {Say::kAlways, Say::kNever}) {
    // At its own pace: textoverlay takes one text at a time.
    Pipeline pipeline(
        "tee name=t ! queue max-size-time=0 max-size-bytes=0 max-size-buffers=0 min-threshold-time=7000000000 ! "
        "textoverlay name=o ! fakesink name=video sync=true async=false t. ! queue ! " +
            kGround + "! fakesink async=false g.events ! o.text_sink",
        say);
    int frames = 0, shown = 0, expected = 0, wrong = 0;
    pipeline.watch("video", [&](GstBuffer* buffer) {
      ++frames;
      GstMapInfo map;
      gst_buffer_map(buffer, &map, GST_MAP_READ);
      const bool text = std::any_of(map.data, map.data + 320 * 180, [](guint8 value) { return value > 128; });
      gst_buffer_unmap(buffer, &map);
      const bool wanted = say == Say::kAlways && within_an_event(buffer);
      expected += wanted;
      shown += text && wanted;
      wrong += text && !wanted;
    });
    pipeline.run();
    fail_unless_equals_int(frames, kFrames);
    fail_unless_equals_int(wrong, 0);
    // Where frames that are late follow one another at once, textoverlay may not have its next text yet.
    fail_unless(shown >= expected * 7 / 10, "%d of %d frames", shown, expected);
  }
}

GVL_TEST(textoverlay_without_delay_stops_nothing) {
  if (missing({"textoverlay"})) return;
  for (const Say say : {Say::kAlways, Say::kNever}) {
    Pipeline pipeline(kGround + "! textoverlay name=t ! fakesink name=video g.events ! t.text_sink", say);
    int frames = 0;
    pipeline.watch("video", [&](GstBuffer*) { ++frames; });
    pipeline.run();
    fail_unless_equals_int(frames, kFrames);
  }
}

// What a Matroska file holds: its frames, and its texts with their times.
void read_back(const File& file, int* frames, std::vector<GstClockTime>* texts) {
  const std::string line = "filesrc location=\"" + file.path() +
                           "\" ! matroskademux name=d d.video_0 ! queue ! fakesink name=video "
                           "d.subtitle_0 ! queue ! fakesink name=text async=false";
  GstElement* pipeline = gst_parse_launch(line.c_str(), nullptr);
  const auto count = [](GstElement*, GstBuffer*, GstPad*, gpointer data) { ++*static_cast<int*>(data); };
  const auto keep = [](GstElement*, GstBuffer* buffer, GstPad*, gpointer data) {
    if (gst_buffer_get_size(buffer) > 0)
      static_cast<std::vector<GstClockTime>*>(data)->push_back(GST_BUFFER_PTS(buffer));
  };
  for (const char* name : {"video", "text"}) {
    GstElement* sink = gst_bin_get_by_name(GST_BIN(pipeline), name);
    g_object_set(sink, "signal-handoffs", TRUE, nullptr);
    if (g_str_equal(name, "video"))
      g_signal_connect(sink, "handoff", G_CALLBACK(+count), frames);
    else
      g_signal_connect(sink, "handoff", G_CALLBACK(+keep), texts);
    gst_object_unref(sink);
  }
  gst_element_set_state(pipeline, GST_STATE_PLAYING);
  GstBus* bus = gst_element_get_bus(pipeline);
  GstMessage* message =
      gst_bus_timed_pop_filtered(bus, kDeadline, static_cast<GstMessageType>(GST_MESSAGE_EOS | GST_MESSAGE_ERROR));
  fail_unless(message && GST_MESSAGE_TYPE(message) == GST_MESSAGE_EOS);
  gst_message_unref(message);
  gst_object_unref(bus);
  gst_element_set_state(pipeline, GST_STATE_NULL);
  gst_object_unref(pipeline);
}

GVL_TEST(matroskamux_takes_events_as_subtitles) {
  if (missing({"matroskamux", "vp8enc"})) return;
  for (const Say say : {Say::kAlways, Say::kNever}) {
    const File file("out.mkv");
    Pipeline pipeline(kGround + "! vp8enc deadline=1 ! queue ! matroskamux name=m ! " + file.sink() +
                          "g.events ! text/x-raw,format=utf8 ! queue ! identity name=busy ! m.subtitle_0",
                      say);
    // The last text is on its way for a while yet when the video is over.
    pipeline.watch("busy", [](GstBuffer* text) {
      if (GST_BUFFER_PTS(text) > (kEvents - 1) * GST_SECOND) g_usleep(100000);
    });
    pipeline.run();
    int frames = 0;
    std::vector<GstClockTime> texts;
    read_back(file, &frames, &texts);
    fail_unless_equals_int(frames, kFrames);
    std::string times;
    for (const auto text : texts) times.append(" ").append(std::to_string(text));
    fail_unless(texts.size() == (say == Say::kAlways ? kEvents : 0), "texts at%s", times.c_str());
    for (std::size_t i = 0; i < texts.size(); ++i) fail_unless_equals_uint64(texts[i], i * GST_SECOND + GST_SECOND / 4);
  }
}

int count_of(const std::string& text, const std::string& what) {
  int count = 0;
  for (auto at = text.find(what); at != text.npos; at = text.find(what, at + 1)) ++count;
  return count;
}

GVL_TEST(webvttenc_writes_events_as_captions) {
  if (missing({"webvttenc"})) return;
  const File file("out.vtt");
  Pipeline pipeline(kGround + "! fakesink g.events ! webvttenc ! " + file.sink() + "async=false");
  pipeline.run();
  const auto text = file.content();
  fail_unless(g_str_has_prefix(text.c_str(), "WEBVTT"));
  fail_unless_equals_int(count_of(text, "From a quarter to a half."), kEvents);
  fail_unless_equals_int(count_of(text, "00:00:03.250 --> 00:00:03.500"), 1);
}

GVL_TEST(filesink_writes_events_as_lines_of_json) {
  for (const Say say : {Say::kAlways, Say::kNever}) {
    const File file("out.jsonl");
    Pipeline pipeline(kGround + "! fakesink g.events ! application/x-json ! " + file.sink() + "async=false", say);
    pipeline.run();
    GError* error = nullptr;
    GPtrArray* events = gvl_events_load(file.path().c_str(), &error);
    fail_unless(events != nullptr, "%s", error ? error->message : "");
    fail_unless_equals_int(events->len, say == Say::kAlways ? kEvents : 0);
    for (guint i = 0; i < events->len; ++i) {
      const auto* event = static_cast<GstStructure*>(g_ptr_array_index(events, i));
      fail_unless_equals_uint64(gvl::test::uint64_of(event, "start"), i * GST_SECOND + GST_SECOND / 4);
    }
    g_ptr_array_unref(events);
  }
}

// ---- the pad's end ----------------------------------------------------------------------------------------------

/** A pipeline whose events branch stands still, as its sink waits for the pipeline to play. */
class BlockedBranch {
 public:
  explicit BlockedBranch(const char* ground) {
    const std::string line = std::string("videotestsrc num-buffers=250 ! ") +
                             "video/x-raw,format=GRAY8,width=16,height=16,framerate=25/1 ! " + ground +
                             " name=g ! fakesink name=video g.events ! fakesink name=events";
    element_ = gst_parse_launch(line.c_str(), nullptr);
    fail_unless(element_ != nullptr);
    GstContext* context = gvl::gst::model_context_new(std::make_shared<FakeModel>());
    gst_element_set_context(element_, context);
    gst_context_unref(context);
    gst_element_set_state(element_, GST_STATE_PAUSED);
    fail_unless_equals_int(gst_element_get_state(element_, nullptr, nullptr, kDeadline), GST_STATE_CHANGE_SUCCESS);
    // Both sinks have something: the next push does not come back.
  }
  ~BlockedBranch() {
    gst_element_set_state(element_, GST_STATE_NULL);
    gst_object_unref(element_);
  }
  BlockedBranch(const BlockedBranch&) = delete;
  BlockedBranch& operator=(const BlockedBranch&) = delete;

  GstElement* child(const char* name) const {
    GstElement* found = gst_bin_get_by_name(GST_BIN(element_), name);
    gst_object_unref(found);  // the pipeline holds it
    return found;
  }

  void plays_to_its_end() {
    GstElement* sink = child("events");
    gst_element_set_state(sink, GST_STATE_NULL);
    gst_bin_remove(GST_BIN(element_), sink);
    gst_element_set_state(element_, GST_STATE_PLAYING);
    GstBus* bus = gst_element_get_bus(element_);
    GstMessage* message =
        gst_bus_timed_pop_filtered(bus, kDeadline, static_cast<GstMessageType>(GST_MESSAGE_EOS | GST_MESSAGE_ERROR));
    gst_object_unref(bus);
    fail_unless(message && GST_MESSAGE_TYPE(message) == GST_MESSAGE_EOS);
    gst_message_unref(message);
  }

 private:
  GstElement* element_;
};

const char* const kGrounds[] = {"gvlground query=when",
                                "gvlsegmenter ! gvlspatialencoder ! gvltemporalencoder ! gvlfuser ! gvlgroundedllm "
                                "query=when"};

/** How long something took; it may take a second, and a busy machine a few. */
void expect_soon(const char* what, gint64 since) {
  const auto took = static_cast<double>(g_get_monotonic_time() - since) / G_USEC_PER_SEC;
  fail_unless(took < 10, "%s took %.1f s", what, took);
}

GVL_TEST(a_pad_whose_sink_stands_still_is_released) {
  for (const char* ground : kGrounds) {
    BlockedBranch branch(ground);
    GstElement* element = branch.child("g");
    GstPad* pad = gst_element_get_static_pad(element, "events");
    const auto begin = g_get_monotonic_time();
    gst_element_release_request_pad(element, pad);
    expect_soon("to release the pad", begin);
    gst_object_unref(pad);
    fail_unless(gst_element_get_static_pad(element, "events") == nullptr);
    branch.plays_to_its_end();
  }
}

GVL_TEST(an_element_whose_events_stand_still_is_stopped) {
  BlockedBranch branch(kGrounds[1]);
  GstElement* element = branch.child("g");
  // Its video stands still as well, which is for the application to end.
  gst_element_set_state(branch.child("video"), GST_STATE_READY);
  const auto begin = g_get_monotonic_time();
  gst_element_set_state(element, GST_STATE_READY);
  expect_soon("to stop the element", begin);
}

}  // namespace
