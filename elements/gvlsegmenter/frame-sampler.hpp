/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/video/video.h>

#include <memory>
#include <optional>

#include "gvlbuffer.hpp"
#include "gvlmodelstream.hpp"
#include "held-buffer.hpp"
#include "segment-builder.hpp"
#include "segment-emitter.hpp"
#include "segmenter-settings.hpp"
#include "session-frames.hpp"
#include "stream-clock.hpp"
#include "timeline/window_planner.hpp"

namespace gvl::gst {

/**
 * gvlsegmenter's stream: decides which of the SessionFrames are samples, by a WindowPlanner, and when a session ends. A
 * SegmentBuilder makes segments of them, a SegmentEmitter attaches those to the buffer that is held back.
 *
 * A session is what plays without a jump in time; a frame is shown until the next one of its session comes. Where one
 * ends before its first window does, or its announced length turns out to be a guess, the window is made again of the
 * frames that were kept for that: a window never reaches behind the last frame's end.
 *
 * Members are for the streaming thread unless they say otherwise.
 */
class FrameSampler {
 public:
  FrameSampler(GstElement* element, GstPad* sinkpad, GstPad* srcpad, ModelStream& stream,
               const SegmenterSettings& settings, SegmenterStats& stats);

  /** READY to PAUSED, false after an element error; and back after the pads are inactive. Not on the streaming thread.
   */
  bool start();
  void stop();

  /** Ends waits and cancels conversions until flush() or start(). Any thread. */
  void interrupt();

  /** Forgets the stream so far and begins anew, after a flush. */
  void flush();

  /** max-pending or priority changed. Any thread. */
  void update_settings() { emitter_.update_settings(); }

  /** How many segments or windows are in flight. Any thread. */
  unsigned pending(InFlight::Kind kind) const { return emitter_.pending(kind); }

  /** False after an element error. */
  bool set_caps(GstCaps* caps) { return clock_.set_caps(caps); }
  void set_segment(const GstSegment& segment) { clock_.set_segment(segment); }

  /** How frames from now on are turned before they are shown. */
  void set_orientation(GstVideoOrientationMethod orientation) { frames_.set_orientation(orientation); }

  /** How long a frame is held back, 0 where the caps do not say. Any thread. */
  GstClockTime latency() const { return clock_.latency(); }

  /** The next frame (transfer full); pushes the one before it. */
  GstFlowReturn frame(GstBuffer* buffer);

  /** Pushes the buffer held back, if there is one. */
  GstFlowReturn push_held();

  /** The stream ends: completes its windows, and pushes everything. A live one waits for room only at its last end. */
  GstFlowReturn drain(bool for_good);

 private:
  using Time = timeline::Time;

  /** What ends a session. */
  enum class Ending { kJump, kStream, kForGood };

  const timeline::SegmentPlan& plan() const { return planner_->plan(); }
  bool has_plan() const { return planner_ && planner_->has_plan(); }
  bool wants_samples() const { return has_plan() && arrival_ < plan().samples(); }

  void forget();
  bool take_model();
  GstFlowReturn take_frame(GstBuffer* buffer);
  GstFlowReturn take_timed(BufferPointer buffer, Time time);
  GstFlowReturn pass_unsampled(BufferPointer buffer, const char* why);
  void show(Time time);
  bool jumped(Time time);
  void keep_frame_if_attached();

  bool check_window_duration();
  bool plan_from(Time time);
  void begin_samples(std::int64_t arrival);
  void begin_segments();
  void end_segments();
  void abort_session();

  bool end_session(Ending ending);
  bool too_short(Time end);
  bool complete(Time end);
  bool make_anew(Time end);
  bool cut_short(Time end);
  bool plan_endless();

  bool advance(Time time);
  bool roll_over(Time time);
  void keep_shown(Time until, bool last);
  bool sample_passed(Time time);
  bool sample_reached(Time time);
  bool repeat_shown();
  bool take_shown();
  bool take_kept();
  bool take(Time time, std::shared_ptr<FramePixels> pixels);
  bool end_decided(bool all, std::optional<Time> end = {});
  bool end_if_full();
  bool end_if_over(Time time);
  bool end_segment(const BuiltSegment& segment);

  GstElement* element_;
  ModelStream& stream_;
  const SegmenterSettings& settings_;
  SegmenterStats& stats_;
  StreamClock clock_;
  HeldBuffer held_;
  SessionFrames frames_;
  SegmentEmitter emitter_;

  std::shared_ptr<Model> model_;
  std::unique_ptr<PictureMaker> pictures_;
  std::optional<timeline::WindowPlanner> planner_;  // like the next, once there is a model
  std::optional<SegmentBuilder> builder_;           // of a sequence

  bool ending_ = false;       // what comes now ends the stream: it waits for room also when live
  bool sampling_ = true;      // of the last frame; the log says where that changes
  bool seeked_ = false;       // times are those of a seek
  std::int64_t arrival_ = 0;  // samples of the plan that are taken, or dropped
  guint64 session_ = 0;
};

}  // namespace gvl::gst
