/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/video/video.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "candidates.hpp"
#include "frame-converter.hpp"
#include "gvl/cancellation.hpp"
#include "gvlcontext.hpp"
#include "gvlerror.hpp"
#include "gvlflow.hpp"
#include "gvlworker.hpp"
#include "segment-pixels.hpp"
#include "segment-plan.hpp"

namespace gvl::gst {

constexpr double kDefaultOverlap = 0.5;
constexpr double kMostOverlap = 0.95;

enum class Segmentation { kUniform, kShots };
enum class Keyframe { kMiddle, kSharpest };

/** What an application may set and read while the sampler works. */
struct SamplerSettings {
  std::atomic<GstClockTime> window_duration{0};
  std::atomic<double> window_overlap{kDefaultOverlap};
  std::atomic<Segmentation> segmentation{Segmentation::kUniform};
  std::atomic<Keyframe> keyframe{Keyframe::kMiddle};
  std::atomic<unsigned> max_pending{4};
};

struct SamplerStats {
  std::atomic<guint64> frames{0};    ///< that passed
  std::atomic<guint64> samples{0};   ///< taken for a segment; a frame counts as often as it is taken
  std::atomic<guint64> windows{0};   ///< whose last segment came
  std::atomic<guint64> segments{0};  ///< attached
  std::atomic<guint64> skipped{0};   ///< live: segments left out because max-pending were in flight
};

/**
 * gvlsegmenter's stream: holds back one buffer, takes the samples that the plan asks for, and attaches segments.
 * Members are for the streaming thread unless they say otherwise.
 */
class Sampler {
 public:
  Sampler(GstElement* element, GstPad* sinkpad, GstPad* srcpad, ModelClient& model, SamplerSettings& settings,
          SamplerStats& stats);
  ~Sampler();

  /** READY to PAUSED, and back after the pads are inactive. Not on the streaming thread. */
  void start();
  void stop();

  /** Ends waits and cancels conversions until flush() or start(). Any thread. */
  void interrupt();

  /** Forgets the stream so far and begins anew, after a flush. */
  void flush();

  /** max-pending changed. Any thread. */
  void update_limit();

  /** False after an element error. */
  bool set_caps(GstCaps* caps);
  void set_segment(const GstSegment& segment);

  /** How long a frame is held back, 0 where the caps do not say. Any thread. */
  GstClockTime latency() const { return latency_; }

  /** The next frame (transfer full); pushes the one before it. */
  GstFlowReturn frame(GstBuffer* buffer);

  /** No frame comes in this time: whatever was to be sampled there shows the frame before it. */
  void gap(GstClockTime timestamp, GstClockTime duration);

  /** Pushes the buffer held back, if there is one. */
  GstFlowReturn push_held();

  /** The stream ends: completes segment and window with the last sample, and pushes everything. */
  GstFlowReturn drain();

 private:
  struct OpenSegment;

  bool prepare();
  GstFlowReturn take_frame(GstBuffer* buffer);
  void hold(GstBuffer* buffer, GstClockTime time);
  void drop_held();
  std::shared_ptr<const Frame> held_frame();

  bool estimate_time(GstBuffer* buffer, GstClockTime* timestamp);
  bool stream_time(GstBuffer* buffer, GstClockTime* time);

  bool backward() const { return segment_.rate * segment_.applied_rate < 0; }
  bool jumped(GstClockTime time) const;
  bool upstream_is_live();
  std::optional<GstClockTime> stream_duration();
  void segment_bounds(std::optional<GstClockTime>* low, std::optional<GstClockTime>* high) const;
  std::int64_t wanted_hop() const;
  std::int64_t segments_of_file(GstClockTime length, std::int64_t hop) const;
  bool plan(GstClockTime time);
  void plan_file(GstClockTime start, GstClockTime stop, std::int64_t hop, SegmentPlan::Options& options) const;
  void plan_first(GstClockTime time, SegmentPlan::Options& options);
  void plan_next(GstClockTime time, SegmentPlan::Options& options) const;
  bool follows(const SegmentPlan& before) const;
  void begin_run();
  bool wants_candidates() const;
  void begin_candidates();
  bool run_may_end() const;
  void abort_run();

  bool roll_over(GstClockTime time);
  bool leave_out_empty(GstClockTime time);
  bool sample_passed(GstClockTime time);
  bool sample_reached(GstClockTime time);
  bool repeat_last(bool whole_plan);
  bool take(std::shared_ptr<const Frame> frame);
  bool take_candidate(const std::shared_ptr<const Frame>& frame);
  bool end_candidates(bool all);
  bool begin_segment();
  bool admit(OpenSegment& segment);
  void end_segment(const OpenSegment& segment);
  void report_skipped(const OpenSegment& segment);
  void attach(const OpenSegment& segment);

  std::shared_ptr<Flow> flow() const;
  Cancellation cancellation() const;
  void begin_epoch();

  GstElement* element_;
  GstPad* sinkpad_;
  GstPad* srcpad_;
  ModelClient& model_;
  SamplerSettings& settings_;
  SamplerStats& stats_;
  std::atomic<GstClockTime> latency_{0};

  mutable std::mutex mutex_;
  std::shared_ptr<Flow> flow_;  // guarded by mutex_, one per flush, like the next
  Cancellation cancellation_;

  std::shared_ptr<ErrorReporter> reporter_;
  std::unique_ptr<Worker> worker_;
  std::shared_ptr<FrameConverter> converter_;  // the worker's
  std::shared_ptr<Model> used_model_;

  GstSegment segment_;
  GstVideoInfo info_;
  bool have_info_ = false;
  bool segment_changed_ = false;
  std::optional<bool> live_;
  GstClockTime last_time_ = GST_CLOCK_TIME_NONE;       // stream time of the last frame
  GstClockTime next_timestamp_ = GST_CLOCK_TIME_NONE;  // where a frame without one would be

  GstBuffer* held_ = nullptr;
  GstClockTime held_time_ = GST_CLOCK_TIME_NONE;
  std::shared_ptr<const Frame> held_frame_;
  bool held_is_carrier_ = false;  // not a frame: metas that are left over at the end
  unsigned unpushed_ = 0;         // segments attached to held_
  std::vector<Ticket::Hold> unpushed_holds_;

  // Segments one after the other, as GvlSegmentMeta describes them.
  struct Run {
    guint64 id = 0;
    std::int64_t segments = 0;  // that ended
    std::int64_t window = 1;    // segments of one
    std::int64_t hop = 1;
    GstClockTime asked_duration = 0;  // of a window
    double asked_overlap = 0;
    Segmentation segmentation = Segmentation::kUniform;
    Keyframe keyframe = Keyframe::kMiddle;
    std::shared_ptr<RunState> state;
  };

  std::optional<SegmentPlan> plan_;
  std::optional<GstClockTime> announced_end_;  // of the stream, where the plan divides all of it
  Run run_;
  std::int64_t arrival_ = 0;           // samples of the plan that are taken, or left out
  std::shared_ptr<const Frame> tail_;  // what completes a window if no more frames come
  std::unique_ptr<OpenSegment> open_;
  std::optional<Candidates> candidates_;  // where the plan's samples are no more than that
  guint64 next_run_ = 0;
  guint64 next_segment_ = 0;
};

}  // namespace gvl::gst
