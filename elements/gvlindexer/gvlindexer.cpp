/* SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:element-gvlindexer
 * @title: gvlindexer
 * @short_description: keeps what the model saw of a stream, to be asked later
 *
 * Appends the tensor `gvl/segment-tokens` of each segment to an index, a folder (#GvlIndexer:index), with the segment's
 * times and a small picture, and the events and answers that come by to the index's database. gvl-ask answers questions
 * about an index without the video (docs/archive.md). It stands behind gvlfuser, or behind gvlgroundedllm, whose events
 * are kept then as well. gvlground has one.
 *
 * Buffers pass at once. A thread of the element's own waits for the tokens and writes; a segment is in flight until it
 * is written, so that a slow disk holds up a file, and makes a live stream drop segments, which is posted as
 * gvl-skipped. The end of the stream is held until all is written. What cannot be written is an element error.
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 filesrc location=VIDEO ! decodebin ! videoconvert ! gvlsegmenter ! gvlspatialencoder ! \
 *   gvltemporalencoder ! gvlfuser ! gvlindexer index=DIR source-id=entrance ! fakesink
 * ]|
 *
 * Since: 0.2
 */

#include "gvlindexer.h"

#include "archive/days.hpp"
#include "gvlevent.h"
#include "gvlgroundedllm/event-origin.hpp"
#include "gvlguard.hpp"
#include "gvlproperties.hpp"
#include "gvltime.hpp"
#include "index-recorder.hpp"
#include "index-settings.hpp"

GST_DEBUG_CATEGORY_STATIC(gvl_indexer_debug);
#define GST_CAT_DEFAULT gvl_indexer_debug

namespace {

using gvl::archive::SegmentFacts;
using gvl::archive::StoredEvent;
using gvl::gst::filter_stream;
using gvl::gst::guarded;
using gvl::gst::IndexSettings;
using gvl::gst::InFlight;
using gvl::gst::Locked;
using gvl::gst::SegmentsInfo;
using gvl::gst::to_time;
using gvl::timeline::Time;

struct State {
  explicit State(GvlFilter* filter)
      : recorder(filter_stream(filter)), origin(GST_ELEMENT(filter), [this] { return current_settings().source_id; }) {}

  IndexSettings current_settings() {
    std::lock_guard lock(mutex);
    return settings;
  }

  std::mutex mutex;
  IndexSettings settings;  // guarded by mutex
  gvl::gst::IndexRecorder recorder;
  gvl::gst::EventOrigin origin;
  bool indexes = false;           // from the start on, like the next
  std::optional<Time> utc_start;  // of the stream's time 0, as it was set
};

}  // namespace

struct _GvlIndexer {
  GvlFilter parent;
  State* state;
};

G_DEFINE_TYPE_WITH_CODE(GvlIndexer, gvl_indexer, GVL_TYPE_FILTER,
                        GST_DEBUG_CATEGORY_INIT(gvl_indexer_debug, "gvlindexer", 0, "gvlindexer element"))
GST_ELEMENT_REGISTER_DEFINE(gvlindexer, "gvlindexer", GST_RANK_NONE, GVL_TYPE_INDEXER)

static State& state_of(gpointer self) { return *GVL_INDEXER(self)->state; }

// ---- segments ---------------------------------------------------------------------------------------------------

static void set_utc(GvlFilter* filter, SegmentFacts& facts) {
  auto& state = state_of(filter);
  if (state.utc_start) {
    facts.utc_start = *state.utc_start + facts.start;
    facts.utc_stop = *state.utc_start + facts.stop;
    return;
  }
  const auto utc = state.origin.stream()->utc.utc_of(
      gvl::gst::to_clock_time(facts.start), gvl::gst::to_clock_time(facts.stop), GST_BASE_TRANSFORM(filter)->segment);
  if (!utc || !GST_CLOCK_TIME_IS_VALID(utc->start) || !GST_CLOCK_TIME_IS_VALID(utc->stop) || utc->stop < utc->start)
    return;
  facts.utc_start = to_time(utc->start);
  facts.utc_stop = to_time(utc->stop);
}

static SegmentFacts facts_of(GvlFilter* filter, const GvlSegmentMeta* segment) {
  const auto& info = *filter_stream(filter).segments();
  SegmentFacts facts;
  facts.place.session = segment->session;
  facts.place.sequence = segment->sequence;
  facts.number = segment->number;
  facts.window = info.window_segments;
  facts.hop = info.window_hop;
  facts.backward = info.backward;
  facts.start = to_time(segment->start);
  facts.stop = to_time(segment->stop);
  set_utc(filter, facts);
  return facts;
}

static gboolean gvl_indexer_process(GvlFilter* filter, GstBuffer* buffer, GvlSegmentMeta* segment) {
  auto& state = state_of(filter);
  if (!state.indexes) return TRUE;
  auto& stream = filter_stream(filter);
  auto tokens = stream.input(buffer, GVL_TENSOR_SEGMENT_TOKENS, segment->index);
  auto pixels = tokens.valid() ? stream.input(buffer, GVL_TENSOR_SPATIAL_PIXELS, segment->index) : tokens;
  auto model = pixels.valid() ? stream.model() : nullptr;
  if (!model) return FALSE;
  const auto in_flight = stream.in_flight();
  auto token = in_flight ? in_flight->hold(InFlight::Kind::kSegment, segment->index) : nullptr;
  state.recorder.add(std::move(model),
                     {facts_of(filter, segment), std::move(tokens), std::move(pixels), std::move(token)});
  return TRUE;
}

static gboolean gvl_indexer_sequence(GvlFilter* filter, const SegmentsInfo& sequence, GstBuffer* metas) {
  auto& state = state_of(filter);
  if (!state.indexes || !sequence.ended) return TRUE;
  gvl::archive::SequenceEnd end;
  end.place.session = sequence.session;
  end.place.sequence = sequence.sequence;
  end.windows = sequence.windows;
  state.recorder.add(end);
  return TRUE;
}

// ---- events -----------------------------------------------------------------------------------------------------

static std::string text_of(const GstStructure* said, const char* field) {
  const char* text = gst_structure_get_string(said, field);
  return text ? text : "";
}

static std::optional<Time> utc_of(const State& state, const GstStructure* said, const char* field, Time time) {
  if (state.utc_start) return *state.utc_start + time;
  const char* text = gst_structure_get_string(said, field);
  return text ? gvl::archive::utc_of_text(text) : std::nullopt;
}

// An event that is over, or an answer in words that were asked for; nothing for what is told meanwhile.
static std::optional<StoredEvent> event_of(const State& state, GstEvent* event) {
  const GstStructure* answer = gvl_answer_parse_event(event);
  const GstStructure* said = answer ? answer : gvl_event_parse_event(event);
  gboolean words = FALSE;
  if (answer) gst_structure_get_boolean(answer, "found", &words);
  if (!said || (answer ? !words : text_of(said, "state") != "closed")) return std::nullopt;
  GstClockTime start, stop;
  if (!gst_structure_get(said, answer ? "window-start" : "start", G_TYPE_UINT64, &start,
                         answer ? "window-stop" : "stop", G_TYPE_UINT64, &stop, nullptr))
    return std::nullopt;
  StoredEvent stored;
  stored.task = text_of(said, "task");
  stored.query = text_of(said, "query");
  stored.text = text_of(said, "text");
  stored.start = to_time(start);
  stored.stop = to_time(stop);
  gst_structure_get_double(said, "confidence", &stored.confidence);
  stored.utc_start = utc_of(state, said, "utc-start", stored.start);
  stored.utc_stop = utc_of(state, said, "utc-stop", stored.stop);
  return stored;
}

static void take_event(State& state, GstEvent* event) {
  switch (GST_EVENT_TYPE(event)) {
    case GST_EVENT_STREAM_START:
      state.origin.stream_starts(event);
      if (state.indexes) state.recorder.begin(state.origin.source(), state.origin.stream()->id);
      break;
    case GST_EVENT_FLUSH_STOP:
      state.origin.stream()->utc.reset();
      break;
    case GST_EVENT_CUSTOM_DOWNSTREAM:
      if (auto stored = state.indexes ? event_of(state, event) : std::nullopt) state.recorder.add(std::move(*stored));
      break;
    case GST_EVENT_EOS:
      if (state.indexes) state.recorder.wait();
      break;
    default:
      break;
  }
}

static gboolean gvl_indexer_sink_event(GstBaseTransform* base, GstEvent* event) {
  take_event(state_of(base), event);
  return GST_BASE_TRANSFORM_CLASS(gvl_indexer_parent_class)->sink_event(base, event);
}

static GstFlowReturn gvl_indexer_transform_ip(GstBaseTransform* base, GstBuffer* buffer) {
  auto& state = state_of(base);
  const auto* segments = filter_stream(GVL_FILTER(base)).segments();
  if (state.indexes) state.origin.stream()->utc.observe(buffer, base->segment, segments && segments->live);
  return GST_BASE_TRANSFORM_CLASS(gvl_indexer_parent_class)->transform_ip(base, buffer);
}

// ---- element ----------------------------------------------------------------------------------------------------

static gboolean gvl_indexer_start(GstBaseTransform* base) {
  auto& state = state_of(base);
  const IndexSettings settings = state.current_settings();
  state.indexes = !settings.index.empty();
  state.utc_start = settings.utc.empty() ? std::nullopt : gvl::archive::utc_of_text(settings.utc);
  if (!settings.utc.empty() && !state.utc_start) {
    GST_ELEMENT_ERROR(base, RESOURCE, SETTINGS,
                      ("index-utc=\"%s\": a time like 2026-01-31T12:00:00Z is needed.", settings.utc.c_str()),
                      (nullptr));
    return FALSE;
  }
  if (state.indexes) {
    state.recorder.start(settings);
    state.recorder.begin(state.origin.source(), "");
  }
  return GST_BASE_TRANSFORM_CLASS(gvl_indexer_parent_class)->start(base);
}

static gboolean gvl_indexer_stop(GstBaseTransform* base) {
  state_of(base).recorder.stop();
  state_of(base).origin.stream()->utc.reset();
  return GST_BASE_TRANSFORM_CLASS(gvl_indexer_parent_class)->stop(base);
}

// The elements before this one, whose jobs make the tokens, are stopped later.
static GstStateChangeReturn gvl_indexer_change_state(GstElement* element, GstStateChange transition) {
  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY) state_of(element).recorder.interrupt();
  return GST_ELEMENT_CLASS(gvl_indexer_parent_class)->change_state(element, transition);
}

static Locked<IndexSettings> index_settings_of(GObject* object) {
  auto& state = state_of(object);
  return {std::unique_lock(state.mutex), state.settings};
}

static GstStructure* stats_of(GObject* object) {
  const auto& recorder = state_of(object).recorder;
  return gst_structure_new("gvlindexer-stats", "indexed-segments", G_TYPE_UINT64, recorder.segments(), "indexed-events",
                           G_TYPE_UINT64, recorder.events(), nullptr);
}

static void gvl_indexer_finalize(GObject* object) {
  delete GVL_INDEXER(object)->state;
  G_OBJECT_CLASS(gvl_indexer_parent_class)->finalize(object);
}

static void gvl_indexer_class_init(GvlIndexerClass* klass) {
  auto* base_class = GST_BASE_TRANSFORM_CLASS(klass);
  G_OBJECT_CLASS(klass)->finalize = gvl_indexer_finalize;
  GVL_FILTER_CLASS(klass)->process = GST_DEBUG_FUNCPTR(gvl_indexer_process);
  GVL_FILTER_CLASS(klass)->sequence = GST_DEBUG_FUNCPTR(gvl_indexer_sequence);
  GST_ELEMENT_CLASS(klass)->change_state = GST_DEBUG_FUNCPTR(guarded<gvl_indexer_change_state>);
  base_class->start = GST_DEBUG_FUNCPTR(guarded<gvl_indexer_start>);
  base_class->stop = GST_DEBUG_FUNCPTR(guarded<gvl_indexer_stop>);
  base_class->sink_event = GST_DEBUG_FUNCPTR(guarded<gvl_indexer_sink_event>);
  base_class->transform_ip = GST_DEBUG_FUNCPTR(guarded<gvl_indexer_transform_ip>);
  gvl::gst::install_index_properties(G_OBJECT_CLASS(klass), index_settings_of);
  gvl::gst::install_stats(G_OBJECT_CLASS(klass), "Since the start (guint64 each): segments and events in the index",
                          stats_of);
  gst_element_class_set_static_metadata(
      GST_ELEMENT_CLASS(klass), "Grounded-VideoLLM indexer", "Filter/Analyzer/Video",
      "Keeps each segment's tokens and each event in an index on disk, to be asked later", GVL_AUTHOR);
}

static void gvl_indexer_init(GvlIndexer* self) {
  self->state = new State(GVL_FILTER(self));
  filter_stream(GVL_FILTER(self))
      .declare({{{GVL_TENSOR_SEGMENT_TOKENS, "gvlfuser"}, {GVL_TENSOR_SPATIAL_PIXELS, "gvlsegmenter"}}, {}});
}
