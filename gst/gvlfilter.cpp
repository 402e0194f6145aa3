/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gvlfilter.hpp"

#include "gvlbuffer.hpp"
#include "gvlcontext.hpp"
#include "gvlerror.hpp"
#include "gvlevent.h"
#include "gvlsegmentmeta.hpp"
#include "gvltensormeta.hpp"

GST_DEBUG_CATEGORY_STATIC(gvl_filter_debug);
#define GST_CAT_DEFAULT gvl_filter_debug

enum { PROP_0, PROP_MODEL, PROP_DEVICE };

namespace {

using gvl::Cancellation;
using gvl::gst::ErrorReporter;
using gvl::gst::guard;
using gvl::gst::guarded;
using gvl::gst::ModelClient;

struct FilterState {
  explicit FilterState(GstElement* element) : model(element) {}

  ModelClient model;
  std::mutex mutex;
  Cancellation cancellation;                // guarded by mutex: one per flush
  std::shared_ptr<ErrorReporter> reporter;  // guarded by mutex: one per start
  bool saw_buffers = false;                 // streaming thread, like the next
  bool saw_segments = false;
  bool failed = false;  // an error was posted: the stream is over
};

}  // namespace

struct GvlFilterPrivate {
  FilterState* state;
};

G_DEFINE_ABSTRACT_TYPE_WITH_CODE(GvlFilter, gvl_filter, GST_TYPE_BASE_TRANSFORM, G_ADD_PRIVATE(GvlFilter);
                                 GST_DEBUG_CATEGORY_INIT(gvl_filter_debug, "gvlfilter", 0,
                                                         "base class of the gvl encoders and fuser"))

static FilterState& state_of(GvlFilter* self) {
  return *static_cast<GvlFilterPrivate*>(gvl_filter_get_instance_private(self))->state;
}

static FilterState& state_of(gpointer self) { return state_of(GVL_FILTER(self)); }

static void cancel_jobs(GvlFilter* self) {
  auto& state = state_of(self);
  std::lock_guard lock(state.mutex);
  state.cancellation.cancel();
}

static void begin_epoch(GvlFilter* self) {
  auto& state = state_of(self);
  {
    std::lock_guard lock(state.mutex);
    state.cancellation.cancel();
    state.cancellation = Cancellation();
  }
  if (auto* reset = GVL_FILTER_GET_CLASS(self)->reset) reset(self);
}

static gboolean gvl_filter_start(GstBaseTransform* base) {
  auto* self = GVL_FILTER(base);
  auto& state = state_of(self);
  begin_epoch(self);
  std::lock_guard lock(state.mutex);
  state.reporter = std::make_shared<ErrorReporter>(GST_ELEMENT(base));
  state.saw_buffers = state.saw_segments = state.failed = false;
  return TRUE;
}

static gboolean gvl_filter_stop(GstBaseTransform* base) {
  auto* self = GVL_FILTER(base);
  auto& state = state_of(self);
  std::shared_ptr<ErrorReporter> reporter;
  {
    std::lock_guard lock(state.mutex);
    reporter.swap(state.reporter);
  }
  if (reporter) reporter->detach();
  begin_epoch(self);
  return TRUE;
}

static bool process_each_segment(GvlFilter* self, GstBuffer* buffer) {
  auto* klass = GVL_FILTER_GET_CLASS(self);
  for (auto* segment : gvl::gst::segments_of(buffer)) {
    state_of(self).saw_segments = true;
    const auto ticket = gvl::gst::ticket_of(segment);
    if (ticket && ticket->flow()->failed()) return false;
    GST_LOG_OBJECT(self, "segment %" G_GUINT64_FORMAT " of run %" G_GUINT64_FORMAT, segment->index, segment->run);
    if (!guard(self, "handing on a segment", [&] { return klass->process(self, buffer, segment); })) return false;
  }
  return true;
}

// False after an element error, or once an earlier job of the stream failed, which somebody reported.
static bool process_segments(GvlFilter* self, GstBuffer* buffer) {
  auto& state = state_of(self);
  state.saw_buffers = true;
  state.failed = state.failed || !process_each_segment(self, buffer);
  return !state.failed;
}

// Only buffers that get something attached need to be writable: all others pass as they are.
static GstFlowReturn gvl_filter_prepare_output_buffer(GstBaseTransform* base, GstBuffer* input, GstBuffer** output) {
  const bool shared = gvl_buffer_get_segment_meta(input) && !gst_buffer_is_writable(input);
  *output = shared ? gvl::gst::buffer_with_same_memory(input) : input;
  return GST_FLOW_OK;
}

static GstFlowReturn gvl_filter_transform_ip(GstBaseTransform* base, GstBuffer* buffer) {
  return process_segments(GVL_FILTER(base), buffer) ? GST_FLOW_OK : GST_FLOW_ERROR;
}

static gboolean forward(GvlFilter* self, GstEvent* event) {
  return GST_BASE_TRANSFORM_CLASS(gvl_filter_parent_class)->sink_event(GST_BASE_TRANSFORM(self), event);
}

static gboolean handle_carrier(GvlFilter* self, GstEvent* event, GstBuffer* buffer) {
  gst_event_unref(event);
  buffer = gvl::gst::make_metas_writable(buffer);
  if (process_segments(self, buffer)) return forward(self, gvl_carrier_event_new(buffer));
  gst_buffer_unref(buffer);
  return FALSE;
}

static bool has_metas(GstBuffer* buffer) {
  gpointer state = nullptr;
  return gst_buffer_iterate_meta(buffer, &state) != nullptr;
}

static bool finish(GvlFilter* self) {
  auto* klass = GVL_FILTER_GET_CLASS(self);
  if (!klass->finish) return true;
  GstBuffer* carrier = gst_buffer_new();
  const bool finished = guard(self, "ending the stream", [&] { return klass->finish(self, carrier); });
  if (has_metas(carrier))
    forward(self, gvl_carrier_event_new(carrier));
  else
    gst_buffer_unref(carrier);
  return finished;
}

static gboolean handle_eos(GvlFilter* self, GstEvent* event) {
  auto& state = state_of(self);
  if (!state.failed && state.saw_buffers && !state.saw_segments &&
      !gvl::gst::segmenter_is_upstream(GST_BASE_TRANSFORM_SINK_PAD(self))) {
    state.failed = true;
    GST_ELEMENT_ERROR(self, STREAM, FAILED,
                      ("No segments arrived at %s: put gvlsegmenter before it in the pipeline.", GST_OBJECT_NAME(self)),
                      ("buffers passed, but none carried a GvlSegmentMeta"));
  }
  // The elements after this one need not complain as well.
  if (state.failed || !finish(self)) {
    gst_event_unref(event);
    return FALSE;
  }
  return forward(self, event);
}

static gboolean gvl_filter_sink_event(GstBaseTransform* base, GstEvent* event) {
  auto* self = GVL_FILTER(base);
  switch (GST_EVENT_TYPE(event)) {
    case GST_EVENT_FLUSH_START:
      cancel_jobs(self);
      return forward(self, event);
    case GST_EVENT_FLUSH_STOP: {
      const gboolean forwarded = forward(self, event);
      begin_epoch(self);
      return forwarded;
    }
    case GST_EVENT_EOS:
      return handle_eos(self, event);
    case GST_EVENT_SEGMENT_DONE:
    case GST_EVENT_STREAM_START:
      finish(self);
      return forward(self, event);
    default:
      if (GstBuffer* buffer = gvl_carrier_event_get_buffer(event)) return handle_carrier(self, event, buffer);
      return forward(self, event);
  }
}

static gboolean gvl_filter_query(GstBaseTransform* base, GstPadDirection direction, GstQuery* query) {
  if (state_of(base).model.answer(query)) return TRUE;
  return GST_BASE_TRANSFORM_CLASS(gvl_filter_parent_class)->query(base, direction, query);
}

static void gvl_filter_set_context(GstElement* element, GstContext* context) {
  state_of(element).model.set_context(context);
  GST_ELEMENT_CLASS(gvl_filter_parent_class)->set_context(element, context);
}

static GstStateChangeReturn gvl_filter_change_state(GstElement* element, GstStateChange transition) {
  auto* self = GVL_FILTER(element);
  auto& state = state_of(self);
  if (transition == GST_STATE_CHANGE_NULL_TO_READY && !state.model.open()) return GST_STATE_CHANGE_FAILURE;
  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY) cancel_jobs(self);
  const auto result = GST_ELEMENT_CLASS(gvl_filter_parent_class)->change_state(element, transition);
  if (transition == GST_STATE_CHANGE_READY_TO_NULL) state.model.close();
  return result;
}

static void gvl_filter_set_property(GObject* object, guint id, const GValue* value, GParamSpec* pspec) {
  auto& model = state_of(object).model;
  switch (id) {
    case PROP_MODEL:
      model.set_folder(g_value_get_string(value));
      break;
    case PROP_DEVICE:
      model.set_device(g_value_get_string(value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, pspec);
  }
}

static void gvl_filter_get_property(GObject* object, guint id, GValue* value, GParamSpec* pspec) {
  const auto& model = state_of(object).model;
  switch (id) {
    case PROP_MODEL:
      model.get_folder(value);
      break;
    case PROP_DEVICE:
      model.get_device(value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, pspec);
  }
}

static void gvl_filter_finalize(GObject* object) {
  auto* self = GVL_FILTER(object);
  delete &state_of(self);
  G_OBJECT_CLASS(gvl_filter_parent_class)->finalize(object);
}

static void gvl_filter_class_init(GvlFilterClass* klass) {
  auto* object_class = G_OBJECT_CLASS(klass);
  auto* element_class = GST_ELEMENT_CLASS(klass);
  auto* base_class = GST_BASE_TRANSFORM_CLASS(klass);

  object_class->set_property = guarded<gvl_filter_set_property>;
  object_class->get_property = guarded<gvl_filter_get_property>;
  object_class->finalize = gvl_filter_finalize;
  ModelClient::install_properties(object_class, PROP_MODEL, PROP_DEVICE);

  // Encoded video that still carries the metas passes as well as raw frames do.
  GstCaps* any = gst_caps_new_any();
  gst_element_class_add_pad_template(element_class, gst_pad_template_new("sink", GST_PAD_SINK, GST_PAD_ALWAYS, any));
  gst_element_class_add_pad_template(element_class, gst_pad_template_new("src", GST_PAD_SRC, GST_PAD_ALWAYS, any));
  gst_caps_unref(any);

  element_class->change_state = guarded<gvl_filter_change_state>;
  element_class->set_context = guarded<gvl_filter_set_context>;
  base_class->start = guarded<gvl_filter_start>;
  base_class->stop = guarded<gvl_filter_stop>;
  base_class->sink_event = guarded<gvl_filter_sink_event>;
  base_class->query = guarded<gvl_filter_query>;
  base_class->prepare_output_buffer = guarded<gvl_filter_prepare_output_buffer>;
  base_class->transform_ip = guarded<gvl_filter_transform_ip>;

  gst_type_mark_as_plugin_api(GVL_TYPE_FILTER, static_cast<GstPluginAPIFlags>(0));
}

static void gvl_filter_init(GvlFilter* self) {
  static_cast<GvlFilterPrivate*>(gvl_filter_get_instance_private(self))->state = new FilterState(GST_ELEMENT(self));
  gst_base_transform_set_in_place(GST_BASE_TRANSFORM(self), TRUE);
  gst_base_transform_set_gap_aware(GST_BASE_TRANSFORM(self), TRUE);
}

namespace gvl::gst {

std::shared_ptr<Model> filter_model(GvlFilter* filter) { return state_of(filter).model.require(); }

Cancellation filter_cancellation(GvlFilter* filter) {
  auto& state = state_of(filter);
  std::lock_guard lock(state.mutex);
  return state.cancellation;
}

Future<Tensor> filter_input(GvlFilter* filter, GstBuffer* buffer, const GvlSegmentMeta* segment, const char* id,
                            const char* producer) {
  if (auto* meta = gvl_buffer_get_tensor_meta_of_segment(buffer, g_quark_from_string(id), segment->index))
    return tensor_future(meta);
  GST_ELEMENT_ERROR(filter, STREAM, FAILED,
                    ("%s needs %s: put %s before it in the pipeline.", GST_OBJECT_NAME(filter), id, producer),
                    ("segment %" G_GUINT64_FORMAT " carries no tensor %s", segment->index, id));
  return {};
}

void filter_attach(GvlFilter* filter, GstBuffer* buffer, const char* id, guint64 index,
                   const std::vector<std::int64_t>& shape, Future<Tensor> result,
                   const std::shared_ptr<Ticket>& ticket) {
  auto& state = state_of(filter);
  std::shared_ptr<ErrorReporter> reporter;
  {
    std::lock_guard lock(state.mutex);
    reporter = state.reporter;
  }
  if (reporter) report_failure(result, reporter, ticket ? ticket->flow() : nullptr, std::string("computing ") + id);
  hold_until_ready(ticket, result);
  add_pending_tensor(buffer, id, index, DataType::kFloat32, shape, std::move(result));
}

}  // namespace gvl::gst
