/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "segment-emitter.hpp"

#include <string>
#include <vector>

#include "gvloverload.hpp"
#include "gvlsegmentmeta.hpp"
#include "gvltensormeta.hpp"
#include "gvltime.hpp"

GST_DEBUG_CATEGORY_EXTERN(gvl_segmenter_debug);
#define GST_CAT_DEFAULT gvl_segmenter_debug

namespace gvl::gst {

namespace {

std::string reason_of(const InFlight::Reached& reached) {
  return std::to_string(reached.count) + " of max-pending=" + std::to_string(reached.limit) +
         (reached.kind == InFlight::Kind::kSegment ? " segments" : " windows") + " are in flight";
}

}  // namespace

SegmentEmitter::SegmentEmitter(GstElement* element, ModelStream& stream, HeldBuffer& held,
                               const SegmenterSettings& settings, SegmenterStats& stats)
    : element_(element), stream_(stream), held_(held), settings_(settings), stats_(stats) {
  flush();
}

void SegmentEmitter::start() {
  flush();
  next_index_ = 0;
  overload_ = {};
}

void SegmentEmitter::flush() {
  announced_ = false;
  info_ = {};
  std::lock_guard lock(mutex_);
  in_flight_ = std::make_shared<InFlight>(settings_.max_pending);
  apply_settings(*in_flight_);
}

void SegmentEmitter::apply_settings(InFlight& in_flight) const {
  in_flight.set_limit(settings_.max_pending);
  in_flight.set_priority(settings_.priority);
}

std::shared_ptr<InFlight> SegmentEmitter::in_flight() const {
  std::lock_guard lock(mutex_);
  return in_flight_;
}

// ---- sequences --------------------------------------------------------------------------------------------------

void SegmentEmitter::send() {
  announced_ = true;
  info_.in_flight = in_flight();
  held_.send(stream_.take(info_, segments_event_new(info_)));
}

void SegmentEmitter::announce() {
  if (!announced_) send();
}

void SegmentEmitter::begin_sequence(const timeline::SegmentSequence& sequence, guint64 session, bool live,
                                    const Model& model) {
  info_.model = model.folder();
  info_.frames_per_segment = static_cast<guint>(model.config().frames_per_segment());
  info_.sequence = sequence.id;
  info_.session = session;
  info_.window_segments = static_cast<guint>(sequence.window);
  info_.window_hop = static_cast<guint>(sequence.hop);
  info_.alert_hop = static_cast<guint>(sequence.alert_hop);
  info_.live = live;
  info_.backward = sequence.backward;
  info_.ended = false;
  info_.windows = 0;
  send();
}

void SegmentEmitter::end_sequence(const timeline::SegmentSequence& sequence) {
  if (info_.ended) return;
  info_.ended = true;
  info_.windows = static_cast<guint64>(sequence.windows());
  send();
}

// ---- segments ---------------------------------------------------------------------------------------------------

bool SegmentEmitter::emit(const BuiltSegment& segment, const ModelConfig& config, guint64 number, bool may_drop) {
  const auto in_flight = this->in_flight();
  if (!may_drop && !in_flight->wait_for_room(held_.attached())) return false;
  const auto index = next_index_++;
  const auto reached = may_drop ? in_flight->reached(held_.attached()) : std::nullopt;
  if (reached) {
    drop(segment, index, *reached);
  } else {
    attach(segment, config, index, number);
    tell(overload_.kept(info_.window_segments));
  }
  return true;
}

void SegmentEmitter::drop(const BuiltSegment& segment, guint64 index, const InFlight::Reached& reached) {
  const auto reason = reason_of(reached);
  report_dropped(segment, index, reason);
  tell(overload_.dropped(segment.start, segment.stop, info_.window_segments), reason);
}

void SegmentEmitter::tell(const std::optional<OverloadWatch::News>& news, const std::string& reason) {
  if (!news) return;
  GstStructure* said = gst_structure_new(
      kOverload, "state", G_TYPE_STRING, news->begins ? "begins" : "ends", "segments", G_TYPE_UINT64, news->segments,
      "dropped", G_TYPE_UINT64, news->dropped, "share", G_TYPE_DOUBLE,
      static_cast<double>(news->dropped) / static_cast<double>(news->segments), "start", G_TYPE_UINT64,
      to_clock_time(news->start), "stop", G_TYPE_UINT64, to_clock_time(news->stop), nullptr);
  if (!reason.empty()) gst_structure_set(said, "reason", G_TYPE_STRING, reason.c_str(), nullptr);
  held_.send(gst_event_new_custom(GST_EVENT_CUSTOM_DOWNSTREAM, said));
}

void SegmentEmitter::report_dropped(const BuiltSegment& segment, guint64 index, const std::string& reason) {
  const guint64 total = ++stats_.skipped;
  GST_INFO_OBJECT(element_, "segment %" G_GUINT64_FORMAT " dropped, %" G_GUINT64_FORMAT " so far: %s", index, total,
                  reason.c_str());
  stream_.post(gst_message_new_element(
      GST_OBJECT(element_),
      gst_structure_new("gvl-skipped", "segment", G_TYPE_UINT64, index, "start", G_TYPE_UINT64,
                        to_clock_time(segment.start), "stop", G_TYPE_UINT64, to_clock_time(segment.stop), "total",
                        G_TYPE_UINT64, total, "reason", G_TYPE_STRING, reason.c_str(), nullptr)));
}

void SegmentEmitter::attach(const BuiltSegment& segment, const ModelConfig& config, guint64 index, guint64 number) {
  GstBuffer* buffer = held_.attach(in_flight()->hold(InFlight::Kind::kSegment, index));
  std::vector<GstClockTime> samples;
  for (const auto time : segment.samples) samples.push_back(to_clock_time(time));
  auto* meta = gvl_buffer_add_segment_meta(buffer, static_cast<guint>(samples.size()), samples.data());
  meta->index = index;
  meta->session = info_.session;
  meta->sequence = info_.sequence;
  meta->number = number;
  meta->start = to_clock_time(segment.start);
  meta->stop = to_clock_time(segment.stop);
  meta->keyframe = to_clock_time(segment.keyframe);

  stream_.watch(segment.temporal, InFlight::Kind::kSegment, index, "converting sampled frames");
  const auto size = config.spatial.image_size, temporal_size = config.temporal.image_size;
  add_pending_tensor(buffer, GVL_TENSOR_SPATIAL_PIXELS, index, DataType::kUInt8,
                     {config.spatial.keyframes, size, size, 3}, segment.spatial);
  add_pending_tensor(buffer, GVL_TENSOR_TEMPORAL_PIXELS, index, DataType::kUInt8,
                     {static_cast<std::int64_t>(samples.size()), temporal_size, temporal_size, 3}, segment.temporal);
  stats_.segments++;
  stats_.samples += samples.size();
}

}  // namespace gvl::gst
