/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "frame-ring.hpp"

#include <algorithm>

namespace gvl::gst {

SharedBuffer own(GstBuffer* buffer) { return {buffer, gst_buffer_unref}; }

SharedCaps own(GstCaps* caps) { return {caps, gst_caps_unref}; }

void FrameRing::set_limits(GstClockTime history, gsize bytes) {
  history_ = static_cast<StreamTime>(std::min<GstClockTime>(history, G_MAXINT64));
  most_bytes_ = bytes;
}

void FrameRing::push(KeptFrame frame) {
  if (frames_.empty() && !frame.keyframe) return;  // could not be decoded
  bytes_ += gst_buffer_get_size(frame.buffer.get());
  newest_ = frames_.empty() ? frame.time : std::max(newest_, frame.time);
  keyframes_ += frame.keyframe;
  frames_.push_back(std::move(frame));
  trim();
}

void FrameRing::clear() {
  frames_.clear();
  keyframes_ = 0;
  bytes_ = 0;
}

void FrameRing::drop_first() {
  bytes_ -= gst_buffer_get_size(frames_.front().buffer.get());
  keyframes_ -= frames_.front().keyframe;
  frames_.pop_front();
}

// Whole groups of pictures go at a time: what follows a keyframe is nothing without it.
void FrameRing::trim() {
  while (keyframes_ > 1) {
    std::size_t next = 1;
    while (!frames_[next].keyframe) ++next;
    if (!too_old(frames_[next].time) && bytes_ <= most_bytes_) return;
    for (std::size_t i = 0; i < next; ++i) drop_first();
  }
}

bool FrameRing::overfull() const {
  return keyframes_ == 1 && frames_.size() > 1 && (bytes_ > most_bytes_ || too_old(frames_.front().time));
}

std::optional<StreamTime> FrameRing::oldest() const {
  const auto shown =
      std::find_if(frames_.begin(), frames_.end(), [](const KeptFrame& frame) { return !frame.cut_away(); });
  if (shown == frames_.end()) return std::nullopt;
  // Behind what is cut away, others may follow that are shown before this one.
  return shown == frames_.begin() && shown->time > shown->shown_from ? shown->time : shown->shown_from;
}

std::size_t FrameRing::keyframe_before(StreamTime time) const {
  // What an edit list cuts away may have times of what is shown before it.
  std::size_t wanted = 0;
  while (wanted + 1 < frames_.size() && (frames_[wanted].cut_away() || frames_[wanted].time < time)) ++wanted;
  std::size_t found = 0;
  for (std::size_t i = 0; i <= wanted; ++i) {
    if (frames_[i].keyframe && frames_[i].time <= time) found = i;
  }
  return found;
}

}  // namespace gvl::gst
