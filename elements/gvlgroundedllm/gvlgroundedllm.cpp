/* SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:element-gvlgroundedllm
 * @title: gvlgroundedllm
 * @short_description: answers questions about video with the times of what it names
 *
 * The last of the five elements: for each window that gvlfuser completes it asks the language model every query, and
 * turns each interval of an answer into an event, a #GstStructure `gvl-event` with the fields `id` (guint64), `task`,
 * `query`, `text` (strings), `start`, `stop` (guint64, stream time in ns; absent when the answer names no time),
 * `confidence` (double, 0-1), `window-start` and `window-stop` (guint64).
 *
 * Each event is delivered three times: as an element message on the bus as soon as it is known; as a serialized
 * CUSTOM_DOWNSTREAM event before the next buffer; and, when the pad `events` was requested, as a buffer there, as text
 * or as a line of JSON by what the peer accepts, with the event's times. A branch behind that pad that blocks does not
 * block the video.
 *
 * What overlapping windows say about the same thing becomes one event. Two intervals of a query are the same event when
 * they share half of the shorter one, or when one is cut by its window's edge and the other goes on from there; the
 * more confident one gives the times, and one that was cut lasts from the earlier start to the later stop. The
 * confidence is the mean over all windows that show the whole event. An event that the next window shows as well is
 * held back until that is answered.
 *
 * Between events the pad `events` tells of gaps at the pace of the video. An event is known only once its window is
 * over, so its buffer is stamped earlier than the gaps before it: it is a label for the video, not a caption in time.
 *
 * #GvlGroundedLlm:query and its siblings may change while the stream plays, from the next window on. The action signal
 * `ask` (a string, a GvlTask) asks about the latest complete window without touching the stream; it returns %FALSE when
 * there is none. The answer is delivered like any other, on the bus at once.
 *
 * Words of a query that the model never saw when it was trained, as far as its folder says which it saw, are told by an
 * element message `gvl-unknown-words` with the fields `query` and `words` (strings; words are separated by spaces),
 * once a query and run, when it is first asked.
 *
 * Buffers pass at once; the end of the stream is held until every window is answered. A failing model is an element
 * error.
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 -m filesrc location=VIDEO ! decodebin ! videoconvert ! gvlsegmenter ! gvlspatialencoder ! \
 *   gvltemporalencoder ! gvlfuser ! \
 *   gvlgroundedllm model=MODEL_DIR queries="<\"the picture goes black\",\"the picture freezes\">" ! fakesink
 * ]|
 */

#include "gvlgroundedllm.h"

#include <algorithm>
#include <atomic>
#include <optional>
#include <set>

#include "answer-queue.hpp"
#include "events-output.hpp"
#include "gvlbuffer.hpp"
#include "gvlcontext.hpp"
#include "gvlerror.hpp"
#include "gvlevent.h"
#include "gvlpads.hpp"
#include "gvlsegmentmeta.hpp"
#include "gvltensormeta.hpp"
#include "gvltime.hpp"
#include "gvlwindowmeta.hpp"
#include "timeline/window_assembler.hpp"

GST_DEBUG_CATEGORY(gvl_grounded_llm_debug);
#define GST_CAT_DEFAULT gvl_grounded_llm_debug

enum {
  PROP_0,
  PROP_MODEL,
  PROP_DEVICE,
  PROP_QUERY,
  PROP_QUERIES,
  PROP_TASK,
  PROP_MAX_NEW_TOKENS,
  PROP_TEMPERATURE,
  PROP_TOP_P,
  PROP_SEED,
  PROP_MIN_CONFIDENCE,
  PROP_STATS
};

namespace {

using gvl::Cancellation;
using gvl::GenerationOptions;
using gvl::Query;
using gvl::Task;
using gvl::gst::AnswerQueue;
using gvl::gst::EventsOutput;
using gvl::gst::guard;
using gvl::gst::guarded;
using gvl::gst::ModelClient;
using gvl::gst::to_optional_time;
using gvl::gst::to_time;

/** The last window that was complete, for questions outside of the stream's own. */
struct LatestWindow {
  gvl::VideoWindow video;
  gvl::gst::AskedWindow about;
};

struct State {
  explicit State(GstElement* element) : model(element), next_id(std::make_shared<std::atomic<guint64>>(0)) {
    gst_segment_init(&segment, GST_FORMAT_UNDEFINED);
  }

  ModelClient model;
  GstPad* sinkpad = nullptr;
  GstPad* srcpad = nullptr;

  std::mutex mutex;  // guards what follows
  std::optional<std::string> query;
  std::vector<std::string> queries;
  Task task = Task::kGrounding;
  GenerationOptions options;
  double min_confidence = -1;            // below 0: the model's
  std::shared_ptr<AnswerQueue> answers;  // one per flush, like the next
  Cancellation cancellation;
  std::shared_ptr<EventsOutput> events;  // null while the pad is not requested
  std::optional<LatestWindow> latest;
  std::set<std::string> told;  // queries whose unknown words were told of

  std::shared_ptr<std::atomic<guint64>> next_id;
  std::atomic<guint64> windows{0};
  std::atomic<guint64> delivered{0};

  GstSegment segment;  // streaming thread, like the rest
  bool saw_buffers = false;
  bool saw_segments = false;
  bool failed = false;  // an error was posted: the stream is over
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

template <typename T>
static T guarded_copy(State& state, const T& member) {
  std::lock_guard lock(state.mutex);
  return member;
}

// ---- queries ----------------------------------------------------------------------------------------------------

// Each query once, however often it is set.
static std::vector<Query> make_queries(State& state) {
  std::lock_guard lock(state.mutex);
  if (state.task == Task::kDenseCaption) return {{state.task, state.query.value_or("")}};
  std::vector<Query> queries;
  const auto add = [&](const std::string& text) {
    const auto same = [&](const Query& query) { return query.text == text; };
    if (std::none_of(queries.begin(), queries.end(), same)) queries.push_back({state.task, text});
  };
  if (state.query) add(*state.query);
  for (const auto& text : state.queries) add(text);
  return queries;
}

static bool blank(const std::string& text) { return text.find_first_not_of(" \t\r\n\v\f") == std::string::npos; }

// Why a query cannot be asked, or an empty string.
static std::string fault_of(const std::vector<Query>& queries) {
  if (queries.empty()) return "There is no query: set the property \"query\" or \"queries\".";
  for (const auto& query : queries) {
    if (!g_utf8_validate(query.text.data(), static_cast<gssize>(query.text.size()), nullptr))
      return "The query is not valid UTF-8.";
    if (query.task != Task::kDenseCaption && blank(query.text)) return "The query is empty.";
  }
  return {};
}

// The queries to ask; none after an element error.
static std::vector<Query> require_queries(GvlGroundedLlm* self) {
  auto queries = make_queries(state_of(self));
  const auto fault = fault_of(queries);
  if (fault.empty()) return queries;
  GST_ELEMENT_ERROR(self, RESOURCE, SETTINGS, ("%s", fault.c_str()),
                    ("%" G_GSIZE_FORMAT " queries are set", queries.size()));
  return {};
}

// ---- windows in, events out -------------------------------------------------------------------------------------

static void begin_epoch(GvlGroundedLlm* self) {
  auto& state = state_of(self);
  std::shared_ptr<AnswerQueue> old;
  {
    std::lock_guard lock(state.mutex);
    state.cancellation.cancel();
    state.cancellation = Cancellation();
    old = std::exchange(state.answers, std::make_shared<AnswerQueue>(GST_ELEMENT(self), state.next_id));
    state.latest.reset();
  }
  if (old) old->close();
}

// Ends the wait at the end of the stream and stops the model. Any thread.
static void interrupt(GvlGroundedLlm* self) {
  auto& state = state_of(self);
  std::shared_ptr<AnswerQueue> answers;
  {
    std::lock_guard lock(state.mutex);
    state.cancellation.cancel();
    answers = state.answers;
  }
  if (answers) answers->close();
}

static double min_confidence_of(State& state, const gvl::Model& model) {
  const double asked = guarded_copy(state, state.min_confidence);
  return asked < 0 ? model.config().min_confidence : asked;
}

// Tells once per query and run which of its words the model never saw: what it answers about them is a guess.
static void tell_unknown_words(GvlGroundedLlm* self, const gvl::Model& model, const std::vector<Query>& queries) {
  auto& state = state_of(self);
  for (const auto& query : queries) {
    if (query.task == Task::kDenseCaption) continue;
    {
      std::lock_guard lock(state.mutex);
      if (!state.told.insert(query.text).second) continue;
    }
    std::string words;
    for (const auto& word : model.unknown_words(query.text)) words += (words.empty() ? "" : " ") + word;
    if (words.empty()) continue;
    gst_element_post_message(
        GST_ELEMENT(self),
        gst_message_new_element(GST_OBJECT(self),
                                gst_structure_new("gvl-unknown-words", "query", G_TYPE_STRING, query.text.c_str(),
                                                  "words", G_TYPE_STRING, words.c_str(), nullptr)));
  }
}

static void submit(State& state, const std::shared_ptr<gvl::Model>& model, const LatestWindow& window,
                   const std::vector<Query>& queries) {
  const auto answers =
      model->answer(window.video, queries, guarded_copy(state, state.options), guarded_copy(state, state.cancellation));
  guarded_copy(state, state.answers)->add(window.about, answers);
}

static std::vector<double> boundaries_of(const GvlWindowMeta* window) {
  std::vector<gvl::timeline::WindowSegment> segments;
  for (guint i = 0; i < window->num_segments; ++i)
    segments.push_back({to_time(window->segments[i].start), to_time(window->segments[i].stop)});
  return gvl::timeline::boundaries_of(segments);
}

static bool ask(GvlGroundedLlm* self, GstBuffer* buffer, const GvlWindowMeta* window) {
  auto& state = state_of(self);
  auto* tokens =
      gvl_buffer_get_tensor_meta_of_segment(buffer, g_quark_from_string(GVL_TENSOR_VIDEO_TOKENS), window->index);
  if (!tokens) {
    GST_ELEMENT_ERROR(
        self, STREAM, FAILED,
        ("%s needs %s: put gvlfuser before it in the pipeline.", GST_OBJECT_NAME(self), GVL_TENSOR_VIDEO_TOKENS),
        ("window %" G_GUINT64_FORMAT " carries no tokens", window->index));
    return false;
  }
  const auto queries = require_queries(self);
  if (queries.empty()) return false;
  const auto model = state.model.require();
  if (!model) return false;
  tell_unknown_words(self, *model, queries);
  state.windows++;
  const double seconds = static_cast<double>(window->stop - window->start) / GST_SECOND;
  LatestWindow asked{{gvl::gst::tensor_future(tokens), seconds, boundaries_of(window)},
                     {{.index = window->index,
                       .session = window->session,
                       .start = to_time(window->start),
                       .stop = to_time(window->stop),
                       .settled = to_optional_time(window->settled),
                       .resolution = to_time(window->stop - window->start) / model->config().temporal_tokens},
                      false,
                      state.segment,
                      gvl::gst::ticket_of(window),
                      min_confidence_of(state, *model)}};
  submit(state, model, asked, queries);
  asked.about.ticket.reset();  // what is asked later does not hold up the stream
  asked.about.alone = true;
  {
    std::lock_guard lock(state.mutex);
    state.latest = std::move(asked);
  }
  GST_DEBUG_OBJECT(self, "asked %" G_GSIZE_FORMAT " queries about window %" G_GUINT64_FORMAT, queries.size(),
                   window->index);
  return true;
}

static bool check_wiring(GvlGroundedLlm* self, GstBuffer* buffer) {
  for (const auto* segment : gvl::gst::segments_of(buffer)) {
    state_of(self).saw_segments = true;
    if (gvl_buffer_get_tensor_meta_of_segment(buffer, g_quark_from_string(GVL_TENSOR_SEGMENT_TOKENS), segment->index))
      continue;
    GST_ELEMENT_ERROR(
        self, STREAM, FAILED,
        ("%s needs %s: put gvlfuser before it in the pipeline.", GST_OBJECT_NAME(self), GVL_TENSOR_SEGMENT_TOKENS),
        ("segment %" G_GUINT64_FORMAT " carries no tokens", segment->index));
    return false;
  }
  return true;
}

static bool process_windows(GvlGroundedLlm* self, GstBuffer* buffer) {
  if (!check_wiring(self, buffer)) return false;
  for (const auto* window : gvl::gst::windows_of(buffer)) {
    state_of(self).saw_segments = true;
    if (!ask(self, buffer, window)) return false;
  }
  return true;
}

// Takes up the windows that `buffer` completes. False after an element error.
static bool process(GvlGroundedLlm* self, GstBuffer* buffer) {
  auto& state = state_of(self);
  state.saw_buffers = true;
  state.failed = state.failed || !guard(self, "asking the model", [&] { return process_windows(self, buffer); });
  return !state.failed;
}

static void deliver(GvlGroundedLlm* self, const std::vector<gvl::gst::Delivery>& deliveries) {
  auto& state = state_of(self);
  const auto events = guarded_copy(state, state.events);
  for (const auto& delivery : deliveries) {
    state.delivered++;
    gst_pad_push_event(state.srcpad,
                       gst_event_new_custom(GST_EVENT_CUSTOM_DOWNSTREAM, gst_structure_copy(delivery.event.get())));
    if (events) events->send(delivery);
  }
}

static void advance_events(State& state, GstClockTime timestamp, GstClockTime duration) {
  const auto events = guarded_copy(state, state.events);
  if (events && state.segment.format == GST_FORMAT_TIME) events->gap(timestamp, duration, state.segment);
}

static GstFlowReturn gvl_grounded_llm_chain(GstPad* pad, GstObject* parent, GstBuffer* buffer) {
  auto* self = GVL_GROUNDED_LLM(parent);
  auto& state = state_of(self);
  gvl::gst::BufferPointer owned(buffer);
  const auto answers = guarded_copy(state, state.answers);
  if (!process(self, buffer) || answers->failed()) return GST_FLOW_ERROR;
  deliver(self, answers->take());
  advance_events(state, GST_BUFFER_PTS(buffer), GST_BUFFER_DURATION(buffer));
  return gst_pad_push(state.srcpad, owned.release());
}

static gboolean ask_about_latest(GvlGroundedLlm* self, const gchar* text, int task) {
  auto& state = state_of(self);
  const std::vector<Query> queries{{static_cast<Task>(task), text ? text : ""}};
  const auto fault = fault_of(queries);
  auto latest = guarded_copy(state, state.latest);
  if (!fault.empty() || !latest) {
    GST_WARNING_OBJECT(self, "cannot ask: %s", fault.empty() ? "no window is complete" : fault.c_str());
    return FALSE;
  }
  const auto model = state.model.require();
  if (!model) return FALSE;
  latest->about.min_confidence = min_confidence_of(state, *model);
  tell_unknown_words(self, *model, queries);
  submit(state, model, *latest, queries);
  return TRUE;
}

// The action signal `ask`.
static gboolean gvl_grounded_llm_ask(GvlGroundedLlm* self, const gchar* text, int task) {
  return guard(self, "asking the model", [&] { return ask_about_latest(self, text, task); });
}

// ---- events -----------------------------------------------------------------------------------------------------

static gboolean handle_eos(GvlGroundedLlm* self, GstPad* pad, GstEvent* event) {
  auto& state = state_of(self);
  if (!state.failed && state.saw_buffers && !state.saw_segments && !gvl::gst::segmenter_is_upstream(pad))
    GST_ELEMENT_ERROR(
        self, STREAM, FAILED,
        ("No segments arrived at %s: put gvlsegmenter, gvlspatialencoder, gvltemporalencoder and gvlfuser "
         "before it in the pipeline.",
         GST_OBJECT_NAME(self)),
        ("buffers passed, but none carried a GvlSegmentMeta"));
  const auto answers = guarded_copy(state, state.answers);
  while (answers->wait()) deliver(self, answers->take());
  answers->finish();
  deliver(self, answers->take());
  if (const auto events = guarded_copy(state, state.events)) {
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

static gboolean handle_flush(GvlGroundedLlm* self, GstPad* pad, GstEvent* event) {
  auto& state = state_of(self);
  const auto events = guarded_copy(state, state.events);
  if (GST_EVENT_TYPE(event) == GST_EVENT_FLUSH_START) {
    interrupt(self);
    if (events) events->flush_start(event);
  } else {
    begin_epoch(self);
    gst_segment_init(&state.segment, GST_FORMAT_UNDEFINED);
    if (events) events->flush_stop(event);
  }
  return gst_pad_event_default(pad, GST_OBJECT(self), event);
}

static gboolean gvl_grounded_llm_sink_event(GstPad* pad, GstObject* parent, GstEvent* event) {
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
      if (const auto events = guarded_copy(state, state.events)) events->restart();
      break;
    case GST_EVENT_GAP:
      handle_gap(state, event);
      break;
    default:
      if (const gvl::gst::BufferPointer carrier{gvl_carrier_event_get_buffer(event)}) process(self, carrier.get());
  }
  return gst_pad_event_default(pad, parent, event);
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
  return state_of(parent).model.answer(query) || gst_pad_query_default(pad, parent, query);
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

static GstStateChangeReturn gvl_grounded_llm_change_state(GstElement* element, GstStateChange transition) {
  auto* self = GVL_GROUNDED_LLM(element);
  auto& state = state_of(self);
  switch (transition) {
    case GST_STATE_CHANGE_NULL_TO_READY:
      if (!state.model.open()) return GST_STATE_CHANGE_FAILURE;
      break;
    case GST_STATE_CHANGE_READY_TO_PAUSED:
      if (require_queries(self).empty()) return GST_STATE_CHANGE_FAILURE;
      begin_epoch(self);
      state.saw_buffers = state.saw_segments = state.failed = false;
      state.windows = state.delivered = 0;
      {
        std::lock_guard lock(state.mutex);
        state.told.clear();
      }
      break;
    case GST_STATE_CHANGE_PAUSED_TO_READY:
      interrupt(self);
      break;
    default:
      break;
  }
  const auto result = GST_ELEMENT_CLASS(gvl_grounded_llm_parent_class)->change_state(element, transition);
  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY) gst_segment_init(&state.segment, GST_FORMAT_UNDEFINED);
  if (transition == GST_STATE_CHANGE_READY_TO_NULL) state.model.close();
  return result;
}

static void gvl_grounded_llm_set_context(GstElement* element, GstContext* context) {
  state_of(element).model.set_context(context);
  GST_ELEMENT_CLASS(gvl_grounded_llm_parent_class)->set_context(element, context);
}

static std::vector<std::string> strings_of(const GValue* array) {
  std::vector<std::string> strings;
  for (guint i = 0; i < gst_value_array_get_size(array); ++i) {
    const gchar* text = g_value_get_string(gst_value_array_get_value(array, i));
    strings.emplace_back(text ? text : "");
  }
  return strings;
}

static void put_strings(GValue* array, const std::vector<std::string>& strings) {
  for (const auto& text : strings) {
    GValue value = G_VALUE_INIT;
    g_value_init(&value, G_TYPE_STRING);
    g_value_set_string(&value, text.c_str());
    gst_value_array_append_and_take_value(array, &value);
  }
}

static void gvl_grounded_llm_set_property(GObject* object, guint id, const GValue* value, GParamSpec* pspec) {
  auto& state = state_of(object);
  std::lock_guard lock(state.mutex);
  switch (id) {
    case PROP_MODEL:
      state.model.set_folder(g_value_get_string(value));
      break;
    case PROP_DEVICE:
      state.model.set_device(g_value_get_string(value));
      break;
    case PROP_QUERY:
      state.query = g_value_get_string(value) ? std::optional<std::string>(g_value_get_string(value)) : std::nullopt;
      break;
    case PROP_QUERIES:
      state.queries = strings_of(value);
      break;
    case PROP_TASK:
      state.task = static_cast<Task>(g_value_get_enum(value));
      break;
    case PROP_MAX_NEW_TOKENS:
      state.options.max_new_tokens = g_value_get_int(value);
      break;
    case PROP_TEMPERATURE:
      state.options.temperature = g_value_get_double(value);
      break;
    case PROP_TOP_P:
      state.options.top_p = g_value_get_double(value);
      break;
    case PROP_SEED:
      state.options.seed = g_value_get_uint64(value);
      break;
    case PROP_MIN_CONFIDENCE:
      state.min_confidence = g_value_get_double(value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, pspec);
  }
}

static GstStructure* stats_of(const State& state) {
  const guint64 awaited = state.answers ? state.answers->awaited() : 0;
  return gst_structure_new("gvlgroundedllm-stats", "windows-asked", G_TYPE_UINT64, state.windows.load(),
                           "answers-pending", G_TYPE_UINT64, awaited, "events", G_TYPE_UINT64, state.delivered.load(),
                           nullptr);
}

static void gvl_grounded_llm_get_property(GObject* object, guint id, GValue* value, GParamSpec* pspec) {
  auto& state = state_of(object);
  std::lock_guard lock(state.mutex);
  switch (id) {
    case PROP_MODEL:
      state.model.get_folder(value);
      break;
    case PROP_DEVICE:
      state.model.get_device(value);
      break;
    case PROP_QUERY:
      g_value_set_string(value, state.query ? state.query->c_str() : nullptr);
      break;
    case PROP_QUERIES:
      put_strings(value, state.queries);
      break;
    case PROP_TASK:
      g_value_set_enum(value, static_cast<int>(state.task));
      break;
    case PROP_MAX_NEW_TOKENS:
      g_value_set_int(value, static_cast<int>(state.options.max_new_tokens));
      break;
    case PROP_TEMPERATURE:
      g_value_set_double(value, state.options.temperature);
      break;
    case PROP_TOP_P:
      g_value_set_double(value, state.options.top_p);
      break;
    case PROP_SEED:
      g_value_set_uint64(value, state.options.seed);
      break;
    case PROP_MIN_CONFIDENCE:
      g_value_set_double(value, state.min_confidence);
      break;
    case PROP_STATS:
      g_value_take_boxed(value, stats_of(state));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, pspec);
  }
}

static void gvl_grounded_llm_finalize(GObject* object) {
  delete GVL_GROUNDED_LLM(object)->state;
  G_OBJECT_CLASS(gvl_grounded_llm_parent_class)->finalize(object);
}

void gvl_grounded_llm_install_ask(GObjectClass* klass, GCallback handler) {
  g_signal_new_class_handler("ask", G_TYPE_FROM_CLASS(klass),
                             static_cast<GSignalFlags>(G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION), handler, nullptr, nullptr,
                             nullptr, G_TYPE_BOOLEAN, 2, G_TYPE_STRING, GVL_TYPE_TASK);
}

void gvl_grounded_llm_install_properties(GObjectClass* klass, guint first_id) {
  constexpr auto flags =
      static_cast<GParamFlags>(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_PLAYING);
  const GenerationOptions defaults;
  const auto install = [&](GParamSpec* spec) { g_object_class_install_property(klass, first_id++, spec); };
  install(g_param_spec_string("query", "Query", "What to ask about each window, in plain language (UTF-8)", nullptr,
                              flags));
  install(gst_param_spec_array(
      "queries", "Queries",
      "More to ask about each window, after query; they share one reading of the video: <\"first\",\"second\">",
      g_param_spec_string("one-query", "One query", "A query", nullptr, flags), flags));
  install(g_param_spec_enum("task", "Task", "What the queries ask for", GVL_TYPE_TASK,
                            static_cast<int>(Task::kGrounding), flags));
  install(g_param_spec_int("max-new-tokens", "Maximum new tokens", "Where an answer ends at the latest", 1, G_MAXINT,
                           static_cast<int>(defaults.max_new_tokens), flags));
  install(g_param_spec_double("temperature", "Temperature",
                              "0 takes the most probable token at each step; above, tokens are drawn, the more freely "
                              "the higher",
                              0, 100, defaults.temperature, flags));
  install(g_param_spec_double("top-p", "Top p",
                              "Tokens are drawn from the fewest that have this probability together (with temperature)",
                              0, 1, defaults.top_p, flags));
  install(g_param_spec_uint64("seed", "Seed", "The same seed draws the same answer (with temperature)", 0, G_MAXUINT64,
                              defaults.seed, flags));
  install(
      g_param_spec_double("min-confidence", "Minimum confidence",
                          "No event is emitted for an interval that the model is less sure of (0: all are; -1: what "
                          "the model's config.json says, which was measured)",
                          -1, 1, -1, flags));
}

static void gvl_grounded_llm_class_init(GvlGroundedLlmClass* klass) {
  auto* object_class = G_OBJECT_CLASS(klass);
  auto* element_class = GST_ELEMENT_CLASS(klass);

  object_class->set_property = guarded<gvl_grounded_llm_set_property>;
  object_class->get_property = guarded<gvl_grounded_llm_get_property>;
  object_class->finalize = gvl_grounded_llm_finalize;
  element_class->change_state = guarded<gvl_grounded_llm_change_state>;
  element_class->set_context = guarded<gvl_grounded_llm_set_context>;
  element_class->request_new_pad = guarded<gvl_grounded_llm_request_new_pad>;
  element_class->release_pad = guarded<gvl_grounded_llm_release_pad>;

  ModelClient::install_properties(object_class, PROP_MODEL, PROP_DEVICE);
  gvl_grounded_llm_install_properties(object_class, PROP_QUERY);
  gvl_grounded_llm_install_ask(object_class, G_CALLBACK(gvl_grounded_llm_ask));
  g_object_class_install_property(
      object_class, PROP_STATS,
      g_param_spec_boxed("stats", "Statistics",
                         "Since the start (guint64 each): windows asked about, answers pending, events sent downstream",
                         GST_TYPE_STRUCTURE, static_cast<GParamFlags>(G_PARAM_READABLE | G_PARAM_STATIC_STRINGS)));
  gvl::gst::add_pad_template(element_class, "sink", GST_PAD_SINK, GST_PAD_ALWAYS, "ANY");
  gvl::gst::add_pad_template(element_class, "src", GST_PAD_SRC, GST_PAD_ALWAYS, "ANY");
  gvl::gst::add_pad_template(element_class, "events", GST_PAD_SRC, GST_PAD_REQUEST, GVL_GROUNDED_LLM_EVENTS_CAPS);
  gst_type_mark_as_plugin_api(GVL_TYPE_TASK, static_cast<GstPluginAPIFlags>(0));
  gst_element_class_set_static_metadata(
      element_class, "Grounded-VideoLLM language model", "Filter/Analyzer/Video",
      "Answers queries about windows of video with events that say when what they describe happens",
      "gst-grounded-video");
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
    gst_pad_set_query_function(pad, guarded<gvl_grounded_llm_query>);
    gst_pad_set_iterate_internal_links_function(pad, guarded<gvl_grounded_llm_internal_links>);
    gst_element_add_pad(element, pad);
  }
  gst_pad_set_chain_function(sink, guarded<gvl_grounded_llm_chain>);
  gst_pad_set_event_function(sink, guarded<gvl_grounded_llm_sink_event>);
}
