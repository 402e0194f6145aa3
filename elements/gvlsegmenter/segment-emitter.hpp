/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <memory>
#include <mutex>

#include "gvl/model.hpp"
#include "gvlerror.hpp"
#include "gvlflow.hpp"
#include "held-buffer.hpp"
#include "segment-builder.hpp"
#include "segmenter-settings.hpp"
#include "timeline/window_planner.hpp"

namespace gvl::gst {

/**
 * Attaches segments to the buffer that is held back, as far as there is room for them: beyond max-pending in flight a
 * stream waits, and a live one drops the segment, with a message that says why. Members are for the streaming thread
 * unless they say otherwise.
 */
class SegmentEmitter {
 public:
  SegmentEmitter(GstElement* element, HeldBuffer& held, const SegmenterSettings& settings, SegmenterStats& stats);

  /** READY to PAUSED, and back. */
  void start();
  void stop();

  /** Begins anew after a flush: what was in flight counts no more. */
  void flush();

  /** Ends waits until flush() or start(). Any thread. */
  void interrupt() { flow()->interrupt(); }

  /** max-pending changed. Any thread. */
  void update_limit() { flow()->set_limit(settings_.max_pending); }

  /** A job of the stream failed, and somebody reported it. */
  bool failed() const { return flow()->failed(); }
  void fail() { flow()->fail(); }

  /** Segments of another sequence follow, of this session. */
  void begin_sequence(const timeline::SegmentSequence& sequence, guint64 session);

  /** The sequence was cut short before its first window was complete: what it began is not to be answered. */
  void abort_sequence();

  /** Emits the `number`-th segment of the sequence. False when a wait for room was ended. */
  bool emit(const BuiltSegment& segment, const ModelConfig& config, guint64 number, bool may_drop);

 private:
  std::shared_ptr<Flow> flow() const;
  void report_dropped(const BuiltSegment& segment, guint64 index);
  void attach(const BuiltSegment& segment, const ModelConfig& config, guint64 index, guint64 number,
              const std::shared_ptr<Flow>& flow);

  GstElement* element_;
  HeldBuffer& held_;
  const SegmenterSettings& settings_;
  SegmenterStats& stats_;
  std::shared_ptr<ErrorReporter> reporter_;
  mutable std::mutex mutex_;
  std::shared_ptr<Flow> flow_;  // guarded by mutex_: one per flush
  timeline::SegmentSequence sequence_;
  std::shared_ptr<RunState> state_;
  guint64 session_ = 0;
  guint64 next_index_ = 0;
};

}  // namespace gvl::gst
