/* SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:element-gvlfuser
 * @title: gvlfuser
 * @short_description: makes the tokens of segments and windows
 *
 * Reads the tensors `gvl/spatial-features` and `gvl/temporal-features` of each segment and attaches
 * `gvl/segment-tokens`, what the language model reads of it. With the last segment of a window it attaches a
 * #GvlWindowMeta and `gvl/video-tokens`, the tokens of all the window's segments in order. Buffers pass at once; the
 * tensors are pending until the model has computed them.
 *
 * The tokens of a segment that was skipped, on a live stream, are stood in for by those of its nearest neighbour. A
 * window that a jump in time cut short is dropped.
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 -m filesrc location=VIDEO ! decodebin ! videoconvert ! gvlsegmenter model=MODEL_DIR ! \
 *   gvlspatialencoder ! gvltemporalencoder ! gvlfuser ! gvlgroundedllm query="a car drives along the road" ! fakesink
 * ]|
 */

#include "gvlfuser.h"

#include <optional>

#include "gvlsegmentmeta.hpp"
#include "gvlwindowmeta.hpp"

GST_DEBUG_CATEGORY_STATIC(gvl_fuser_debug);
#define GST_CAT_DEFAULT gvl_fuser_debug

namespace {

using gvl::Future;
using gvl::Tensor;

/** The window whose segments are coming in. */
struct Window {
  guint64 index;
  GstClockTime start;
  GstClockTime stop;
  std::vector<Future<Tensor>> tokens;  // by position; invalid where no segment came
  std::shared_ptr<gvl::gst::WindowState> state;
  std::shared_ptr<gvl::gst::Flow> flow;

  bool complete() const {
    for (const auto& segment : tokens)
      if (!segment.valid()) return false;
    return true;
  }
};

struct State {
  std::optional<Window> window;
  guint64 next_window = 0;  // windows before it are done with
};

}  // namespace

struct _GvlFuser {
  GvlFilter parent;
  State* state;  // of the streaming thread
};

G_DEFINE_TYPE_WITH_CODE(GvlFuser, gvl_fuser, GVL_TYPE_FILTER,
                        GST_DEBUG_CATEGORY_INIT(gvl_fuser_debug, "gvlfuser", 0, "gvlfuser element"))
GST_ELEMENT_REGISTER_DEFINE(gvlfuser, "gvlfuser", GST_RANK_NONE, GVL_TYPE_FUSER)

static Window window_of(const GvlSegmentMeta* segment) {
  const auto ticket = gvl::gst::ticket_of(segment);
  return {segment->window,
          segment->window_start,
          segment->window_stop,
          std::vector<Future<Tensor>>(segment->count),
          gvl::gst::state_of(segment),
          ticket ? ticket->flow() : nullptr};
}

// Position of the nearest segment that came, the earlier one of two.
static std::size_t nearest(const Window& window, std::size_t position) {
  for (std::size_t away = 0; away < window.tokens.size(); ++away) {
    if (away <= position && window.tokens[position - away].valid()) return position - away;
    if (position + away < window.tokens.size() && window.tokens[position + away].valid()) return position + away;
  }
  return position;
}

static void attach_window_meta(GstBuffer* buffer, const Window& window, std::shared_ptr<gvl::gst::Ticket> ticket) {
  const auto count = window.tokens.size();
  const auto time_of = [&](std::size_t position) {
    return window.start + gst_util_uint64_scale(window.stop - window.start, position, count);
  };
  std::vector<GvlWindowSegment> segments;
  for (std::size_t i = 0; i < count; ++i) segments.push_back({time_of(i), time_of(i + 1), !window.tokens[i].valid()});
  auto* meta = gvl_buffer_add_window_meta(buffer, window.index, window.start, window.stop, static_cast<guint>(count),
                                          segments.data());
  gvl::gst::set_flow(meta, std::move(ticket));
}

static bool complete_window(GvlFuser* self, GstBuffer* buffer) {
  auto* filter = GVL_FILTER(self);
  const Window window = std::move(*std::exchange(self->state->window, std::nullopt));
  self->state->next_window = window.index + 1;
  if (window.state && window.state->aborted) return true;
  const auto model = gvl::gst::filter_model(filter);
  if (!model) return false;
  const auto& config = model->config();
  std::vector<Future<Tensor>> segments;
  for (std::size_t i = 0; i < window.tokens.size(); ++i) segments.push_back(window.tokens[nearest(window, i)]);
  const auto rows = static_cast<std::int64_t>(segments.size()) * config.tokens_per_segment();
  auto tokens = model->concatenate(std::move(segments), gvl::gst::filter_cancellation(filter));
  const auto ticket =
      window.flow ? std::make_shared<gvl::gst::Ticket>(window.flow, gvl::gst::Flow::Kind::kWindow) : nullptr;
  attach_window_meta(buffer, window, ticket);
  gvl::gst::filter_attach(filter, buffer, GVL_TENSOR_VIDEO_TOKENS, window.index, {rows, config.language.hidden_size},
                          std::move(tokens), ticket);
  GST_DEBUG_OBJECT(self, "window %" G_GUINT64_FORMAT " is complete", window.index);
  return true;
}

// The segment's tokens, submitted; invalid after an element error.
static Future<Tensor> fuse(GvlFilter* filter, GstBuffer* buffer, const GvlSegmentMeta* segment) {
  auto spatial = gvl::gst::filter_input(filter, buffer, segment, GVL_TENSOR_SPATIAL_FEATURES, "gvlspatialencoder");
  if (!spatial.valid()) return {};
  auto temporal = gvl::gst::filter_input(filter, buffer, segment, GVL_TENSOR_TEMPORAL_FEATURES, "gvltemporalencoder");
  if (!temporal.valid()) return {};
  const auto model = gvl::gst::filter_model(filter);
  if (!model) return {};
  const auto& config = model->config();
  auto tokens = model->fuse(std::move(spatial), std::move(temporal), gvl::gst::filter_cancellation(filter));
  gvl::gst::filter_attach(filter, buffer, GVL_TENSOR_SEGMENT_TOKENS, segment->index,
                          {config.tokens_per_segment(), config.language.hidden_size}, tokens,
                          gvl::gst::ticket_of(segment));
  return tokens;
}

static bool plays_backward(GvlFilter* filter) {
  const GstSegment& segment = GST_BASE_TRANSFORM(filter)->segment;
  return segment.rate * segment.applied_rate < 0;
}

static gboolean gvl_fuser_process(GvlFilter* filter, GstBuffer* buffer, GvlSegmentMeta* segment) {
  auto* self = GVL_FUSER(filter);
  auto& state = *self->state;
  const auto tokens = fuse(filter, buffer, segment);
  if (!tokens.valid()) return FALSE;
  if (segment->window < state.next_window || segment->position >= segment->count) return TRUE;
  if (state.window && state.window->index != segment->window && !complete_window(self, buffer)) return FALSE;
  if (!state.window) state.window = window_of(segment);
  if (segment->position >= state.window->tokens.size()) return TRUE;
  state.window->tokens[segment->position] = tokens;
  const bool last = segment->position == (plays_backward(filter) ? 0 : segment->count - 1);
  if (last || state.window->complete()) return complete_window(self, buffer);
  return TRUE;
}

static gboolean gvl_fuser_finish(GvlFilter* filter, GstBuffer* carrier) {
  auto* self = GVL_FUSER(filter);
  return !self->state->window || complete_window(self, carrier);
}

static void gvl_fuser_reset(GvlFilter* filter) {
  auto& state = *GVL_FUSER(filter)->state;
  state.window.reset();
  state.next_window = 0;
}

static void gvl_fuser_finalize(GObject* object) {
  delete GVL_FUSER(object)->state;
  G_OBJECT_CLASS(gvl_fuser_parent_class)->finalize(object);
}

static void gvl_fuser_class_init(GvlFuserClass* klass) {
  G_OBJECT_CLASS(klass)->finalize = gvl_fuser_finalize;
  GVL_FILTER_CLASS(klass)->process = gvl_fuser_process;
  GVL_FILTER_CLASS(klass)->finish = gvl_fuser_finish;
  GVL_FILTER_CLASS(klass)->reset = gvl_fuser_reset;
  gst_element_class_set_static_metadata(
      GST_ELEMENT_CLASS(klass), "Grounded-VideoLLM fuser", "Filter/Analyzer/Video",
      "Fuses the features of each segment into tokens, and the segments of each window into what the language model "
      "reads",
      "gst-grounded-video");
}

static void gvl_fuser_init(GvlFuser* self) { self->state = new State(); }
