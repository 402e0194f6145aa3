/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "gvl/model.hpp"
#include "gvlinflight.hpp"
#include "gvlmodelstream.hpp"
#include "held-buffer.hpp"
#include "overload-watch.hpp"
#include "segment-builder.hpp"
#include "segmenter-settings.hpp"
#include "timeline/window_planner.hpp"

namespace gvl::gst {

/**
 * Attaches segments to the buffer that is held back, as far as there is room for them: beyond max-pending in flight a
 * stream waits, and a live one drops the segment, with a message that says why. Says downstream, by gvl-segments
 * events, where sequences begin and end, and by gvl-overload events when segments begin to be dropped and that ends.
 * Members are for the streaming thread unless they say otherwise.
 */
class SegmentEmitter {
 public:
  SegmentEmitter(GstElement* element, ModelStream& stream, HeldBuffer& held, const SegmenterSettings& settings,
                 SegmenterStats& stats);

  /** READY to PAUSED. */
  void start();

  /** Begins anew after a flush: what was in flight counts no more, and the sequence is forgotten. */
  void flush();

  /** Ends waits until flush() or start(). Any thread. */
  void interrupt() { in_flight()->interrupt(); }

  /** max-pending or priority changed. Any thread. */
  void update_settings() { apply_settings(*in_flight()); }

  /** How many segments or windows are in flight. Any thread. */
  unsigned pending(InFlight::Kind kind) const { return in_flight()->count(kind); }

  /** Before each buffer: says downstream that there is a segmenter, where that was not said since the last flush. */
  void announce();

  /** Segments of another sequence follow, of this session, for this model. */
  void begin_sequence(const timeline::SegmentSequence& sequence, guint64 session, bool live, const Model& model);

  /** No more segments of the sequence follow, if one was begun. What has no window is not to be answered. */
  void end_sequence(const timeline::SegmentSequence& sequence);

  /** The stream is over. */
  void end_stream() { tell(overload_.end()); }

  /** Emits the `number`-th segment of the sequence. False when a wait for room was ended. */
  bool emit(const BuiltSegment& segment, const ModelConfig& config, guint64 number, bool may_drop);

 private:
  std::shared_ptr<InFlight> in_flight() const;
  void apply_settings(InFlight& in_flight) const;
  void send();
  void drop(const BuiltSegment& segment, guint64 index, const InFlight::Reached& reached);
  void report_dropped(const BuiltSegment& segment, guint64 index, const std::string& reason);
  void tell(const std::optional<OverloadWatch::News>& news, const std::string& reason = {});
  void attach(const BuiltSegment& segment, const ModelConfig& config, guint64 index, guint64 number);

  GstElement* element_;
  ModelStream& stream_;
  HeldBuffer& held_;
  const SegmenterSettings& settings_;
  SegmenterStats& stats_;
  mutable std::mutex mutex_;
  std::shared_ptr<InFlight> in_flight_;  // guarded by mutex_: one per flush
  SegmentsInfo info_;                    // what was last said downstream, where announced_
  bool announced_ = false;
  OverloadWatch overload_;
  guint64 next_index_ = 0;
};

}  // namespace gvl::gst
