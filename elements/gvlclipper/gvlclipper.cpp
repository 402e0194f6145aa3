/* SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:element-gvlclipper
 * @title: gvlclipper
 * @short_description: cuts a clip of every event
 *
 * Keeps the last seconds of a video, raw or encoded, and writes those around each event into a file of its own, next to
 * a `.json` with the event and the file's exact times (`clip-start`, `clip-stop`: stream time in ns). It is a sink.
 *
 * Events come on the pad `events`, as application/x-json, from the pad of the same name of gvlgroundedllm or gvlground;
 * in the video itself, when that passed through one of them; or from a file (#GvlClipper:events).
 *
 * Encoded video is written as it is, from the last keyframe at or before the event, or decoded, cut to the frame and
 * encoded again (#GvlClipper:accurate). Raw video is always cut to the frame. Each clip is written by a pipeline of its
 * own: when the one around this element ends, its files are finished. A clip that cannot be written, an event older
 * than what is kept (#GvlClipper:history), are warnings; the stream goes on. Each complete clip is announced by an
 * element message `gvl-clip` with the event's fields, `location`, `clip-start` and `clip-stop`.
 *
 * Nothing that exists is opened or replaced. A clip grows in its file as its frames come, so that a process that is
 * killed has written all but the last second; its `.json` comes last. What a full disk has left of one is called
 * `.part`. At most #GvlClipper:max-clips are written at a time; further events wait for a place.
 *
 * What a file's edit list cuts away is not in its clips, and pictures that a tag turns are upright in them: where that
 * has to be, a clip is encoded again.
 *
 * The analysis knows an event when its window, or the next one, is over: keep at least so much history. Of video
 * without a keyframe within it nothing can be kept: that is a warning, too. On a live stream that tells of events while
 * they go on, a clip can begin then (#GvlClipper:alerts).
 *
 * What belongs to the video comes on the pads `audio_%u`, `subtitle_%u` and `data_%u`, as the muxer takes it: with
 * parsers before them, as before a muxer. What it does not take is a warning, and clips are without it. No stream waits
 * for another: a clip does, for the one that is behind, until that is silent for long.
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 filesrc location=VIDEO.mkv ! matroskademux ! tee name=t \
 *   t. ! queue max-size-time=0 max-size-buffers=0 ! gvlclipper name=clips location="clips/%{id}-%{query}.mkv" \
 *   t. ! queue ! decodebin ! gvlground name=g query="the picture freezes" window-duration=20000000000 ! fakesink \
 *   g.events ! queue ! clips.events
 * ]|
 *
 * Since: 0.2
 */

#include "gvlclipper.h"

#include <functional>
#include <memory>
#include <mutex>
#include <optional>

#include "clip-recorder.hpp"
#include "clip-settings.hpp"
#include "frame-intake.hpp"
#include "gvl/error.hpp"
#include "gvlevent.h"
#include "gvleventfile.hpp"
#include "gvlguard.hpp"
#include "gvlpads.hpp"
#include "gvlproperties.hpp"
#include "track-pad.hpp"

GST_DEBUG_CATEGORY(gvl_clipper_debug);
#define GST_CAT_DEFAULT gvl_clipper_debug

#define GVL_CLIPPER_VIDEO_CAPS                                                                                      \
  "video/x-raw; video/x-h264, alignment=(string)au; video/x-h265, alignment=(string)au; video/x-vp8; video/x-vp9; " \
  "video/x-av1; image/jpeg; video/mpeg, parsed=(boolean)true, systemstream=(boolean)false"

namespace {

using gvl::gst::ClipperSettings;
using gvl::gst::ClipRecorder;
using gvl::gst::FrameIntake;
using gvl::gst::Locked;

using MessagePointer = std::unique_ptr<GstMessage, decltype(&gst_message_unref)>;

struct ClipperState {
  ClipperState(GstElement* element, std::function<void()> on_idle) : recorder(element, std::move(on_idle)) {}

  /** With mutex, and of a video that is over. */
  bool has_all_events() const { return !events || events_ended; }

  ClipRecorder recorder;
  std::mutex requesting;  // one pad at a time
  std::mutex mutex;       // guards what follows
  ClipperSettings settings;
  GstPad* events = nullptr;  // owned by the element; NULL while it is not requested
  bool events_ended = false;
  MessagePointer end{nullptr, gst_message_unref};  // EOS of the video, while files are open or events may still come

  // Of the video's streaming thread.
  FrameIntake intake;
  std::string orientation;  // as the tags say
};

}  // namespace

struct _GvlClipper {
  GstBaseSink parent;
  ClipperState* state;
};

G_DEFINE_TYPE_WITH_CODE(GvlClipper, gvl_clipper, GST_TYPE_BASE_SINK,
                        GST_DEBUG_CATEGORY_INIT(gvl_clipper_debug, "gvlclipper", 0, "gvlclipper element"))
GST_ELEMENT_REGISTER_DEFINE(gvlclipper, "gvlclipper", GST_RANK_NONE, GVL_TYPE_CLIPPER)

static ClipperState& state_of(gpointer self) { return *GVL_CLIPPER(self)->state; }

// ---- video ------------------------------------------------------------------------------------------------------

// Keyframes may be marked as headers as well, and those of raw streams say only when they are decoded.
static bool is_header_alone(GstBuffer* buffer) {
  return GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_HEADER) && !GST_BUFFER_PTS_IS_VALID(buffer) &&
         !GST_BUFFER_DTS_IS_VALID(buffer);
}

static GstFlowReturn gvl_clipper_render(GstBaseSink* sink, GstBuffer* buffer) {
  auto& state = state_of(sink);
  if (is_header_alone(buffer)) return GST_FLOW_OK;
  auto frame = state.intake.take(sink->segment, buffer);
  if (!frame) {
    GST_ELEMENT_ERROR(sink, STREAM, FORMAT, ("The video frames have no timestamps."), (nullptr));
    return GST_FLOW_ERROR;
  }
  state.recorder.turned(state.orientation);
  if (frame->cut_away()) {
    // Nobody needs it to decode others.
    if (state.intake.raw()) return GST_FLOW_OK;
  } else if (state.intake.goes_back(frame->time)) {
    state.recorder.begin_session("the video went back in time");
  }
  state.recorder.frame(std::move(*frame));
  return GST_FLOW_OK;
}

// ---- the end ----------------------------------------------------------------------------------------------------

// The message EOS says that both branches are over and the files are closed. The base class posts it when the video is
// over, or when it plays again: then it is kept until the rest is true, too. To be asked again when any of that may
// have changed: when the last file is closed, the events end, or their pad is released.
static bool is_complete(const ClipperState& state) { return state.has_all_events() && state.recorder.idle(); }

static gboolean post(GvlClipper* self, GstMessage* message) {
  return GST_ELEMENT_CLASS(gvl_clipper_parent_class)->post_message(GST_ELEMENT(self), message);
}

static void end_if_complete(GvlClipper* self) {
  auto& state = state_of(self);
  bool no_news;
  {
    std::lock_guard lock(state.mutex);
    no_news = state.end && state.has_all_events();
  }
  if (no_news) state.recorder.give_up_alerts();
  MessagePointer end{nullptr, gst_message_unref};
  {
    std::lock_guard lock(state.mutex);
    if (is_complete(state)) end = std::move(state.end);
  }
  if (end) post(self, end.release());
}

static gboolean gvl_clipper_post_message(GstElement* element, GstMessage* message) {
  auto* self = GVL_CLIPPER(element);
  if (GST_MESSAGE_TYPE(message) != GST_MESSAGE_EOS) return post(self, message);
  {
    std::lock_guard lock(state_of(self).mutex);
    state_of(self).end.reset(message);
  }
  end_if_complete(self);
  return TRUE;
}

static void forget_end(ClipperState& state) {
  std::lock_guard lock(state.mutex);
  state.end.reset();
}

static void take_tags(ClipperState& state, GstEvent* event) {
  GstTagList* tags;
  gst_event_parse_tag(event, &tags);
  gchar* orientation = nullptr;
  if (!gst_tag_list_get_string(tags, GST_TAG_IMAGE_ORIENTATION, &orientation)) return;
  state.orientation = orientation;
  g_free(orientation);
}

static gboolean gvl_clipper_set_caps(GstBaseSink* sink, GstCaps* caps) {
  state_of(sink).intake.set_caps(caps);
  return TRUE;
}

static gboolean gvl_clipper_event(GstBaseSink* sink, GstEvent* event) {
  auto& state = state_of(sink);
  switch (GST_EVENT_TYPE(event)) {
    case GST_EVENT_FLUSH_START:
      state.recorder.let_wait(false);
      break;
    case GST_EVENT_FLUSH_STOP:
      state.recorder.let_wait(true);
      state.recorder.begin_session("the pipeline was flushed, as by a seek");
      state.intake.forget_time();
      forget_end(state);
      break;
    case GST_EVENT_STREAM_START:
      state.orientation.clear();
      forget_end(state);
      break;
    case GST_EVENT_TAG:
      take_tags(state, event);
      break;
    case GST_EVENT_EOS:
      state.recorder.end_of_frames();
      break;
    default:
      if (const GstStructure* found = gvl_event_parse_event(event)) state.recorder.add(found);
  }
  return GST_BASE_SINK_CLASS(gvl_clipper_parent_class)->event(sink, event);
}

// ---- events -----------------------------------------------------------------------------------------------------

static void take_line(GvlClipper* self, const gchar* line) {
  GError* error = nullptr;
  GstStructure* event = gvl_event_from_json(line, &error);
  if (!event) {
    GST_ELEMENT_WARNING(self, STREAM, FORMAT, ("An event on the pad events is not understood: %s", error->message),
                        ("%s", line));
    g_error_free(error);
    return;
  }
  state_of(self).recorder.add(event);
  gst_structure_free(event);
}

static GstFlowReturn gvl_clipper_events_chain(GstPad*, GstObject* parent, GstBuffer* buffer) {
  auto* self = GVL_CLIPPER(parent);
  GstMapInfo map;
  if (gst_buffer_map(buffer, &map, GST_MAP_READ)) {
    gchar* text = g_strndup(reinterpret_cast<const gchar*>(map.data), map.size);
    gst_buffer_unmap(buffer, &map);
    gchar** lines = g_strsplit(text, "\n", -1);
    for (gchar** line = lines; *line; ++line)
      if (*g_strstrip(*line)) take_line(self, *line);
    g_strfreev(lines);
    g_free(text);
  }
  gst_buffer_unref(buffer);
  return GST_FLOW_OK;
}

static gboolean gvl_clipper_events_event(GstPad* pad, GstObject* parent, GstEvent* event) {
  auto* self = GVL_CLIPPER(parent);
  const bool ends = GST_EVENT_TYPE(event) == GST_EVENT_EOS;
  const bool begins = GST_EVENT_TYPE(event) == GST_EVENT_STREAM_START || GST_EVENT_TYPE(event) == GST_EVENT_FLUSH_STOP;
  gst_event_unref(event);
  if (ends || begins) {
    std::lock_guard lock(state_of(self).mutex);
    state_of(self).events_ended = ends;
  }
  if (ends) end_if_complete(self);
  return TRUE;
}

static ClipRecorder& recorder_of(GstElement* element) { return state_of(element).recorder; }

static std::string muxer_of(GstElement* element) {
  auto& state = state_of(element);
  std::lock_guard lock(state.mutex);
  return state.settings.clips.muxer;
}

/** For what comes beside the video. */
static GstPad* request_track_pad(GstElement* element, GstPadTemplate* pad_template, const gchar* name) {
  auto& state = state_of(element);
  // Two at a time would find the same name.
  std::lock_guard requesting(state.requesting);
  const std::string wanted = name ? name : gvl::gst::free_name(element, pad_template);
  GstPad* pad = gvl::gst::new_track_pad(element, pad_template, wanted, {recorder_of, muxer_of});
  gvl::gst::add_request_pad(element, pad);
  return pad;
}

static GstPad* gvl_clipper_request_new_pad(GstElement* element, GstPadTemplate* pad_template, const gchar* name,
                                           const GstCaps*) {
  if (gvl::gst::is_track_template(pad_template)) return request_track_pad(element, pad_template, name);
  auto& state = state_of(element);
  GstPad* pad;
  {
    std::lock_guard lock(state.mutex);
    if (state.events) {
      GST_WARNING_OBJECT(element, "the pad events was requested already");
      return nullptr;
    }
    pad = state.events = gst_pad_new_from_template(pad_template, "events");
    state.events_ended = false;
  }
  gst_pad_set_chain_function(pad, GST_DEBUG_FUNCPTR(gvl::gst::guarded<gvl_clipper_events_chain>));
  gst_pad_set_event_function(pad, GST_DEBUG_FUNCPTR(gvl::gst::guarded<gvl_clipper_events_event>));
  gvl::gst::add_request_pad(element, pad);
  return pad;
}

static void gvl_clipper_release_pad(GstElement* element, GstPad* pad) {
  auto& state = state_of(element);
  if (gvl::gst::is_track_template(GST_PAD_PAD_TEMPLATE(pad))) {
    gst_object_ref(pad);
    gvl::gst::remove_request_pad(element, pad);
    gvl::gst::forget_track_pad(element, pad);
    gst_object_unref(pad);
    return;
  }
  {
    std::lock_guard lock(state.mutex);
    if (state.events != pad) return;
  }
  gvl::gst::remove_request_pad(element, pad);
  {
    std::lock_guard lock(state.mutex);
    state.events = nullptr;
  }
  // The video may have waited for its events.
  end_if_complete(GVL_CLIPPER(element));
}

/** What comes beside the video may have a source of its own, which a seek has to reach as well. */
static gboolean gvl_clipper_send_event(GstElement* element, GstEvent* event) {
  gst_event_ref(event);
  const bool taken = GST_ELEMENT_CLASS(gvl_clipper_parent_class)->send_event(element, event);
  // A step is of the sink itself.
  const bool upstream = gst_event_type_get_flags(GST_EVENT_TYPE(event)) & GST_EVENT_TYPE_UPSTREAM;
  const bool sent =
      upstream && GST_EVENT_TYPE(event) != GST_EVENT_STEP && gvl::gst::push_from_track_pads(element, event);
  gst_event_unref(event);
  return taken || sent;
}

// ---- element ----------------------------------------------------------------------------------------------------

static bool start(GvlClipper* self) {
  auto& state = state_of(self);
  ClipperSettings settings;
  {
    std::lock_guard lock(state.mutex);
    settings = state.settings;
    state.events_ended = false;
    state.end.reset();
  }
  state.intake.reset();
  state.orientation.clear();
  try {
    state.recorder.start(settings.clips);
  } catch (const gvl::Error& error) {
    GST_ELEMENT_ERROR(self, RESOURCE, SETTINGS, ("%s", error.what()), (nullptr));
    return false;
  }
  return gvl::gst::load_events(GST_ELEMENT(self), settings.events,
                               [&](const GstStructure* event) { state.recorder.add(event); });
}

static GstStateChangeReturn gvl_clipper_change_state(GstElement* element, GstStateChange transition) {
  auto* self = GVL_CLIPPER(element);
  if (transition == GST_STATE_CHANGE_READY_TO_PAUSED && !start(self)) return GST_STATE_CHANGE_FAILURE;
  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY) state_of(self).recorder.let_wait(false);
  const auto result = GST_ELEMENT_CLASS(gvl_clipper_parent_class)->change_state(element, transition);
  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY) {
    forget_end(state_of(self));
    state_of(self).recorder.stop();
  }
  return result;
}

static GstStructure* stats_of(GObject* self) {
  const auto stats = state_of(self).recorder.stats();
  return gst_structure_new("gvlclipper-stats", "events", G_TYPE_UINT64, stats.events, "clips", G_TYPE_UINT64,
                           stats.clips, "failed", G_TYPE_UINT64, stats.failed, "late", G_TYPE_UINT64, stats.late,
                           "lost", G_TYPE_UINT64, stats.lost, "frames", G_TYPE_UINT64, stats.frames, "bytes",
                           G_TYPE_UINT64, stats.bytes, "last", G_TYPE_UINT64, stats.last, "track-bytes", G_TYPE_UINT64,
                           static_cast<guint64>(state_of(self).recorder.track_bytes()), nullptr);
}

static void gvl_clipper_finalize(GObject* object) {
  delete GVL_CLIPPER(object)->state;
  G_OBJECT_CLASS(gvl_clipper_parent_class)->finalize(object);
}

static Locked<ClipperSettings> settings_of(GObject* object) {
  auto& state = state_of(object);
  return {std::unique_lock(state.mutex), state.settings};
}

static void install_properties(GObjectClass* klass) {
  gvl::gst::install_clip_properties(klass, settings_of);
  gvl::gst::install_stats(
      klass,
      "Since the start (guint64 each): events with times, clips written, clips failed, events older than what was "
      "kept, events without a clip; frames and bytes kept now, stream time of the latest, bytes kept of other streams",
      stats_of);
}

static GstStaticPadTemplate pad_templates[] = {
    GST_STATIC_PAD_TEMPLATE("sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS(GVL_CLIPPER_VIDEO_CAPS)),
    GST_STATIC_PAD_TEMPLATE("events", GST_PAD_SINK, GST_PAD_REQUEST, GST_STATIC_CAPS("application/x-json"))};

static void gvl_clipper_class_init(GvlClipperClass* klass) {
  auto* object_class = G_OBJECT_CLASS(klass);
  auto* element_class = GST_ELEMENT_CLASS(klass);
  auto* base_sink_class = GST_BASE_SINK_CLASS(klass);

  object_class->finalize = gvl_clipper_finalize;
  element_class->post_message = GST_DEBUG_FUNCPTR(gvl::gst::guarded<gvl_clipper_post_message>);
  element_class->send_event = GST_DEBUG_FUNCPTR(gvl::gst::guarded<gvl_clipper_send_event>);
  element_class->change_state = GST_DEBUG_FUNCPTR(gvl::gst::guarded<gvl_clipper_change_state>);
  element_class->request_new_pad = GST_DEBUG_FUNCPTR(gvl::gst::guarded<gvl_clipper_request_new_pad>);
  element_class->release_pad = GST_DEBUG_FUNCPTR(gvl::gst::guarded<gvl_clipper_release_pad>);
  base_sink_class->set_caps = GST_DEBUG_FUNCPTR(gvl::gst::guarded<gvl_clipper_set_caps>);
  base_sink_class->event = GST_DEBUG_FUNCPTR(gvl::gst::guarded<gvl_clipper_event>);
  base_sink_class->render = GST_DEBUG_FUNCPTR(gvl::gst::guarded<gvl_clipper_render>);
  install_properties(object_class);

  for (auto& pad_template : pad_templates) gst_element_class_add_static_pad_template(element_class, &pad_template);
  gvl::gst::add_track_templates(element_class);
  gst_element_class_set_static_metadata(element_class, "Grounded-VideoLLM clipper", "Sink/File/Video",
                                        "Writes a clip of every event that gvlgroundedllm finds", GVL_AUTHOR);
}

static void gvl_clipper_init(GvlClipper* self) {
  self->state = new ClipperState(GST_ELEMENT(self), [self] { end_if_complete(self); });
  auto* sink = GST_BASE_SINK(self);
  gst_base_sink_set_sync(sink, FALSE);
  gst_base_sink_set_last_sample_enabled(sink, FALSE);
  // They may be needed to decode those that are in it.
  gst_base_sink_set_drop_out_of_segment(sink, FALSE);
}
