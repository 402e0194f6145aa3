/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include <vector>

#include "gvlinflight.hpp"

namespace gvl::gst {

/**
 * The buffer that is held back, so that a segment can be attached to the last frame that it shows. What is attached
 * while there is none travels in a metadata event. For the streaming thread.
 */
class HeldBuffer {
 public:
  explicit HeldBuffer(GstPad* srcpad) : srcpad_(srcpad) {}
  ~HeldBuffer() { drop(); }
  HeldBuffer(const HeldBuffer&) = delete;
  HeldBuffer& operator=(const HeldBuffer&) = delete;

  /** Holds a frame (transfer full) back. Only after push() or drop(). */
  void hold(GstBuffer* frame) { buffer_ = frame; }

  /** The frame, null where there is none. */
  GstBuffer* frame() const { return is_frame_ ? buffer_ : nullptr; }
  bool empty() const { return !buffer_; }

  /** What a segment is attached to, with writable metas. `in_flight` is held until it is pushed. */
  GstBuffer* attach(InFlight::Token in_flight);

  /** How many segments were attached since the last push. */
  unsigned attached() const { return static_cast<unsigned>(in_flight_.size()); }

  /** Sends what is held, if anything. */
  GstFlowReturn push();

  /** Sends an event (transfer full) that must not overtake what was attached, nor need wait for the frame else. */
  void send(GstEvent* event);

  void drop();

 private:
  GstPad* srcpad_;
  GstBuffer* buffer_ = nullptr;
  bool is_frame_ = true;
  std::vector<InFlight::Token> in_flight_;
};

}  // namespace gvl::gst
