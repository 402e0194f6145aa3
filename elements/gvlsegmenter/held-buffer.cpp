/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "held-buffer.hpp"

#include <utility>

#include "gvlbuffer.hpp"
#include "gvlevent.h"

namespace gvl::gst {

GstBuffer* HeldBuffer::attach(InFlight::Token in_flight) {
  if (!buffer_) {
    buffer_ = gst_buffer_new();
    is_frame_ = false;
  }
  buffer_ = make_metas_writable(buffer_);
  in_flight_.push_back(std::move(in_flight));
  return buffer_;
}

GstFlowReturn HeldBuffer::push() {
  if (!buffer_) return GST_FLOW_OK;
  GstBuffer* buffer = std::exchange(buffer_, nullptr);
  GstFlowReturn result = GST_FLOW_OK;
  if (std::exchange(is_frame_, true))
    result = gst_pad_push(srcpad_, buffer);
  else
    gst_pad_push_event(srcpad_, gvl_metadata_event_new(buffer));
  // Downstream has taken up its own by now.
  in_flight_.clear();
  return result;
}

void HeldBuffer::send(GstEvent* event) {
  if (attached() > 0) push();
  gst_pad_push_event(srcpad_, event);
}

void HeldBuffer::drop() {
  gst_clear_buffer(&buffer_);
  is_frame_ = true;
  in_flight_.clear();
}

}  // namespace gvl::gst
