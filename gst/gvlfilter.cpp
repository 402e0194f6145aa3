/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gvlfilter.hpp"

#include "gvlbuffer.hpp"
#include "gvlevent.h"
#include "gvlguard.hpp"
#include "gvlpads.hpp"
#include "gvlsegmentmeta.hpp"

GST_DEBUG_CATEGORY_STATIC(gvl_filter_debug);
#define GST_CAT_DEFAULT gvl_filter_debug

using gvl::gst::guarded;
using gvl::gst::Locked;
using gvl::gst::ModelSettings;
using gvl::gst::ModelStream;
using gvl::gst::SegmentsInfo;

struct GvlFilterPrivate {
  ModelStream* stream;
};

G_DEFINE_ABSTRACT_TYPE_WITH_CODE(GvlFilter, gvl_filter, GST_TYPE_BASE_TRANSFORM, G_ADD_PRIVATE(GvlFilter);
                                 GST_DEBUG_CATEGORY_INIT(gvl_filter_debug, "gvlfilter", 0,
                                                         "base class of the gvl encoders and fuser"))

static ModelStream& stream_of(GvlFilter* self) {
  return *static_cast<GvlFilterPrivate*>(gvl_filter_get_instance_private(self))->stream;
}

static ModelStream& stream_of(gpointer self) { return stream_of(GVL_FILTER(self)); }

static void reset(GvlFilter* self) {
  if (auto* reset = GVL_FILTER_GET_CLASS(self)->reset) reset(self);
}

// ---- buffers ----------------------------------------------------------------------------------------------------

static bool process_each_segment(GvlFilter* self, GstBuffer* buffer) {
  auto* klass = GVL_FILTER_GET_CLASS(self);
  for (auto* segment : gvl::gst::segments_of(buffer)) {
    GST_LOG_OBJECT(self, "segment %" G_GUINT64_FORMAT " of sequence %" G_GUINT64_FORMAT, segment->index,
                   segment->sequence);
    if (!klass->process(self, buffer, segment)) return false;
  }
  return true;
}

static GstFlowReturn process_segments(GvlFilter* self, GstBuffer* buffer) {
  return stream_of(self).process("handing on a segment", [&] { return process_each_segment(self, buffer); });
}

// Only buffers that get something attached need to be writable: all others pass as they are.
static GstFlowReturn gvl_filter_prepare_output_buffer(GstBaseTransform* base, GstBuffer* input, GstBuffer** output) {
  const bool shared = gvl_buffer_get_segment_meta(input) && !gst_buffer_is_writable(input);
  *output = shared ? gvl::gst::buffer_with_same_memory(input) : input;
  return GST_FLOW_OK;
}

static GstFlowReturn gvl_filter_transform_ip(GstBaseTransform* base, GstBuffer* buffer) {
  return process_segments(GVL_FILTER(base), buffer);
}

// ---- events -----------------------------------------------------------------------------------------------------

static gboolean forward(GvlFilter* self, GstEvent* event) {
  return GST_BASE_TRANSFORM_CLASS(gvl_filter_parent_class)->sink_event(GST_BASE_TRANSFORM(self), event);
}

static gboolean handle_metadata(GvlFilter* self, GstEvent* event, GstBuffer* buffer) {
  gst_event_unref(event);
  buffer = gvl::gst::make_metas_writable(buffer);
  if (process_segments(self, buffer) == GST_FLOW_OK) return forward(self, gvl_metadata_event_new(buffer));
  gst_buffer_unref(buffer);
  return FALSE;
}

static bool has_metas(GstBuffer* buffer) {
  gpointer state = nullptr;
  return gst_buffer_iterate_meta(buffer, &state) != nullptr;
}

static void take_sequence(GvlFilter* self, const SegmentsInfo& info) {
  auto* klass = GVL_FILTER_GET_CLASS(self);
  if (!klass->sequence || stream_of(self).failed()) return;
  GstBuffer* metas = gst_buffer_new();
  stream_of(self).run("ending a sequence", [&] { return klass->sequence(self, info, metas) == TRUE; });
  if (has_metas(metas))
    forward(self, gvl_metadata_event_new(metas));
  else
    gst_buffer_unref(metas);
}

static gboolean handle_sequence(GvlFilter* self, GstEvent* event, SegmentsInfo info) {
  take_sequence(self, info);
  return forward(self, stream_of(self).take(std::move(info), event));
}

// The end of the stream is not to be reached after an error, which the elements after this one need not report as well.
static gboolean handle_eos(GvlFilter* self, GstEvent* event) {
  if (!stream_of(self).failing()) return forward(self, event);
  gst_event_unref(event);
  return FALSE;
}

static gboolean gvl_filter_sink_event(GstBaseTransform* base, GstEvent* event) {
  auto* self = GVL_FILTER(base);
  switch (GST_EVENT_TYPE(event)) {
    case GST_EVENT_FLUSH_START:
      stream_of(self).interrupt();
      return forward(self, event);
    case GST_EVENT_FLUSH_STOP: {
      const gboolean forwarded = forward(self, event);
      stream_of(self).flush();
      reset(self);
      return forwarded;
    }
    case GST_EVENT_EOS:
      return handle_eos(self, event);
    case GST_EVENT_CUSTOM_DOWNSTREAM_STICKY:
      if (auto info = gvl::gst::parse_segments_event(event)) return handle_sequence(self, event, std::move(*info));
      return forward(self, event);
    default:
      if (GstBuffer* buffer = gvl_metadata_event_get_buffer(event)) return handle_metadata(self, event, buffer);
      return forward(self, event);
  }
}

// GstBaseTransform's own function calls the same, and cannot say that a pad is being stopped.
static GstFlowReturn gvl_filter_event(GstPad* pad, GstObject* parent, GstEvent* event) {
  auto* base = GST_BASE_TRANSFORM(parent);
  return gvl::gst::flow_of_event(GST_BASE_TRANSFORM_GET_CLASS(base)->sink_event(base, event),
                                 GST_BASE_TRANSFORM_SRC_PAD(base));
}

// ---- element ----------------------------------------------------------------------------------------------------

static gboolean gvl_filter_query(GstBaseTransform* base, GstPadDirection direction, GstQuery* query) {
  if (stream_of(base).client().answer(query)) return TRUE;
  return GST_BASE_TRANSFORM_CLASS(gvl_filter_parent_class)->query(base, direction, query);
}

static void gvl_filter_set_context(GstElement* element, GstContext* context) {
  stream_of(element).client().set_context(context);
  GST_ELEMENT_CLASS(gvl_filter_parent_class)->set_context(element, context);
}

static gboolean gvl_filter_start(GstBaseTransform* base) {
  reset(GVL_FILTER(base));
  return stream_of(base).start();
}

static gboolean gvl_filter_stop(GstBaseTransform* base) {
  stream_of(base).stop();
  reset(GVL_FILTER(base));
  return TRUE;
}

static GstStateChangeReturn gvl_filter_change_state(GstElement* element, GstStateChange transition) {
  auto& stream = stream_of(element);
  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY) stream.interrupt();
  const auto result = GST_ELEMENT_CLASS(gvl_filter_parent_class)->change_state(element, transition);
  if (transition == GST_STATE_CHANGE_READY_TO_NULL) stream.client().close();
  return result;
}

static Locked<ModelSettings> model_settings_of(GObject* object) { return stream_of(object).client().settings(); }

static void gvl_filter_finalize(GObject* object) {
  delete &stream_of(object);
  G_OBJECT_CLASS(gvl_filter_parent_class)->finalize(object);
}

// Encoded video that still carries the metas passes as well as raw frames do.
static GstStaticPadTemplate pad_templates[] = {
    GST_STATIC_PAD_TEMPLATE("sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY),
    GST_STATIC_PAD_TEMPLATE("src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY)};

static void gvl_filter_class_init(GvlFilterClass* klass) {
  auto* object_class = G_OBJECT_CLASS(klass);
  auto* element_class = GST_ELEMENT_CLASS(klass);
  auto* base_class = GST_BASE_TRANSFORM_CLASS(klass);

  object_class->finalize = gvl_filter_finalize;
  gvl::gst::install_model_properties(object_class, model_settings_of);

  for (auto& pad_template : pad_templates) gst_element_class_add_static_pad_template(element_class, &pad_template);

  element_class->change_state = GST_DEBUG_FUNCPTR(guarded<gvl_filter_change_state>);
  element_class->set_context = GST_DEBUG_FUNCPTR(guarded<gvl_filter_set_context>);
  base_class->start = GST_DEBUG_FUNCPTR(guarded<gvl_filter_start>);
  base_class->stop = GST_DEBUG_FUNCPTR(guarded<gvl_filter_stop>);
  base_class->sink_event = GST_DEBUG_FUNCPTR(guarded<gvl_filter_sink_event>);
  base_class->query = GST_DEBUG_FUNCPTR(guarded<gvl_filter_query>);
  base_class->prepare_output_buffer = GST_DEBUG_FUNCPTR(guarded<gvl_filter_prepare_output_buffer>);
  base_class->transform_ip = GST_DEBUG_FUNCPTR(guarded<gvl_filter_transform_ip>);

  gst_type_mark_as_plugin_api(GVL_TYPE_FILTER, static_cast<GstPluginAPIFlags>(0));
}

static void gvl_filter_init(GvlFilter* self) {
  static_cast<GvlFilterPrivate*>(gvl_filter_get_instance_private(self))->stream = new ModelStream(GST_ELEMENT(self));
  gst_pad_set_event_full_function(GST_BASE_TRANSFORM_SINK_PAD(self), GST_DEBUG_FUNCPTR(guarded<gvl_filter_event>));
  gst_base_transform_set_in_place(GST_BASE_TRANSFORM(self), TRUE);
  gst_base_transform_set_gap_aware(GST_BASE_TRANSFORM(self), TRUE);
}

namespace gvl::gst {

ModelStream& filter_stream(GvlFilter* filter) { return stream_of(filter); }

}  // namespace gvl::gst
