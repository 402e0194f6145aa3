/* SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:element-gvloverlay
 * @title: gvloverlay
 * @short_description: draws the events of grounded video onto it
 *
 * Shows the current event (what was asked for, when it is, how sure the model is, and a bar that runs from its start
 * to its stop) and a timeline strip with all events so far. It draws through GstVideoOverlayComposition: a sink that
 * blends by itself gets the picture and the overlay apart, for all others they are blended here.
 *
 * Events come in the stream, from gvlgroundedllm or gvlground before this element; or from a file that
 * `gvl-ground --json` or the pad `events` wrote (#GvlOverlay:events), which makes exact overlays of recorded video in a
 * second pass. An event in the stream is known only after the window that it was found in: when it is over by then, it
 * is shown for #GvlOverlay:linger.
 *
 * ## Example launch lines
 * |[
 * gst-launch-1.0 filesrc location=VIDEO ! decodebin ! gvlground query="the picture freezes" \
 *   window-duration=10000000000 ! videoconvert ! gvloverlay ! videoconvert ! autovideosink
 * ]|
 * |[
 * gst-launch-1.0 filesrc location=VIDEO ! decodebin ! videoconvert ! gvloverlay events=events.jsonl ! videoconvert ! \
 *   vp8enc ! matroskamux ! filesink location=overlay.mkv
 * ]|
 *
 * Since: 0.2
 */

#include "gvloverlay.h"

#include <algorithm>
#include <mutex>
#include <optional>
#include <string>

#include "event-board.hpp"
#include "gvlevent.h"
#include "gvleventfile.hpp"
#include "gvlguard.hpp"
#include "gvlpads.hpp"
#include "gvlproperties.hpp"

GST_DEBUG_CATEGORY_STATIC(gvl_overlay_debug);
#define GST_CAT_DEFAULT gvl_overlay_debug

namespace {

using gvl::gst::Board;
using gvl::gst::EventBoard;
using gvl::gst::Locked;
using gvl::gst::PropertyTable;
using gvl::gst::Range;
using gvl::gst::TimeRange;

constexpr GstClockTime kDefaultLinger = 5 * GST_SECOND;
constexpr GstClockTime kDefaultTimeline = 60 * GST_SECOND;  // of a stream whose duration is not known
constexpr const char* kDefaultFont = "Sans 14";

struct Settings {
  std::optional<std::string> file;
  GstClockTime linger = kDefaultLinger;
  bool timeline = true;
  GstClockTime timeline_duration = 0;
  std::string font = kDefaultFont;
};

struct OverlayState {
  std::mutex mutex;  // guards settings
  Settings settings;

  // Of the streaming thread.
  EventBoard events;
  GstSegment segment;
  GstClockTime time = GST_CLOCK_TIME_NONE;  // stream time of the last frame
  GstClockTime duration = GST_CLOCK_TIME_NONE;
  GstClockTime duration_asked = GST_CLOCK_TIME_NONE;  // stream time at which upstream was asked for it
  int width = 0, height = 0;
  std::string words;
  Board board;
  GstVideoOverlayComposition* composition = nullptr;  // of board
};

}  // namespace

struct _GvlOverlay {
  GstBin parent;
  GstElement* text;  // owned by the bin, like the next; NULL where GStreamer lacks them
  GstElement* board;
  OverlayState* state;
};

G_DEFINE_TYPE_WITH_CODE(GvlOverlay, gvl_overlay, GST_TYPE_BIN,
                        GST_DEBUG_CATEGORY_INIT(gvl_overlay_debug, "gvloverlay", 0, "gvloverlay element"))
GST_ELEMENT_REGISTER_DEFINE(gvloverlay, "gvloverlay", GST_RANK_NONE, GVL_TYPE_OVERLAY)

static Settings settings_of(OverlayState& state) {
  std::lock_guard lock(state.mutex);
  return state.settings;
}

// ---- what is shown ----------------------------------------------------------------------------------------------

// What the strip shows: the whole stream where its duration is known, else the last while.
static TimeRange timeline_of(const OverlayState& state, const Settings& settings) {
  if (!settings.timeline) return {};
  const bool whole = settings.timeline_duration == 0 && GST_CLOCK_TIME_IS_VALID(state.duration);
  if (whole) return {0, state.duration};
  const GstClockTime length = settings.timeline_duration ? settings.timeline_duration : kDefaultTimeline;
  const GstClockTime stop = std::max(state.time, length);
  return {stop - length, stop};
}

// Asks upstream once a second until it knows.
static void learn_duration(GvlOverlay* self) {
  auto& state = *self->state;
  if (GST_CLOCK_TIME_IS_VALID(state.duration)) return;
  if (GST_CLOCK_TIME_IS_VALID(state.duration_asked) && state.time >= state.duration_asked &&
      state.time - state.duration_asked < GST_SECOND)
    return;
  state.duration_asked = state.time;
  GstPad* pad = gst_element_get_static_pad(self->text, "video_sink");
  gint64 duration;
  if (gst_pad_peer_query_duration(pad, GST_FORMAT_TIME, &duration) && duration > 0)
    state.duration = static_cast<GstClockTime>(duration);
  gst_object_unref(pad);
}

static void show_words(GvlOverlay* self, const Settings& settings) {
  auto& state = *self->state;
  std::string words = state.events.words(state.time, settings.linger);
  if (words == state.words) return;
  state.words = std::move(words);
  // The element reads markup.
  gchar* escaped = g_markup_escape_text(state.words.c_str(), -1);
  g_object_set(self->text, "text", escaped, nullptr);
  g_free(escaped);
}

static void show(GvlOverlay* self, GstBuffer* buffer) {
  auto& state = *self->state;
  const GstClockTime timestamp = GST_BUFFER_PTS(buffer);
  if (!GST_CLOCK_TIME_IS_VALID(timestamp) || state.segment.format != GST_FORMAT_TIME) return;
  const GstClockTime time = gst_segment_to_stream_time(&state.segment, GST_FORMAT_TIME, timestamp);
  if (!GST_CLOCK_TIME_IS_VALID(time)) return;
  state.time = time;
  const Settings settings = settings_of(state);
  if (settings.timeline) learn_duration(self);
  show_words(self, settings);
  Board board = state.events.board(time, settings.linger, timeline_of(state, settings), state.width, state.height);
  if (board == state.board) return;
  if (board.height != state.board.height) g_object_set(self->text, "ypad", board.height + 4, nullptr);
  state.board = std::move(board);
  g_clear_pointer(&state.composition, gst_video_overlay_composition_unref);
  if (state.board.height > 0) state.composition = gvl::gst::compose(state.board, state.width, state.height);
}

static GstVideoOverlayComposition* on_draw(GstElement*, GstSample*, GvlOverlay* self) {
  auto* composition = self->state->composition;
  return composition ? gst_video_overlay_composition_ref(composition) : nullptr;
}

static void set_size(OverlayState& state, GstEvent* event) {
  GstCaps* caps;
  gst_event_parse_caps(event, &caps);
  const GstStructure* structure = gst_caps_get_structure(caps, 0);
  gst_structure_get_int(structure, "width", &state.width);
  gst_structure_get_int(structure, "height", &state.height);
  state.board = {};
  g_clear_pointer(&state.composition, gst_video_overlay_composition_unref);
}

static void take_event(OverlayState& state, GstEvent* event) {
  switch (GST_EVENT_TYPE(event)) {
    case GST_EVENT_CAPS:
      set_size(state, event);
      break;
    case GST_EVENT_SEGMENT:
      gst_event_copy_segment(event, &state.segment);
      break;
    case GST_EVENT_STREAM_START:
      state.events.forget_arrived();
      state.duration = state.duration_asked = GST_CLOCK_TIME_NONE;
      break;
    default:
      if (const GstStructure* found = gvl_event_parse_event(event))
        state.events.add(found, GST_CLOCK_TIME_IS_VALID(state.time) ? state.time : 0);
  }
}

static GstPadProbeReturn on_data(GstPad*, GstPadProbeInfo* info, gpointer data) {
  auto* self = static_cast<GvlOverlay*>(data);
  if (GST_PAD_PROBE_INFO_TYPE(info) & GST_PAD_PROBE_TYPE_BUFFER)
    show(self, GST_PAD_PROBE_INFO_BUFFER(info));
  else
    take_event(*self->state, GST_PAD_PROBE_INFO_EVENT(info));
  return GST_PAD_PROBE_OK;
}

// ---- element ----------------------------------------------------------------------------------------------------

static bool load_events(GvlOverlay* self) {
  auto& state = *self->state;
  state.events.clear();
  return gvl::gst::load_events(GST_ELEMENT(self), settings_of(state).file,
                               [&](const GstStructure* event) { state.events.add(event, GST_CLOCK_TIME_NONE); });
}

static bool complete(GvlOverlay* self) {
  if (self->board && self->text) return true;
  GST_ELEMENT_ERROR(self, CORE, MISSING_PLUGIN,
                    ("GStreamer's element %s is missing.", self->board ? "textoverlay" : "overlaycomposition"),
                    ("they belong to gst-plugins-base; Debian has textoverlay in gstreamer1.0-x"));
  return false;
}

static void reset(GvlOverlay* self) {
  auto& state = *self->state;
  state.words.clear();
  if (self->text) g_object_set(self->text, "text", "", nullptr);
  gst_segment_init(&state.segment, GST_FORMAT_UNDEFINED);
  state.time = state.duration = state.duration_asked = GST_CLOCK_TIME_NONE;
  state.board = {};
  g_clear_pointer(&state.composition, gst_video_overlay_composition_unref);
}

static GstStateChangeReturn gvl_overlay_change_state(GstElement* element, GstStateChange transition) {
  auto* self = GVL_OVERLAY(element);
  if (transition == GST_STATE_CHANGE_NULL_TO_READY && !complete(self)) return GST_STATE_CHANGE_FAILURE;
  if (transition == GST_STATE_CHANGE_READY_TO_PAUSED) {
    reset(self);
    if (!load_events(self)) return GST_STATE_CHANGE_FAILURE;
  }
  return GST_ELEMENT_CLASS(gvl_overlay_parent_class)->change_state(element, transition);
}

static void gvl_overlay_finalize(GObject* object) {
  auto* state = GVL_OVERLAY(object)->state;
  g_clear_pointer(&state->composition, gst_video_overlay_composition_unref);
  G_OBJECT_CLASS(gvl_overlay_parent_class)->finalize(object);
  delete state;
}

static Locked<Settings> locked_settings_of(GObject* object) {
  auto& state = *GVL_OVERLAY(object)->state;
  return {std::unique_lock(state.mutex), state.settings};
}

static void apply_font(GObject* object) {
  auto [lock, settings] = locked_settings_of(object);
  if (settings.font.empty()) settings.font = kDefaultFont;
  if (auto* text = GVL_OVERLAY(object)->text) g_object_set(text, "font-desc", settings.font.c_str(), nullptr);
}

/**
 * GvlOverlay:events:
 *
 * A file of events, one JSON object a line, as gvl-ground --events writes it. It is read on the way to PAUSED.
 *
 * Since: 0.2
 */

/**
 * GvlOverlay:linger:
 *
 * How long an event is shown that was over when it came, in nanoseconds.
 *
 * Since: 0.2
 */

/**
 * GvlOverlay:timeline:
 *
 * Whether a strip shows all events so far.
 *
 * Since: 0.2
 */

/**
 * GvlOverlay:timeline-duration:
 *
 * How much of the video the strip shows, in nanoseconds.
 *
 * Since: 0.2
 */

/**
 * GvlOverlay:font-desc:
 *
 * The font of the words, as a Pango font description.
 *
 * Since: 0.2
 */

static void install_properties(GObjectClass* klass) {
  constexpr Range<guint64> times{0, G_MAXINT64};
  PropertyTable table(klass, locked_settings_of, GST_PARAM_MUTABLE_PLAYING);
  table.text({"events", "Events", "A file with one event a line, as JSON, to show beside those in the stream",
              GST_PARAM_MUTABLE_READY},
             &Settings::file);
  table.number({"linger", "Linger", "How long an event is shown that came when it was over, in ns"}, &Settings::linger,
               times);
  table.boolean({"timeline", "Timeline", "Whether a strip with all events so far is shown"}, &Settings::timeline);
  table.number({"timeline-duration", "Timeline duration",
                "How much video the strip shows, in ns (0: the whole stream; its last minute where the duration is not "
                "known)"},
               &Settings::timeline_duration, times);
  table.text({"font-desc", "Font", "The words' font, as Pango describes fonts"}, &Settings::font, apply_font);
}

static GstStaticPadTemplate pad_templates[] = {
    GST_STATIC_PAD_TEMPLATE("sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS("video/x-raw(ANY)")),
    GST_STATIC_PAD_TEMPLATE("src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS("video/x-raw(ANY)"))};

static void gvl_overlay_class_init(GvlOverlayClass* klass) {
  auto* object_class = G_OBJECT_CLASS(klass);
  auto* element_class = GST_ELEMENT_CLASS(klass);

  object_class->finalize = gvl_overlay_finalize;
  element_class->change_state = GST_DEBUG_FUNCPTR(gvl::gst::guarded<gvl_overlay_change_state>);
  install_properties(object_class);

  for (auto& pad_template : pad_templates) gst_element_class_add_static_pad_template(element_class, &pad_template);
  gst_element_class_set_static_metadata(element_class, "Grounded-VideoLLM overlay", "Filter/Editor/Video/Bin",
                                        "Draws the events of gvlgroundedllm, and a timeline of them, onto the video",
                                        GVL_AUTHOR);
}

static void gvl_overlay_init(GvlOverlay* self) {
  GstElement* element = GST_ELEMENT(self);
  self->state = new OverlayState();
  gst_segment_init(&self->state->segment, GST_FORMAT_UNDEFINED);
  self->board = gst_element_factory_make("overlaycomposition", "board");
  self->text = gst_element_factory_make("textoverlay", "text");
  if (self->board) gst_bin_add(GST_BIN(self), self->board);
  if (self->text) gst_bin_add(GST_BIN(self), self->text);
  gvl::gst::add_ghost_pad(element, "sink", self->text, "video_sink");
  gvl::gst::add_ghost_pad(element, "src", self->board, "src");
  if (!self->board || !self->text) return;  // reported on the way to READY
  // In this order: overlaycomposition merges what it attaches with what there is, and sinks look at one overlay.
  gst_element_link(self->text, self->board);
  gst_util_set_object_arg(G_OBJECT(self->text), "halignment", "left");
  gst_util_set_object_arg(G_OBJECT(self->text), "valignment", "bottom");
  gst_util_set_object_arg(G_OBJECT(self->text), "line-alignment", "left");
  g_object_set(self->text, "shaded-background", TRUE, "font-desc", kDefaultFont, nullptr);
  g_signal_connect(self->board, "draw", G_CALLBACK(gvl::gst::guarded<on_draw>), self);
  GstPad* pad = gst_element_get_static_pad(self->text, "video_sink");
  gst_pad_add_probe(pad, static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM),
                    gvl::gst::guarded<on_data>, self, nullptr);
  gst_object_unref(pad);
}
