/* SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:element-gvlgroundedllm
 * @title: gvlgroundedllm
 * @short_description: answers questions about video with the times of what it names
 *
 * The last of the five elements: for each window that gvlfuser completes it asks the language model every query, and
 * turns each interval of an answer into an event, a #GstStructure `gvl-event` with the fields `id` (guint64), `state`,
 * `task`, `query`, `text` (strings), `start`, `stop` (guint64, stream time in ns), `confidence` (double, 0-1),
 * `window-start` and `window-stop` (guint64). What is no event, words or that nothing is found, is a `gvl-answer` with
 * `task`, `query`, `text`, `found` (gboolean), `confidence`, `window-start` and `window-stop`.
 *
 * Both have `source` (#GvlGroundedLlm:source-id), `stream-id` and, where UTC is known, `utc-start`, `utc-stop` and
 * `utc-source` (strings).
 *
 * Each is delivered three times: as an element message on the bus as soon as it is known; as a serialized
 * CUSTOM_DOWNSTREAM event before the next buffer; and, when the pad `events` was requested, as a buffer there, as text
 * or as a line of JSON by what the peer accepts, with the event's times (#GvlGroundedLlm:pad-events says which). A
 * branch behind that pad that blocks does not block the video.
 *
 * On a live stream with alerts (#GvlSegmenter:alert-latency) an event is told while it goes on: `state` is `open`,
 * maybe `update`, and at last `closed` with its stop, or `withdrawn`, with the same `id`.
 *
 * A window may have several moments of a query (#GvlGroundedLlm:max-moments).
 *
 * What overlapping windows say about the same thing becomes one event. Two intervals of a query are the same event when
 * they share half of the shorter one, or when one is cut by its window's edge and the other goes on from there; the
 * more confident one gives the times, and one that was cut lasts from the earlier start to the later stop, through as
 * many windows as it fills. The confidence is the mean over all windows that show the whole event. An event that the
 * next window shows as well is held back until that is answered.
 *
 * Between events the pad `events` tells of gaps at the pace of the video. An event is known only once its window is
 * over, so its buffer is stamped earlier than the gaps before it: it is a label for the video, not a caption in time.
 *
 * #GvlGroundedLlm:query and its siblings may change while the stream plays, from the next window on. The action signal
 * `ask` (two strings: a query and a task's nick, which may be %NULL for #GvlGroundedLlm:task) asks about the latest
 * complete window without touching the stream. It returns a guint64, which is `ask-id` in the answer and its events,
 * and 0 where nothing is asked: there is no window yet, or what is wrong is in the log. The answer is delivered like
 * any other, on the bus at once.
 *
 * Words of a query that the model never saw when it was trained, as far as its folder says which it saw, are in an
 * element message `gvl-unknown-words` with the fields `query` and `words` (strings; words are separated by spaces),
 * once a query and start, when it is first asked. When a live stream begins to drop segments, and when that ends, a
 * message `gvl-overload` says so (docs/events.md).
 *
 * Messages are posted in order by a thread of their own: a synchronous handler may block or seek, and nothing waits for
 * it but the end of the stream. Buffers pass at once; the end of the stream is held until every window is answered. A
 * failing model is an element error.
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 -m filesrc location=VIDEO ! decodebin ! videoconvert ! gvlsegmenter ! gvlspatialencoder ! \
 *   gvltemporalencoder ! gvlfuser ! \
 *   gvlgroundedllm model=MODEL_DIR queries='"<\"the picture goes black\", \"the picture freezes\">"' ! fakesink
 * ]|
 *
 * Since: 0.2
 */

#include "gvlgroundedllm.h"

#include <atomic>

#include "answer-queue.hpp"
#include "events-output.hpp"
#include "gvlbuffer.hpp"
#include "gvlevent.h"
#include "gvlguard.hpp"
#include "gvlmodelstream.hpp"
#include "gvlpads.hpp"
#include "gvlproperties.hpp"
#include "gvlsegmentmeta.hpp"
#include "gvlwindowmeta.hpp"
#include "query-settings.hpp"
#include "window-asker.hpp"

GST_DEBUG_CATEGORY(gvl_grounded_llm_debug);
#define GST_CAT_DEFAULT gvl_grounded_llm_debug

namespace {

using gvl::Task;
using gvl::gst::EventOrigin;
using gvl::gst::EventsOutput;
using gvl::gst::guard;
using gvl::gst::guarded;
using gvl::gst::Locked;
using gvl::gst::ModelSettings;
using gvl::gst::ModelStream;
using gvl::gst::QuerySettings;
using gvl::gst::WindowAsker;

struct State {
  explicit State(GstElement* element)
      : stream(element),
        origin(element, [this] { return current_settings().source_id; }),
        asker(element, stream, origin, [this] { return current_settings(); }) {
    stream.declare({{{GVL_TENSOR_VIDEO_TOKENS, "gvlfuser"}}, {}});
    gst_segment_init(&segment, GST_FORMAT_UNDEFINED);
  }

  QuerySettings current_settings() {
    std::lock_guard lock(settings_mutex);
    return settings;
  }

  GstPad* sinkpad = nullptr;
  GstPad* srcpad = nullptr;
  ModelStream stream;
  std::mutex settings_mutex;
  QuerySettings settings;  // guarded by settings_mutex
  EventOrigin origin;
  WindowAsker asker;
  std::atomic<guint64> delivered{0};
  std::mutex mutex;
  std::shared_ptr<EventsOutput> events;  // guarded by mutex; null while the pad is not requested
  GstSegment segment;                    // streaming thread
};

}  // namespace

struct _GvlGroundedLlm {
  GstElement parent;
  State* state;
};

G_DEFINE_TYPE_WITH_CODE(GvlGroundedLlm, gvl_grounded_llm, GST_TYPE_ELEMENT,
                        GST_DEBUG_CATEGORY_INIT(gvl_grounded_llm_debug, "gvlgroundedllm", 0, "gvlgroundedllm element"))
GST_ELEMENT_REGISTER_DEFINE(gvlgroundedllm, "gvlgroundedllm", GST_RANK_NONE, GVL_TYPE_GROUNDED_LLM)

static State& state_of(gpointer self) { return *GVL_GROUNDED_LLM(self)->state; }

static std::shared_ptr<EventsOutput> events_of(State& state) {
  std::lock_guard lock(state.mutex);
  return state.events;
}

GType gvl_task_get_type(void) {
  static const GType type = [] {
    static std::vector<GEnumValue> values;
    for (const auto& [task, name, meaning] : gvl::task_names())
      values.push_back({static_cast<int>(task), meaning, name});
    values.push_back({0, nullptr, nullptr});
    return g_enum_register_static("GvlTask", values.data());
  }();
  return type;
}

GType gvl_pad_events_get_type(void) {
  static const GFlagsValue values[] = {
      {GVL_PAD_EVENTS_CLOSED, "Events that are over, with start and stop", "closed"},
      {GVL_PAD_EVENTS_OPEN, "Events that go on: open, updated or withdrawn", "open"},
      {GVL_PAD_EVENTS_WORDS, "Answers in words that were asked for", "words"},
      {GVL_PAD_EVENTS_NOT_FOUND, "That a window does not show what a query looks for", "not-found"},
      {0, nullptr, nullptr}};
  static const GType type = g_flags_register_static("GvlPadEvents", values);
  return type;
}

// ---- windows in, events out -------------------------------------------------------------------------------------

static bool ask_about_each(State& state, GstBuffer* buffer) {
  for (const auto* window : gvl::gst::windows_of(buffer))
    if (!state.asker.ask(buffer, window, state.segment)) return false;
  return true;
}

// Takes up the windows that `buffer` completes.
static GstFlowReturn process(State& state, GstBuffer* buffer) {
  return state.stream.process("asking the model", [&] { return ask_about_each(state, buffer); });
}

static bool is_for_pad(State& state, gvl::gst::Delivery::Kind kind) {
  return state.current_settings().pad_events & (1u << static_cast<unsigned>(kind));
}

static void deliver(GvlGroundedLlm* self, const std::vector<gvl::gst::Delivery>& deliveries) {
  auto& state = state_of(self);
  const auto events = events_of(state);
  for (const auto& delivery : deliveries) {
    if (delivery.kind == gvl::gst::Delivery::Kind::kClosed) state.delivered++;
    gst_pad_push_event(state.srcpad,
                       gst_event_new_custom(GST_EVENT_CUSTOM_DOWNSTREAM, gst_structure_copy(delivery.event.get())));
    if (events && is_for_pad(state, delivery.kind)) events->send(delivery);
  }
}

static void advance_events(State& state, GstClockTime timestamp, GstClockTime duration) {
  const auto events = events_of(state);
  if (events && state.segment.format == GST_FORMAT_TIME) events->gap(timestamp, duration, state.segment);
}

static GstFlowReturn gvl_grounded_llm_chain(GstPad* pad, GstObject* parent, GstBuffer* buffer) {
  auto* self = GVL_GROUNDED_LLM(parent);
  auto& state = state_of(self);
  gvl::gst::BufferPointer owned(buffer);
  const auto answers = state.asker.answers();
  const auto* segments = state.stream.segments();
  state.origin.stream()->utc.observe(buffer, state.segment, segments && segments->live);
  if (const auto result = process(state, buffer); result != GST_FLOW_OK) return result;
  deliver(self, answers->take());
  advance_events(state, GST_BUFFER_PTS(buffer), GST_BUFFER_DURATION(buffer));
  return gst_pad_push(state.srcpad, owned.release());
}

// The action signal `ask`.
static guint64 gvl_grounded_llm_ask(GvlGroundedLlm* self, const gchar* text, const gchar* task) {
  return guard(self, "asking the model",
               [&] { return state_of(self).asker.ask_about_latest(text ? text : "", task ? task : ""); });
}

// ---- events -----------------------------------------------------------------------------------------------------

// The end waits for all answers and messages. It is not to be reached after an error.
static gboolean handle_eos(GvlGroundedLlm* self, GstPad* pad, GstEvent* event) {
  auto& state = state_of(self);
  const auto answers = state.asker.answers();
  state.stream.run("asking the model", [&] { return state.asker.ask_rest(), true; });
  while (answers->wait()) deliver(self, answers->take());
  answers->finish();
  deliver(self, answers->take());
  state.stream.wait_posted();
  if (state.stream.failing()) {
    gst_event_unref(event);
    return FALSE;
  }
  if (const auto events = events_of(state)) {
    events->end();
    events->wait_sent();
  }
  return gst_pad_event_default(pad, GST_OBJECT(self), event);
}

static void handle_gap(State& state, GstEvent* event) {
  GstClockTime timestamp, duration;
  gst_event_parse_gap(event, &timestamp, &duration);
  advance_events(state, timestamp, duration);
}

static void interrupt(State& state) {
  state.stream.interrupt();
  state.asker.interrupt();
}

static gboolean handle_flush(GvlGroundedLlm* self, GstPad* pad, GstEvent* event) {
  auto& state = state_of(self);
  const auto events = events_of(state);
  if (GST_EVENT_TYPE(event) == GST_EVENT_FLUSH_START) {
    interrupt(state);
    if (events) events->flush_start(event);
  } else {
    state.stream.flush();
    state.asker.flush();
    state.origin.stream()->utc.reset();
    gst_segment_init(&state.segment, GST_FORMAT_UNDEFINED);
    if (events) events->flush_stop(event);
  }
  return gst_pad_event_default(pad, GST_OBJECT(self), event);
}

static gboolean handle_event(GstPad* pad, GstObject* parent, GstEvent* event) {
  auto* self = GVL_GROUNDED_LLM(parent);
  auto& state = state_of(self);
  switch (GST_EVENT_TYPE(event)) {
    case GST_EVENT_FLUSH_START:
    case GST_EVENT_FLUSH_STOP:
      return handle_flush(self, pad, event);
    case GST_EVENT_EOS:
      return handle_eos(self, pad, event);
    case GST_EVENT_SEGMENT:
      gst_event_copy_segment(event, &state.segment);
      break;
    case GST_EVENT_STREAM_START:
      state.origin.stream_starts(event);
      if (const auto events = events_of(state)) events->restart();
      break;
    case GST_EVENT_GAP:
      handle_gap(state, event);
      break;
    case GST_EVENT_CUSTOM_DOWNSTREAM_STICKY:
      if (auto info = gvl::gst::parse_segments_event(event)) event = state.stream.take(std::move(*info), event);
      break;
    default:
      state.asker.tell_overload(event, state.segment);
      if (const gvl::gst::BufferPointer buffer{gvl_metadata_event_get_buffer(event)}) process(state, buffer.get());
  }
  return gst_pad_event_default(pad, parent, event);
}

static GstFlowReturn gvl_grounded_llm_sink_event(GstPad* pad, GstObject* parent, GstEvent* event) {
  return gvl::gst::flow_of_event(handle_event(pad, parent, event), state_of(parent).srcpad);
}

// Video is linked to video: what comes on one of these pads is no affair of the events pad.
static GstIterator* gvl_grounded_llm_internal_links(GstPad* pad, GstObject* parent) {
  const auto& state = state_of(parent);
  GValue other = G_VALUE_INIT;
  g_value_init(&other, GST_TYPE_PAD);
  g_value_set_object(&other, pad == state.srcpad ? state.sinkpad : state.srcpad);
  GstIterator* iterator = gst_iterator_new_single(GST_TYPE_PAD, &other);
  g_value_unset(&other);
  return iterator;
}

static gboolean gvl_grounded_llm_query(GstPad* pad, GstObject* parent, GstQuery* query) {
  return state_of(parent).stream.client().answer(query) || gst_pad_query_default(pad, parent, query);
}

// ---- the events pad ---------------------------------------------------------------------------------------------

static GstPad* gvl_grounded_llm_request_new_pad(GstElement* element, GstPadTemplate* pad_template, const gchar* name,
                                                const GstCaps* caps) {
  auto& state = state_of(element);
  std::shared_ptr<EventsOutput> events;
  {
    std::lock_guard lock(state.mutex);
    if (state.events) {
      GST_WARNING_OBJECT(element, "the pad events was requested already");
      return nullptr;
    }
    events = state.events = std::make_shared<EventsOutput>(pad_template);
  }
  gvl::gst::add_request_pad(element, events->pad());
  return events->pad();
}

static void gvl_grounded_llm_release_pad(GstElement* element, GstPad* pad) {
  auto& state = state_of(element);
  std::shared_ptr<EventsOutput> events;
  {
    std::lock_guard lock(state.mutex);
    if (!state.events || state.events->pad() != pad) return;
    events.swap(state.events);
  }
  gvl::gst::remove_request_pad(element, pad);
}

// ---- element ----------------------------------------------------------------------------------------------------

static bool start(State& state) {
  if (state.asker.require_queries().empty() || !state.stream.start()) return false;
  state.asker.start();
  state.origin.stream()->utc.reset();
  state.delivered = 0;
  return true;
}

static void stop(State& state) {
  state.stream.stop();
  state.asker.flush();
  gst_segment_init(&state.segment, GST_FORMAT_UNDEFINED);
}

static GstStateChangeReturn gvl_grounded_llm_change_state(GstElement* element, GstStateChange transition) {
  auto& state = state_of(element);
  auto& client = state.stream.client();
  if (transition == GST_STATE_CHANGE_READY_TO_PAUSED && !start(state)) return GST_STATE_CHANGE_FAILURE;
  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY) interrupt(state);
  const auto result = GST_ELEMENT_CLASS(gvl_grounded_llm_parent_class)->change_state(element, transition);
  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY) stop(state);
  if (transition == GST_STATE_CHANGE_READY_TO_NULL) client.close();
  return result;
}

static void gvl_grounded_llm_set_context(GstElement* element, GstContext* context) {
  state_of(element).stream.client().set_context(context);
  GST_ELEMENT_CLASS(gvl_grounded_llm_parent_class)->set_context(element, context);
}

static Locked<QuerySettings> query_settings_of(GObject* object) {
  auto& state = state_of(object);
  return {std::unique_lock(state.settings_mutex), state.settings};
}

static Locked<ModelSettings> model_settings_of(GObject* object) { return state_of(object).stream.client().settings(); }

static GstStructure* stats_of(GObject* object) {
  const auto& state = state_of(object);
  const guint64 awaited = state.asker.answers()->awaited();
  const auto& stats = state.asker.stats();
  return gst_structure_new(
      "gvlgroundedllm-stats", "windows-asked", G_TYPE_UINT64, state.asker.windows(), "answers-pending", G_TYPE_UINT64,
      awaited, "events", G_TYPE_UINT64, state.delivered.load(), "not-found", G_TYPE_UINT64, stats.not_found.load(),
      "unsure", G_TYPE_UINT64, stats.unsure.load(), "not-confirmed", G_TYPE_UINT64, stats.not_confirmed.load(),
      "merged", G_TYPE_UINT64, stats.merged.load(), "withdrawn", G_TYPE_UINT64, stats.withdrawn.load(), nullptr);
}

static void gvl_grounded_llm_finalize(GObject* object) {
  delete GVL_GROUNDED_LLM(object)->state;
  G_OBJECT_CLASS(gvl_grounded_llm_parent_class)->finalize(object);
}

void gvl_grounded_llm_install_ask(GObjectClass* klass, GCallback handler) {
  g_signal_new_class_handler("ask", G_TYPE_FROM_CLASS(klass),
                             static_cast<GSignalFlags>(G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION), handler, nullptr, nullptr,
                             nullptr, G_TYPE_UINT64, 2, G_TYPE_STRING, G_TYPE_STRING);
}

static GstStaticPadTemplate pad_templates[] = {
    GST_STATIC_PAD_TEMPLATE("sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY),
    GST_STATIC_PAD_TEMPLATE("src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY),
    GST_STATIC_PAD_TEMPLATE("events", GST_PAD_SRC, GST_PAD_REQUEST, GST_STATIC_CAPS(GVL_GROUNDED_LLM_EVENTS_CAPS))};

static void gvl_grounded_llm_class_init(GvlGroundedLlmClass* klass) {
  auto* object_class = G_OBJECT_CLASS(klass);
  auto* element_class = GST_ELEMENT_CLASS(klass);

  object_class->finalize = gvl_grounded_llm_finalize;
  element_class->change_state = GST_DEBUG_FUNCPTR(guarded<gvl_grounded_llm_change_state>);
  element_class->set_context = GST_DEBUG_FUNCPTR(guarded<gvl_grounded_llm_set_context>);
  element_class->request_new_pad = GST_DEBUG_FUNCPTR(guarded<gvl_grounded_llm_request_new_pad>);
  element_class->release_pad = GST_DEBUG_FUNCPTR(guarded<gvl_grounded_llm_release_pad>);

  gvl::gst::install_model_properties(object_class, model_settings_of);
  gvl::gst::install_query_properties(object_class, query_settings_of);
  gvl_grounded_llm_install_ask(object_class, G_CALLBACK(gvl_grounded_llm_ask));
  gvl::gst::install_stats(
      object_class,
      "Since the start (guint64 each): windows asked about; answers pending; events closed and sent downstream; "
      "answers without a moment; best moments that were too unsure, not confirmed by other windows, or merged into an "
      "event; alerts withdrawn",
      stats_of);
  for (auto& pad_template : pad_templates) gst_element_class_add_static_pad_template(element_class, &pad_template);
  gst_type_mark_as_plugin_api(GVL_TYPE_TASK, static_cast<GstPluginAPIFlags>(0));
  gst_type_mark_as_plugin_api(GVL_TYPE_PAD_EVENTS, static_cast<GstPluginAPIFlags>(0));
  gst_element_class_set_static_metadata(
      element_class, "Grounded-VideoLLM language model", "Filter/Analyzer/Video",
      "Answers queries about windows of video with events that say when what they describe happens", GVL_AUTHOR);
}

static void gvl_grounded_llm_init(GvlGroundedLlm* self) {
  GstElement* element = GST_ELEMENT(self);
  auto& state = *(self->state = new State(element));
  GstPad* sink = gst_pad_new_from_template(gst_element_get_pad_template(element, "sink"), "sink");
  GstPad* src = gst_pad_new_from_template(gst_element_get_pad_template(element, "src"), "src");
  state.sinkpad = sink;
  state.srcpad = src;
  for (GstPad* pad : {sink, src}) {
    GST_PAD_SET_PROXY_CAPS(pad);
    GST_PAD_SET_PROXY_SCHEDULING(pad);
    GST_PAD_SET_PROXY_ALLOCATION(pad);
    gst_pad_set_query_function(pad, GST_DEBUG_FUNCPTR(guarded<gvl_grounded_llm_query>));
    gst_pad_set_iterate_internal_links_function(pad, GST_DEBUG_FUNCPTR(guarded<gvl_grounded_llm_internal_links>));
    gst_element_add_pad(element, pad);
  }
  gst_pad_set_chain_function(sink, GST_DEBUG_FUNCPTR(guarded<gvl_grounded_llm_chain>));
  gst_pad_set_event_full_function(sink, GST_DEBUG_FUNCPTR(guarded<gvl_grounded_llm_sink_event>));
}
