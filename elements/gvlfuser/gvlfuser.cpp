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
 * Windows may overlap: each segment's tokens are computed once and read by every window that holds it. Where a run of
 * segments ends elsewhere than a window does, the last window is the one that ends with it.
 *
 * The tokens of a segment that was skipped, on a live stream, are stood in for by those of its nearest neighbour.
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 -m filesrc location=VIDEO ! decodebin ! videoconvert ! gvlsegmenter model=MODEL_DIR ! \
 *   gvlspatialencoder ! gvltemporalencoder ! gvlfuser ! gvlgroundedllm query="the picture goes black" ! fakesink
 * ]|
 */

#include "gvlfuser.h"

#include <optional>

#include "gvlsegmentmeta.hpp"
#include "gvltime.hpp"
#include "gvlwindowmeta.hpp"
#include "timeline/window_assembler.hpp"

GST_DEBUG_CATEGORY_STATIC(gvl_fuser_debug);
#define GST_CAT_DEFAULT gvl_fuser_debug

namespace {

using gvl::Future;
using gvl::Tensor;
using gvl::gst::to_clock_time;
using gvl::gst::to_time;
using gvl::timeline::AssembledWindow;
using gvl::timeline::WindowAssembler;

/** The run whose segments are coming in. */
struct Run {
  guint64 id = 0;
  guint64 session = 0;
  std::optional<WindowAssembler> windows;
  std::shared_ptr<gvl::gst::RunState> state;
  std::shared_ptr<gvl::gst::Flow> flow;
};

struct State {
  Run run;
  guint64 next_window = 0;
};

}  // namespace

struct _GvlFuser {
  GvlFilter parent;
  State* state;  // of the streaming thread
};

G_DEFINE_TYPE_WITH_CODE(GvlFuser, gvl_fuser, GVL_TYPE_FILTER,
                        GST_DEBUG_CATEGORY_INIT(gvl_fuser_debug, "gvlfuser", 0, "gvlfuser element"))
GST_ELEMENT_REGISTER_DEFINE(gvlfuser, "gvlfuser", GST_RANK_NONE, GVL_TYPE_FUSER)

static void attach_window_meta(GstBuffer* buffer, guint64 index, guint64 session, const AssembledWindow& window,
                               std::shared_ptr<gvl::gst::Ticket> ticket) {
  std::vector<GvlWindowSegment> segments;
  for (const auto& each : window.segments)
    segments.push_back({to_clock_time(each.start), to_clock_time(each.stop), each.substituted});
  auto* meta = gvl_buffer_add_window_meta(buffer, index, segments.front().start, segments.back().stop,
                                          static_cast<guint>(segments.size()), segments.data());
  meta->session = session;
  meta->settled = to_clock_time(window.settled);
  gvl::gst::set_flow(meta, std::move(ticket));
}

static bool attach_window(GvlFuser* self, GstBuffer* buffer, AssembledWindow window) {
  auto* filter = GVL_FILTER(self);
  const auto model = gvl::gst::filter_model(filter);
  if (!model) return false;
  const auto& config = model->config();
  const guint64 index = self->state->next_window++;
  const auto rows = static_cast<std::int64_t>(window.segments.size()) * config.tokens_per_segment();
  auto tokens = model->concatenate(std::move(window.tokens), gvl::gst::filter_cancellation(filter));
  const auto& flow = self->state->run.flow;
  const auto ticket = flow ? std::make_shared<gvl::gst::Ticket>(flow, gvl::gst::Flow::Kind::kWindow) : nullptr;
  attach_window_meta(buffer, index, self->state->run.session, window, ticket);
  gvl::gst::filter_attach(filter, buffer, GVL_TENSOR_VIDEO_TOKENS, index, {rows, config.language.hidden_size},
                          std::move(tokens), ticket);
  GST_DEBUG_OBJECT(self, "window %" G_GUINT64_FORMAT " is complete", index);
  return true;
}

// The last window of the run, where one is missing.
static bool finish_run(GvlFuser* self, GstBuffer* buffer) {
  auto& run = self->state->run;
  if (!run.windows) return true;
  const auto windows = std::exchange(run.windows, std::nullopt);
  if (run.state && run.state->aborted) return true;
  auto last = windows->last();
  return !last || attach_window(self, buffer, std::move(*last));
}

static bool plays_backward(GvlFilter* filter) {
  const GstSegment& segment = GST_BASE_TRANSFORM(filter)->segment;
  return segment.rate * segment.applied_rate < 0;
}

// The run knows its direction: its last segments may come after an event that says how the next one plays.
static void begin_run(GvlFuser* self, const GvlSegmentMeta* segment) {
  auto& run = self->state->run;
  const auto ticket = gvl::gst::ticket_of(segment);
  run.id = segment->run;
  run.session = segment->session;
  run.state = gvl::gst::state_of(segment);
  const bool backward = run.state ? run.state->backward : plays_backward(GVL_FILTER(self));
  run.windows.emplace(segment->window_segments, segment->window_hop, backward);
  run.flow = ticket ? ticket->flow() : nullptr;
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

static gboolean gvl_fuser_process(GvlFilter* filter, GstBuffer* buffer, GvlSegmentMeta* segment) {
  auto* self = GVL_FUSER(filter);
  auto& run = self->state->run;
  auto tokens = fuse(filter, buffer, segment);
  if (!tokens.valid()) return FALSE;
  if (run.windows && (run.id != segment->run || !run.windows->follows(segment->number)) && !finish_run(self, buffer))
    return FALSE;
  if (!run.windows) begin_run(self, segment);
  for (auto& window :
       run.windows->add(segment->number, {std::move(tokens), to_time(segment->start), to_time(segment->stop)}))
    if (!attach_window(self, buffer, std::move(window))) return FALSE;
  return TRUE;
}

static gboolean gvl_fuser_finish(GvlFilter* filter, GstBuffer* carrier) {
  return finish_run(GVL_FUSER(filter), carrier);
}

static void gvl_fuser_reset(GvlFilter* filter) { *GVL_FUSER(filter)->state = State(); }

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
