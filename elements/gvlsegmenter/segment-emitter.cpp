/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "segment-emitter.hpp"

#include <string>
#include <vector>

#include "gvlsegmentmeta.hpp"
#include "gvltensormeta.hpp"
#include "gvltime.hpp"

GST_DEBUG_CATEGORY_EXTERN(gvl_segmenter_debug);
#define GST_CAT_DEFAULT gvl_segmenter_debug

namespace gvl::gst {

SegmentEmitter::SegmentEmitter(GstElement* element, HeldBuffer& held, const SegmenterSettings& settings,
                               SegmenterStats& stats)
    : element_(element), held_(held), settings_(settings), stats_(stats) {
  flush();
}

void SegmentEmitter::start() {
  flush();
  reporter_ = std::make_shared<ErrorReporter>(element_);
  next_index_ = 0;
}

void SegmentEmitter::stop() {
  if (reporter_) reporter_->detach();
  reporter_.reset();
}

void SegmentEmitter::flush() {
  std::lock_guard lock(mutex_);
  flow_ = std::make_shared<Flow>(settings_.max_pending);
}

std::shared_ptr<Flow> SegmentEmitter::flow() const {
  std::lock_guard lock(mutex_);
  return flow_;
}

void SegmentEmitter::begin_sequence(const timeline::SegmentSequence& sequence, guint64 session) {
  sequence_ = sequence;
  session_ = session;
  state_ = std::make_shared<RunState>();
  state_->backward = sequence.backward;
}

void SegmentEmitter::abort_sequence() {
  if (state_) state_->aborted = true;
}

bool SegmentEmitter::emit(const BuiltSegment& segment, const ModelConfig& config, guint64 number, bool may_drop) {
  const auto flow = this->flow();
  if (!may_drop && !flow->wait_for_room(held_.attached())) return false;
  const auto index = next_index_++;
  if (may_drop && !flow->has_room(held_.attached()))
    report_dropped(segment, index);
  else
    attach(segment, config, index, number, flow);
  return true;
}

void SegmentEmitter::report_dropped(const BuiltSegment& segment, guint64 index) {
  const guint64 total = ++stats_.skipped;
  const auto reason =
      "max-pending=" + std::to_string(settings_.max_pending.load()) + " segments or windows are in flight";
  GST_INFO_OBJECT(element_, "segment %" G_GUINT64_FORMAT " skipped, %" G_GUINT64_FORMAT " so far: %s", index, total,
                  reason.c_str());
  gst_element_post_message(
      element_,
      gst_message_new_element(
          GST_OBJECT(element_),
          gst_structure_new("gvl-skipped", "segment", G_TYPE_UINT64, index, "start", G_TYPE_UINT64,
                            to_clock_time(segment.start), "stop", G_TYPE_UINT64, to_clock_time(segment.stop), "total",
                            G_TYPE_UINT64, total, "reason", G_TYPE_STRING, reason.c_str(), nullptr)));
}

void SegmentEmitter::attach(const BuiltSegment& segment, const ModelConfig& config, guint64 index, guint64 number,
                            const std::shared_ptr<Flow>& flow) {
  const auto ticket = std::make_shared<Ticket>(flow, Flow::Kind::kSegment);
  GstBuffer* buffer = held_.attach(ticket->hold());
  std::vector<GstClockTime> samples;
  for (const auto time : segment.samples) samples.push_back(to_clock_time(time));
  auto* meta = gvl_buffer_add_segment_meta(buffer, static_cast<guint>(samples.size()), samples.data());
  meta->index = index;
  meta->session = session_;
  meta->run = sequence_.id;
  meta->number = number;
  meta->window_segments = static_cast<guint>(sequence_.window);
  meta->window_hop = static_cast<guint>(sequence_.hop);
  meta->start = to_clock_time(segment.start);
  meta->stop = to_clock_time(segment.stop);
  meta->keyframe = to_clock_time(segment.keyframe);
  set_flow(meta, ticket, state_);

  hold_until_ready(ticket, segment.temporal);
  report_failure(segment.temporal, reporter_, flow, "converting sampled frames");
  const auto size = config.spatial.image_size, temporal_size = config.temporal.image_size;
  add_pending_tensor(buffer, GVL_TENSOR_SPATIAL_PIXELS, index, DataType::kUInt8, {1, size, size, 3}, segment.spatial);
  add_pending_tensor(buffer, GVL_TENSOR_TEMPORAL_PIXELS, index, DataType::kUInt8,
                     {static_cast<std::int64_t>(samples.size()), temporal_size, temporal_size, 3}, segment.temporal);
  stats_.segments++;
  stats_.samples += samples.size();
}

}  // namespace gvl::gst
