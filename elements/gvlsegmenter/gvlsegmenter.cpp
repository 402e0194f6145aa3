/* SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:element-gvlsegmenter
 * @title: gvlsegmenter
 * @short_description: cuts video into the segments that Grounded-VideoLLM reads
 *
 * The first of the five elements that answer questions about video. It divides the stream into segments, takes the
 * frames from each that the model was trained to see, and attaches a #GvlSegmentMeta and the segment's pixels, as the
 * tensors `gvl/spatial-pixels` and `gvl/temporal-pixels`, to the last frame of each segment. Buffers themselves pass
 * unchanged; they are converted in another thread.
 *
 * A sample is the frame shown at the middle of an equal share of the window; where the caps' frame rate gives as many
 * frames as samples or more, the middle frame of such a share, as the model was trained. A frame may be sampled more
 * than once. No segment reaches behind the last frame's end: what is shorter than its window is a window of its own
 * length.
 *
 * So many segments as the model reads at once are a window, what one answer covers. A short file is one window; else
 * windows slide over the stream (#GvlSegmenter:window-duration, #GvlSegmenter:window-overlap), and each segment is
 * computed once for all windows that hold it. The last window ends with the stream. What plays between two jumps in
 * time is a session: its windows show nothing of another.
 *
 * With #GvlSegmenter:segmentation=shots a segment ends where the picture is another (PySceneDetect's ContentDetector
 * over three candidates for each sample) when that is within half and one and a half of its planned length; its samples
 * are spread over it. The model's time then is mapped to the stream's piece by piece.
 *
 * The model sees pictures as a player shows them: turned and flipped as the stream's tag `image-orientation` says, or
 * the file's where the stream has none. A new stream begins without.
 *
 * One buffer is held back, so that the end of the stream still has one to travel on; the latency of one frame that
 * this adds is reported. For a variable frame rate that is 1 / max-framerate, or nothing where the caps do not say.
 * A frame without a timestamp is taken to follow the one before at the frame rate; without a frame rate that is an
 * error.
 *
 * The model is loaded on a thread of its own from READY to PAUSED on, or, where no element names one, from the first
 * frame on: a stream that is not live waits for it, and a live one passes frames unsampled until it is there.
 *
 * At most #GvlSegmenter:max-pending segments and windows are in flight, in the model's hands, at a time. When a segment
 * ends and there is no room for it, a stream that is not live waits; a live one goes on, and the segment is dropped.
 * Each is reported by an element message `gvl-skipped` with the fields `segment` (its index), `start`, `stop` (stream
 * time), `total` (how many so far), all guint64, and `reason` (string), which says
 * which limit was reached: "4 of max-pending=4 windows are in flight".
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 -m filesrc location=VIDEO ! decodebin ! videoconvert ! gvlsegmenter model=MODEL_DIR ! \
 *   gvlspatialencoder ! gvltemporalencoder ! gvlfuser ! gvlgroundedllm query="the picture goes black" ! fakesink
 * ]|
 *
 * Since: 0.2
 */

#include "gvlsegmenter.h"

#include "frame-sampler.hpp"
#include "gvlguard.hpp"
#include "gvlinflight.hpp"
#include "gvlmodelstream.hpp"
#include "gvlorientation.hpp"
#include "gvlpads.hpp"
#include "gvlproperties.hpp"
#include "gvltensormeta.h"

GST_DEBUG_CATEGORY(gvl_segmenter_debug);
#define GST_CAT_DEFAULT gvl_segmenter_debug

namespace {

using gvl::gst::FrameSampler;
using gvl::gst::guarded;
using gvl::gst::InFlight;
using gvl::gst::Locked;
using gvl::gst::ModelSettings;
using gvl::gst::ModelStream;
using gvl::gst::OrientationTags;
using gvl::gst::PropertyTable;
using gvl::gst::Range;
using gvl::gst::SegmenterSettings;
using gvl::gst::SegmenterStats;
using gvl::timeline::Keyframe;
using gvl::timeline::Segmentation;

// Frames kept beside those that downstream has: one held back, one to complete a window, one being converted.
constexpr guint kKeptFrames = 3;

struct State {
  State(GstElement* element, GstPad* sink, GstPad* src)
      : sinkpad(sink), srcpad(src), stream(element), sampler(element, sink, src, stream, settings, stats) {
    stream.declare({{}, {GVL_TENSOR_SPATIAL_PIXELS, GVL_TENSOR_TEMPORAL_PIXELS}});
  }

  GstPad* sinkpad;
  GstPad* srcpad;
  ModelStream stream;
  SegmenterSettings settings;
  SegmenterStats stats;
  FrameSampler sampler;
  OrientationTags tags;  // of the streaming thread
};

}  // namespace

struct _GvlSegmenter {
  GstElement parent;
  State* state;
};

G_DEFINE_TYPE_WITH_CODE(GvlSegmenter, gvl_segmenter, GST_TYPE_ELEMENT,
                        GST_DEBUG_CATEGORY_INIT(gvl_segmenter_debug, "gvlsegmenter", 0, "gvlsegmenter element"))
GST_ELEMENT_REGISTER_DEFINE(gvlsegmenter, "gvlsegmenter", GST_RANK_NONE, GVL_TYPE_SEGMENTER)

static GType gvl_segmentation_get_type() {
  static const GEnumValue values[] = {
      {static_cast<int>(Segmentation::kUniform), "All equally long, as the model was trained", "uniform"},
      {static_cast<int>(Segmentation::kShots), "With a shot, where one begins near by", "shots"},
      {0, nullptr, nullptr}};
  static const GType type = g_enum_register_static("GvlSegmentation", values);
  return type;
}

static GType gvl_keyframe_get_type() {
  static const GEnumValue values[] = {
      {static_cast<int>(Keyframe::kMiddle), "The middle one, as the model was trained", "middle"},
      {static_cast<int>(Keyframe::kSharpest), "The sharpest one", "sharpest"},
      {0, nullptr, nullptr}};
  static const GType type = g_enum_register_static("GvlKeyframe", values);
  return type;
}

static State& state_of(gpointer self) { return *GVL_SEGMENTER(self)->state; }

static GstFlowReturn gvl_segmenter_chain(GstPad* pad, GstObject* parent, GstBuffer* buffer) {
  return state_of(parent).sampler.frame(buffer);
}

static void handle_segment(FrameSampler& sampler, GstEvent* event) {
  const GstSegment* segment;
  gst_event_parse_segment(event, &segment);
  sampler.set_segment(*segment);
}

static gboolean handle_caps(FrameSampler& sampler, GstEvent* event) {
  GstCaps* caps;
  gst_event_parse_caps(event, &caps);
  return sampler.set_caps(caps);
}

static void handle_orientation(State& state, GstEvent* event) {
  if (GST_EVENT_TYPE(event) == GST_EVENT_STREAM_START)
    state.tags.forget();
  else if (GST_EVENT_TYPE(event) == GST_EVENT_TAG)
    state.tags.take(event);
  state.sampler.set_orientation(state.tags.orientation());
}

// The end is not to be reached after an error, as with the other elements.
static gboolean send_on(State& state, GstPad* pad, GstObject* parent, GstEvent* event) {
  if (GST_EVENT_TYPE(event) != GST_EVENT_EOS || !state.stream.failing())
    return gst_pad_event_default(pad, parent, event);
  gst_event_unref(event);
  return FALSE;
}

// What comes behind it does not go on from what came before.
static bool ends_session(GstEvent* event) {
  switch (GST_EVENT_TYPE(event)) {
    case GST_EVENT_EOS:
    case GST_EVENT_SEGMENT_DONE:
    case GST_EVENT_STREAM_START:
      return true;
    case GST_EVENT_SEGMENT: {
      const GstSegment* segment;
      gst_event_parse_segment(event, &segment);
      return segment->format != GST_FORMAT_TIME;
    }
    default:
      return false;
  }
}

static gboolean handle_serialized_event(State& state, GstPad* pad, GstObject* parent, GstEvent* event) {
  auto& sampler = state.sampler;
  // No event may overtake the buffer that is held back.
  if (ends_session(event))
    sampler.drain(GST_EVENT_TYPE(event) == GST_EVENT_EOS);
  else
    sampler.push_held();
  handle_orientation(state, event);
  if (GST_EVENT_TYPE(event) == GST_EVENT_SEGMENT) handle_segment(sampler, event);
  if (GST_EVENT_TYPE(event) == GST_EVENT_CAPS && !handle_caps(sampler, event)) {
    gst_event_unref(event);
    return FALSE;
  }
  return send_on(state, pad, parent, event);
}

// GStreamer's own macros mix two enumeration types, which C++20 deprecates.
static bool is_serialized(GstEvent* event) {
  return static_cast<unsigned>(GST_EVENT_TYPE(event)) & static_cast<unsigned>(GST_EVENT_TYPE_SERIALIZED);
}

static bool is_serialized(GstQuery* query) {
  return static_cast<unsigned>(GST_QUERY_TYPE(query)) & static_cast<unsigned>(GST_QUERY_TYPE_SERIALIZED);
}

static gboolean handle_event(GstPad* pad, GstObject* parent, GstEvent* event) {
  auto& state = state_of(parent);
  switch (GST_EVENT_TYPE(event)) {
    case GST_EVENT_FLUSH_START:
      state.sampler.interrupt();
      return gst_pad_event_default(pad, parent, event);
    case GST_EVENT_FLUSH_STOP:
      state.sampler.flush();
      return gst_pad_event_default(pad, parent, event);
    default:
      if (is_serialized(event)) return handle_serialized_event(state, pad, parent, event);
      return gst_pad_event_default(pad, parent, event);
  }
}

static GstFlowReturn gvl_segmenter_sink_event(GstPad* pad, GstObject* parent, GstEvent* event) {
  return gvl::gst::flow_of_event(handle_event(pad, parent, event), state_of(parent).srcpad);
}

// Frames are kept here: a pool with a fixed number of them must have as many more.
static void ask_for_more_buffers(GstQuery* query) {
  for (guint i = 0; i < gst_query_get_n_allocation_pools(query); ++i) {
    GstBufferPool* pool;
    guint size, min, max;
    gst_query_parse_nth_allocation_pool(query, i, &pool, &size, &min, &max);
    gst_query_set_nth_allocation_pool(query, i, pool, size, min + kKeptFrames, max ? max + kKeptFrames : 0);
    gst_clear_object(&pool);
  }
}

static gboolean gvl_segmenter_sink_query(GstPad* pad, GstObject* parent, GstQuery* query) {
  auto& state = state_of(parent);
  if (state.stream.client().answer(query)) return TRUE;
  if (GST_QUERY_TYPE(query) == GST_QUERY_ALLOCATION) {
    if (!gst_pad_peer_query(state.srcpad, query)) return FALSE;
    ask_for_more_buffers(query);
    return TRUE;
  }
  if (is_serialized(query)) state.sampler.push_held();
  return gst_pad_query_default(pad, parent, query);
}

static gboolean answer_latency(State& state, GstQuery* query) {
  if (!gst_pad_peer_query(state.sinkpad, query)) return FALSE;
  gboolean live;
  GstClockTime min, max;
  gst_query_parse_latency(query, &live, &min, &max);
  const GstClockTime held = state.sampler.latency();
  gst_query_set_latency(query, live, min + held, GST_CLOCK_TIME_IS_VALID(max) ? max + held : max);
  return TRUE;
}

static gboolean gvl_segmenter_src_query(GstPad* pad, GstObject* parent, GstQuery* query) {
  auto& state = state_of(parent);
  if (state.stream.client().answer(query)) return TRUE;
  if (GST_QUERY_TYPE(query) == GST_QUERY_LATENCY) return answer_latency(state, query);
  return gst_pad_query_default(pad, parent, query);
}

static GstStateChangeReturn gvl_segmenter_change_state(GstElement* element, GstStateChange transition) {
  auto& state = state_of(element);
  if (transition == GST_STATE_CHANGE_READY_TO_PAUSED && !state.sampler.start()) return GST_STATE_CHANGE_FAILURE;
  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY) state.sampler.interrupt();
  const auto result = GST_ELEMENT_CLASS(gvl_segmenter_parent_class)->change_state(element, transition);
  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY) state.sampler.stop();
  if (transition == GST_STATE_CHANGE_READY_TO_NULL) state.stream.client().close();
  return result;
}

static void gvl_segmenter_set_context(GstElement* element, GstContext* context) {
  state_of(element).stream.client().set_context(context);
  GST_ELEMENT_CLASS(gvl_segmenter_parent_class)->set_context(element, context);
}

static Locked<ModelSettings> model_settings_of(GObject* object) { return state_of(object).stream.client().settings(); }

static Locked<SegmenterSettings> settings_of(GObject* object) { return {{}, state_of(object).settings}; }

static GstStructure* stats_of(GObject* object) {
  const auto& stats = state_of(object).stats;
  const auto pending = [object](InFlight::Kind kind) { return guint64{state_of(object).sampler.pending(kind)}; };
  return gst_structure_new("gvlsegmenter-stats", "frames", G_TYPE_UINT64, stats.frames.load(), "samples", G_TYPE_UINT64,
                           stats.samples.load(), "windows", G_TYPE_UINT64, stats.windows.load(), "segments",
                           G_TYPE_UINT64, stats.segments.load(), "skipped", G_TYPE_UINT64, stats.skipped.load(),
                           "unsampled", G_TYPE_UINT64, stats.unsampled.load(), "short-sessions", G_TYPE_UINT64,
                           stats.short_sessions.load(), "segments-pending", G_TYPE_UINT64,
                           pending(InFlight::Kind::kSegment), "windows-pending", G_TYPE_UINT64,
                           pending(InFlight::Kind::kWindow), nullptr);
}

static void gvl_segmenter_finalize(GObject* object) {
  delete GVL_SEGMENTER(object)->state;
  G_OBJECT_CLASS(gvl_segmenter_parent_class)->finalize(object);
}

static void update_settings(GObject* object) { state_of(object).sampler.update_settings(); }

/**
 * GvlSegmenter:window-duration:
 *
 * How much video one answer covers, in nanoseconds. It may change while the stream plays: windows that have begun keep
 * theirs.
 *
 * Since: 0.2
 */

/**
 * GvlSegmenter:window-overlap:
 *
 * The share of a window that the next one shows again. An event that one window's edge cuts is whole in another.
 *
 * Since: 0.2
 */

/**
 * GvlSegmenter:alert-latency:
 *
 * Of a live stream: how far behind it an event may be told that still goes on, in nanoseconds. 0: events are told when
 * their windows are over.
 *
 * Since: 0.2
 */

/**
 * GvlSegmenter:segmentation:
 *
 * Whether segments are equally long, as models are trained, or end where a shot does.
 *
 * Since: 0.2
 */

/**
 * GvlSegmenter:keyframe:
 *
 * Which sample of a segment the spatial encoder sees.
 *
 * Since: 0.2
 */

/**
 * GvlSegmenter:max-pending:
 *
 * How many segments, and how many windows, may be in flight. Beyond that a file waits, and a live stream drops
 * segments.
 *
 * Since: 0.2
 */

/**
 * GvlSegmenter:priority:
 *
 * Among streams that share a model: whose is higher is served first. None of the others starves.
 *
 * Since: 0.2
 */

/**
 * GvlSegmenter:stats:
 *
 * Counts since the start, and what is in flight now: a structure whose fields are named in its description.
 *
 * Since: 0.2
 */

static void install_properties(GObjectClass* klass) {
  PropertyTable table(klass, settings_of, GST_PARAM_MUTABLE_PLAYING);
  table.number(
      {"window-duration", "Window duration",
       "How much video one answer covers, in ns, once the windows begun are over (0: a file of up to two minutes as "
       "a whole; about a minute of a longer one, of a live stream and of what has no known duration)"},
      &SegmenterSettings::window_duration, Range<guint64>{0, G_MAXINT64});
  table.number({"window-overlap", "Window overlap",
                "The share of each window that the next one shows again, in whole segments, so that no event is cut by "
                "every window's edge (0: side by side, as always where video plays backwards)"},
               &SegmenterSettings::window_overlap, Range<double>{0, gvl::timeline::kMaxOverlap});
  table.number(
      {"alert-latency", "Alert latency",
       "How far behind a live stream an event may be told that goes on, in ns: the window that ends now is asked "
       "again whenever segments as long as this, or one, were added, and without a window-duration windows are "
       "as short as this needs (0: events are told when their windows are over, as with all other streams)"},
      &SegmenterSettings::alert_latency, Range<guint64>{0, G_MAXINT64});
  table.enumeration({"segmentation", "Segmentation",
                     "Where segments begin; shots are found by the differences of frames, where video plays forwards"},
                    &SegmenterSettings::segmentation, gvl_segmentation_get_type());
  table.enumeration({"keyframe", "Keyframe", "Which of a segment's samples stands for what is seen in it"},
                    &SegmenterSettings::keyframe, gvl_keyframe_get_type());
  table.number({"max-pending", "Maximum pending",
                "How many segments, and how many windows, may be in the model's hands; beyond, a stream waits, and a "
                "live one skips segments"},
               &SegmenterSettings::max_pending, Range<int>{1, G_MAXINT}, update_settings);
  table.number({"priority", "Priority",
                "Of several streams on one model those of a higher priority are served first, and equal ones in turn; "
                "every fourth turn at the latest is that of whoever has waited longest"},
               &SegmenterSettings::priority, Range<int>{-100, 100}, update_settings);
}

static GstStaticPadTemplate pad_templates[] = {
    GST_STATIC_PAD_TEMPLATE("sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS("video/x-raw(ANY)")),
    GST_STATIC_PAD_TEMPLATE("src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS("video/x-raw(ANY)"))};

static void gvl_segmenter_class_init(GvlSegmenterClass* klass) {
  auto* object_class = G_OBJECT_CLASS(klass);
  auto* element_class = GST_ELEMENT_CLASS(klass);

  object_class->finalize = gvl_segmenter_finalize;
  element_class->change_state = GST_DEBUG_FUNCPTR(guarded<gvl_segmenter_change_state>);
  element_class->set_context = GST_DEBUG_FUNCPTR(guarded<gvl_segmenter_set_context>);

  gvl::gst::install_model_properties(object_class, model_settings_of);
  install_properties(object_class);
  gvl::gst::install_stats(
      object_class,
      "Since the start (guint64 each): frames passed, samples taken, windows complete, "
      "segments attached, segments skipped, frames passed unsampled (unsampled), sessions too short to be answered "
      "(short-sessions); and now: segments and windows in flight (segments-pending, windows-pending)",
      stats_of);

  gst_type_mark_as_plugin_api(gvl_segmentation_get_type(), static_cast<GstPluginAPIFlags>(0));
  gst_type_mark_as_plugin_api(gvl_keyframe_get_type(), static_cast<GstPluginAPIFlags>(0));
  for (auto& pad_template : pad_templates) gst_element_class_add_static_pad_template(element_class, &pad_template);
  gst_element_class_set_static_metadata(
      element_class, "Grounded-VideoLLM segmenter", "Filter/Analyzer/Video",
      "Samples video into the windows and segments that Grounded-VideoLLM reads and attaches their pixels as tensors",
      GVL_AUTHOR);
}

static GstPad* add_pad(GstElement* element, const gchar* name) {
  GstPadTemplate* pad_template = gst_element_class_get_pad_template(GST_ELEMENT_GET_CLASS(element), name);
  GstPad* pad = gst_pad_new_from_template(pad_template, name);
  GST_PAD_SET_PROXY_CAPS(pad);
  GST_PAD_SET_PROXY_SCHEDULING(pad);
  gst_element_add_pad(element, pad);
  return pad;
}

static void gvl_segmenter_init(GvlSegmenter* self) {
  GstElement* element = GST_ELEMENT(self);
  GstPad* sink = add_pad(element, "sink");
  GstPad* src = add_pad(element, "src");
  gst_pad_set_chain_function(sink, GST_DEBUG_FUNCPTR(guarded<gvl_segmenter_chain>));
  gst_pad_set_event_full_function(sink, GST_DEBUG_FUNCPTR(guarded<gvl_segmenter_sink_event>));
  gst_pad_set_query_function(sink, GST_DEBUG_FUNCPTR(guarded<gvl_segmenter_sink_query>));
  gst_pad_set_query_function(src, GST_DEBUG_FUNCPTR(guarded<gvl_segmenter_src_query>));
  self->state = new State(element, sink, src);
}
