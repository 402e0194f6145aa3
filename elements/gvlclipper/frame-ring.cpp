/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "frame-ring.hpp"

#include <algorithm>

namespace gvl::gst {

BufferPointer own(GstBuffer* buffer) { return {buffer, gst_buffer_unref}; }

CapsPointer own(GstCaps* caps) { return {caps, gst_caps_unref}; }

void FrameRing::push(KeptFrame frame) {
  if (frames_.empty() && !frame.keyframe) return;  // could not be decoded
  bytes_ += gst_buffer_get_size(frame.buffer.get());
  newest_ = frames_.empty() ? frame.time : std::max(newest_, frame.time);
  frames_.push_back(std::move(frame));
  trim();
}

void FrameRing::clear() {
  frames_.clear();
  bytes_ = 0;
}

void FrameRing::drop_first() {
  bytes_ -= gst_buffer_get_size(frames_.front().buffer.get());
  frames_.pop_front();
}

// Whole groups of pictures go at a time: what follows a keyframe is nothing without it.
void FrameRing::trim() {
  for (;;) {
    std::size_t next = 1;
    while (next < frames_.size() && !frames_[next].keyframe) ++next;
    if (next == frames_.size()) return;
    const GstClockTime second = frames_[next].time;
    const bool too_old = newest_ > second && newest_ - second >= history_;
    if (!too_old && bytes_ <= most_bytes_) return;
    for (std::size_t i = 0; i < next; ++i) drop_first();
  }
}

std::size_t FrameRing::keyframe_before(GstClockTime time) const {
  std::size_t found = 0;
  for (std::size_t i = 0; i < frames_.size(); ++i) {
    if (frames_[i].keyframe && frames_[i].time <= time) found = i;
  }
  return found;
}

}  // namespace gvl::gst
