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
 * At most #GvlSegmenter:max-pending segments and windows are in flight, in the model's hands, at a time. When a segment
 * ends and there is no room for it, a stream that is not live waits; a live one goes on, and the segment is dropped.
 * Each is reported by an element message `gvl-skipped` with the fields `segment` (its index), `start`, `stop` (stream
 * time), `total` (how many so far), all guint64, and `reason` (string).
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 -m filesrc location=VIDEO ! decodebin ! videoconvert ! gvlsegmenter model=MODEL_DIR ! \
 *   gvlspatialencoder ! gvltemporalencoder ! gvlfuser ! gvlgroundedllm query="the picture goes black" ! fakesink
 * ]|
 */

#include "gvlsegmenter.h"

#include "frame-sampler.hpp"
#include "gvlorientation.hpp"
#include "gvlsegmentmeta.hpp"

GST_DEBUG_CATEGORY(gvl_segmenter_debug);
#define GST_CAT_DEFAULT gvl_segmenter_debug

enum {
  PROP_0,
  PROP_MODEL,
  PROP_DEVICE,
  PROP_WINDOW_DURATION,
  PROP_WINDOW_OVERLAP,
  PROP_SEGMENTATION,
  PROP_KEYFRAME,
  PROP_MAX_PENDING,
  PROP_STATS
};

namespace {

using gvl::gst::FrameSampler;
using gvl::gst::guarded;
using gvl::gst::ModelClient;
using gvl::gst::OrientationTags;
using gvl::gst::SegmenterSettings;
using gvl::gst::SegmenterStats;
using gvl::timeline::Keyframe;
using gvl::timeline::Segmentation;

// Frames kept beside those that downstream has: one held back, one to complete a window, one being converted.
constexpr guint kKeptFrames = 3;

struct State {
  State(GstElement* element, GstPad* sink, GstPad* src)
      : sinkpad(sink), srcpad(src), model(element), sampler(element, sink, src, model, settings, stats) {}

  GstPad* sinkpad;
  GstPad* srcpad;
  ModelClient model;
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

static gboolean handle_serialized_event(State& state, GstPad* pad, GstObject* parent, GstEvent* event) {
  auto& sampler = state.sampler;
  const bool ends = GST_EVENT_TYPE(event) == GST_EVENT_EOS || GST_EVENT_TYPE(event) == GST_EVENT_SEGMENT_DONE ||
                    GST_EVENT_TYPE(event) == GST_EVENT_STREAM_START;
  // No event may overtake the buffer that is held back.
  if (ends)
    sampler.drain(GST_EVENT_TYPE(event) == GST_EVENT_EOS);
  else
    sampler.push_held();
  handle_orientation(state, event);
  if (GST_EVENT_TYPE(event) == GST_EVENT_SEGMENT) handle_segment(sampler, event);
  if (GST_EVENT_TYPE(event) == GST_EVENT_CAPS && !handle_caps(sampler, event)) {
    gst_event_unref(event);
    return FALSE;
  }
  return gst_pad_event_default(pad, parent, event);
}

// GStreamer's own macros mix two enumeration types, which C++20 deprecates.
static bool is_serialized(GstEvent* event) {
  return static_cast<unsigned>(GST_EVENT_TYPE(event)) & static_cast<unsigned>(GST_EVENT_TYPE_SERIALIZED);
}

static bool is_serialized(GstQuery* query) {
  return static_cast<unsigned>(GST_QUERY_TYPE(query)) & static_cast<unsigned>(GST_QUERY_TYPE_SERIALIZED);
}

static gboolean gvl_segmenter_sink_event(GstPad* pad, GstObject* parent, GstEvent* event) {
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
  if (state.model.answer(query)) return TRUE;
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
  if (state.model.answer(query) || gvl::gst::answer_as_segmenter(query)) return TRUE;
  if (GST_QUERY_TYPE(query) == GST_QUERY_LATENCY) return answer_latency(state, query);
  return gst_pad_query_default(pad, parent, query);
}

static GstStateChangeReturn gvl_segmenter_change_state(GstElement* element, GstStateChange transition) {
  auto& state = state_of(element);
  if (transition == GST_STATE_CHANGE_NULL_TO_READY && !state.model.open()) return GST_STATE_CHANGE_FAILURE;
  if (transition == GST_STATE_CHANGE_READY_TO_PAUSED) state.sampler.start();
  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY) state.sampler.interrupt();
  const auto result = GST_ELEMENT_CLASS(gvl_segmenter_parent_class)->change_state(element, transition);
  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY) state.sampler.stop();
  if (transition == GST_STATE_CHANGE_READY_TO_NULL) state.model.close();
  return result;
}

static void gvl_segmenter_set_context(GstElement* element, GstContext* context) {
  state_of(element).model.set_context(context);
  GST_ELEMENT_CLASS(gvl_segmenter_parent_class)->set_context(element, context);
}

static void gvl_segmenter_set_property(GObject* object, guint id, const GValue* value, GParamSpec* pspec) {
  auto& state = state_of(object);
  switch (id) {
    case PROP_MODEL:
      state.model.set_folder(g_value_get_string(value));
      break;
    case PROP_DEVICE:
      state.model.set_device(g_value_get_string(value));
      break;
    case PROP_WINDOW_DURATION:
      state.settings.window_duration = g_value_get_uint64(value);
      break;
    case PROP_WINDOW_OVERLAP:
      state.settings.window_overlap = g_value_get_double(value);
      break;
    case PROP_SEGMENTATION:
      state.settings.segmentation = static_cast<Segmentation>(g_value_get_enum(value));
      break;
    case PROP_KEYFRAME:
      state.settings.keyframe = static_cast<Keyframe>(g_value_get_enum(value));
      break;
    case PROP_MAX_PENDING:
      state.settings.max_pending = static_cast<unsigned>(g_value_get_int(value));
      state.sampler.update_limit();
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, pspec);
  }
}

static GstStructure* stats_of(const SegmenterStats& stats) {
  return gst_structure_new("gvlsegmenter-stats", "frames", G_TYPE_UINT64, stats.frames.load(), "samples", G_TYPE_UINT64,
                           stats.samples.load(), "windows", G_TYPE_UINT64, stats.windows.load(), "segments",
                           G_TYPE_UINT64, stats.segments.load(), "skipped", G_TYPE_UINT64, stats.skipped.load(),
                           nullptr);
}

static void gvl_segmenter_get_property(GObject* object, guint id, GValue* value, GParamSpec* pspec) {
  const auto& state = state_of(object);
  switch (id) {
    case PROP_MODEL:
      state.model.get_folder(value);
      break;
    case PROP_DEVICE:
      state.model.get_device(value);
      break;
    case PROP_WINDOW_DURATION:
      g_value_set_uint64(value, state.settings.window_duration);
      break;
    case PROP_WINDOW_OVERLAP:
      g_value_set_double(value, state.settings.window_overlap);
      break;
    case PROP_SEGMENTATION:
      g_value_set_enum(value, static_cast<int>(state.settings.segmentation.load()));
      break;
    case PROP_KEYFRAME:
      g_value_set_enum(value, static_cast<int>(state.settings.keyframe.load()));
      break;
    case PROP_MAX_PENDING:
      g_value_set_int(value, static_cast<int>(state.settings.max_pending));
      break;
    case PROP_STATS:
      g_value_take_boxed(value, stats_of(state.stats));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, pspec);
  }
}

static void gvl_segmenter_finalize(GObject* object) {
  delete GVL_SEGMENTER(object)->state;
  G_OBJECT_CLASS(gvl_segmenter_parent_class)->finalize(object);
}

void gvl_segmenter_install_properties(GObjectClass* klass, guint first_id) {
  constexpr auto flags =
      static_cast<GParamFlags>(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_PLAYING);
  g_object_class_install_property(
      klass, first_id,
      g_param_spec_uint64(
          "window-duration", "Window duration",
          "How much video one answer covers, in ns, once the windows begun are over (0: a file of up to two minutes as "
          "a whole; about a minute of a longer one, of a live stream and of what has no known duration)",
          0, G_MAXINT64, 0, flags));
  g_object_class_install_property(
      klass, first_id + 1,
      g_param_spec_double("window-overlap", "Window overlap",
                          "The share of each window that the next one shows again, in whole segments, so that no event "
                          "is cut by every window's edge (0: side by side, as always where video plays backwards)",
                          0, gvl::timeline::kMaxOverlap, gvl::timeline::kDefaultOverlap, flags));
  g_object_class_install_property(
      klass, first_id + 2,
      g_param_spec_enum(
          "segmentation", "Segmentation",
          "Where segments begin; shots are found by the differences of frames, where video plays forwards",
          gvl_segmentation_get_type(), static_cast<int>(SegmenterSettings().segmentation.load()), flags));
  g_object_class_install_property(
      klass, first_id + 3,
      g_param_spec_enum("keyframe", "Keyframe", "Which of a segment's samples stands for what is seen in it",
                        gvl_keyframe_get_type(), static_cast<int>(SegmenterSettings().keyframe.load()), flags));
  g_object_class_install_property(
      klass, first_id + 4,
      g_param_spec_int("max-pending", "Maximum pending",
                       "How many segments, and how many windows, may be in the model's hands; beyond, a stream waits, "
                       "and a live one skips segments",
                       1, G_MAXINT, 4, flags));
}

static void gvl_segmenter_class_init(GvlSegmenterClass* klass) {
  auto* object_class = G_OBJECT_CLASS(klass);
  auto* element_class = GST_ELEMENT_CLASS(klass);

  object_class->set_property = guarded<gvl_segmenter_set_property>;
  object_class->get_property = guarded<gvl_segmenter_get_property>;
  object_class->finalize = gvl_segmenter_finalize;
  element_class->change_state = guarded<gvl_segmenter_change_state>;
  element_class->set_context = guarded<gvl_segmenter_set_context>;

  ModelClient::install_properties(object_class, PROP_MODEL, PROP_DEVICE);
  gvl_segmenter_install_properties(object_class, PROP_WINDOW_DURATION);
  g_object_class_install_property(
      object_class, PROP_STATS,
      g_param_spec_boxed("stats", "Statistics",
                         "Since the start (guint64 each): frames passed, samples taken, windows complete, "
                         "segments attached, segments skipped",
                         GST_TYPE_STRUCTURE, static_cast<GParamFlags>(G_PARAM_READABLE | G_PARAM_STATIC_STRINGS)));

  gst_type_mark_as_plugin_api(gvl_segmentation_get_type(), static_cast<GstPluginAPIFlags>(0));
  gst_type_mark_as_plugin_api(gvl_keyframe_get_type(), static_cast<GstPluginAPIFlags>(0));
  GstCaps* caps = gst_caps_from_string("video/x-raw(ANY)");
  gst_element_class_add_pad_template(element_class, gst_pad_template_new("sink", GST_PAD_SINK, GST_PAD_ALWAYS, caps));
  gst_element_class_add_pad_template(element_class, gst_pad_template_new("src", GST_PAD_SRC, GST_PAD_ALWAYS, caps));
  gst_caps_unref(caps);
  gst_element_class_set_static_metadata(
      element_class, "Grounded-VideoLLM segmenter", "Filter/Analyzer/Video",
      "Samples video into the windows and segments that Grounded-VideoLLM reads and attaches their pixels as tensors",
      "gst-grounded-video");
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
  gst_pad_set_chain_function(sink, guarded<gvl_segmenter_chain>);
  gst_pad_set_event_function(sink, guarded<gvl_segmenter_sink_event>);
  gst_pad_set_query_function(sink, guarded<gvl_segmenter_sink_query>);
  gst_pad_set_query_function(src, guarded<gvl_segmenter_src_query>);
  self->state = new State(element, sink, src);
}
