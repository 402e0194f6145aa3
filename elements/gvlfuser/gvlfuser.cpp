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
 * Windows may overlap: each segment's tokens are computed once and read by every window that holds it. Where a sequence
 * of segments ends elsewhere than a window does, the last window is the one that ends with it.
 *
 * On a live stream with alerts (#GvlSegmenter:alert-latency) the window that ends now is attached whenever segments
 * were added, marked as provisional, where no other ends there.
 *
 * The tokens of a segment that was dropped, on a live stream, are substituted by those of its nearest neighbour.
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 -m filesrc location=VIDEO ! decodebin ! videoconvert ! gvlsegmenter model=MODEL_DIR ! \
 *   gvlspatialencoder ! gvltemporalencoder ! gvlfuser ! gvlgroundedllm query="the picture goes black" ! fakesink
 * ]|
 *
 * Since: 0.2
 */

#include "gvlfuser.h"

#include <optional>
#include <utility>

#include "gvltime.hpp"
#include "gvlwindowmeta.hpp"
#include "timeline/window_assembler.hpp"

GST_DEBUG_CATEGORY_STATIC(gvl_fuser_debug);
#define GST_CAT_DEFAULT gvl_fuser_debug

namespace {

using gvl::Future;
using gvl::Tensor;
using gvl::gst::filter_stream;
using gvl::gst::InFlight;
using gvl::gst::SegmentsInfo;
using gvl::gst::to_clock_time;
using gvl::gst::to_time;
using gvl::timeline::AssembledWindow;
using gvl::timeline::WindowAssembler;

struct State {
  std::optional<WindowAssembler> windows;  // of the sequence whose segments come in
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
                               bool provisional) {
  std::vector<GvlWindowSegment> segments;
  for (const auto& each : window.segments)
    segments.push_back({to_clock_time(each.start), to_clock_time(each.stop), each.substituted});
  auto* meta = gvl_buffer_add_window_meta(buffer, index, segments.front().start, segments.back().stop,
                                          static_cast<guint>(segments.size()), segments.data());
  meta->session = session;
  meta->provisional = provisional;
  meta->settled = to_clock_time(window.settled);
}

static bool attach_window(GvlFuser* self, GstBuffer* buffer, AssembledWindow window, bool provisional = false) {
  auto& stream = filter_stream(GVL_FILTER(self));
  const auto model = stream.model();
  if (!model) return false;
  const auto& config = model->config();
  const guint64 index = self->state->next_window++;
  const auto rows = static_cast<std::int64_t>(window.segments.size()) * config.tokens_per_segment();
  auto tokens = model->concatenate(std::move(window.tokens), stream.cancellation());
  attach_window_meta(buffer, index, stream.segments()->session, window, provisional);
  stream.attach(buffer, GVL_TENSOR_VIDEO_TOKENS, provisional ? InFlight::Kind::kProvisional : InFlight::Kind::kWindow,
                index, {rows, config.token_width()}, std::move(tokens));
  GST_DEBUG_OBJECT(self, "window %" G_GUINT64_FORMAT " is complete", index);
  return true;
}

// The last window of the sequence, where one is missing.
static bool attach_last_window(GvlFuser* self, GstBuffer* buffer) {
  const auto windows = std::exchange(self->state->windows, std::nullopt);
  auto last = windows ? windows->last() : std::nullopt;
  return !last || attach_window(self, buffer, std::move(*last));
}

static void begin_windows(GvlFuser* self, const SegmentsInfo& sequence) {
  self->state->windows.emplace(sequence.window_segments, sequence.window_hop, sequence.backward);
}

static gboolean gvl_fuser_sequence(GvlFilter* filter, const SegmentsInfo& sequence, GstBuffer* metas) {
  auto* self = GVL_FUSER(filter);
  if (!sequence.ended) {
    begin_windows(self, sequence);
    return TRUE;
  }
  if (sequence.windows > 0) return attach_last_window(self, metas);
  self->state->windows.reset();
  return TRUE;
}

// The segment's tokens, submitted; invalid after an element error.
static Future<Tensor> fuse(GvlFilter* filter, GstBuffer* buffer, guint64 segment) {
  auto& stream = filter_stream(filter);
  auto spatial = stream.input(buffer, GVL_TENSOR_SPATIAL_FEATURES, segment);
  if (!spatial.valid()) return {};
  auto temporal = stream.input(buffer, GVL_TENSOR_TEMPORAL_FEATURES, segment);
  const auto model = temporal.valid() ? stream.model() : nullptr;
  if (!model) return {};
  const auto& config = model->config();
  auto tokens = model->fuse(std::move(spatial), std::move(temporal), stream.cancellation());
  stream.attach(buffer, GVL_TENSOR_SEGMENT_TOKENS, InFlight::Kind::kSegment, segment,
                {config.tokens_per_segment(), config.token_width()}, tokens);
  return tokens;
}

// What goes on now, whenever a live stream's alerts want to know.
static bool attach_newest_window(GvlFuser* self, GstBuffer* buffer, guint64 segment) {
  const guint hop = filter_stream(GVL_FILTER(self)).segments()->alert_hop;
  if (hop == 0 || (segment + 1) % hop != 0) return true;
  auto newest = self->state->windows->newest();
  return !newest || attach_window(self, buffer, std::move(*newest), true);
}

static gboolean gvl_fuser_process(GvlFilter* filter, GstBuffer* buffer, GvlSegmentMeta* segment) {
  auto* self = GVL_FUSER(filter);
  auto& windows = self->state->windows;
  auto tokens = fuse(filter, buffer, segment->index);
  if (!tokens.valid()) return FALSE;
  // So many segments may be dropped in a row that what comes next is something new.
  if (windows && !windows->follows(segment->number) && !attach_last_window(self, buffer)) return FALSE;
  if (!windows) begin_windows(self, *filter_stream(filter).segments());
  for (auto& window :
       windows->add(segment->number, {std::move(tokens), to_time(segment->start), to_time(segment->stop)}))
    if (!attach_window(self, buffer, std::move(window))) return FALSE;
  return attach_newest_window(self, buffer, segment->number);
}

static void gvl_fuser_reset(GvlFilter* filter) {
  auto& state = *GVL_FUSER(filter)->state;
  state.windows.reset();
  state.next_window = 0;
}

static void gvl_fuser_finalize(GObject* object) {
  delete GVL_FUSER(object)->state;
  G_OBJECT_CLASS(gvl_fuser_parent_class)->finalize(object);
}

static void gvl_fuser_class_init(GvlFuserClass* klass) {
  G_OBJECT_CLASS(klass)->finalize = gvl_fuser_finalize;
  GVL_FILTER_CLASS(klass)->process = GST_DEBUG_FUNCPTR(gvl_fuser_process);
  GVL_FILTER_CLASS(klass)->sequence = GST_DEBUG_FUNCPTR(gvl_fuser_sequence);
  GVL_FILTER_CLASS(klass)->reset = GST_DEBUG_FUNCPTR(gvl_fuser_reset);
  gst_element_class_set_static_metadata(
      GST_ELEMENT_CLASS(klass), "Grounded-VideoLLM fuser", "Filter/Analyzer/Video",
      "Fuses the features of each segment into tokens, and the segments of each window into what the language model "
      "reads",
      GVL_AUTHOR);
}

static void gvl_fuser_init(GvlFuser* self) {
  self->state = new State();
  filter_stream(GVL_FILTER(self))
      .declare(
          {{{GVL_TENSOR_SPATIAL_FEATURES, "gvlspatialencoder"}, {GVL_TENSOR_TEMPORAL_FEATURES, "gvltemporalencoder"}},
           {GVL_TENSOR_SEGMENT_TOKENS, GVL_TENSOR_VIDEO_TOKENS}});
}
