/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/video/video.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "candidates.hpp"
#include "frame-reservoir.hpp"
#include "gvl/cancellation.hpp"
#include "gvlbuffer.hpp"
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
 *
 * A session is what plays without a jump in time; a frame is shown until the next one of its session comes. Where one
 * ends before its first window does, or its announced length turns out to be a guess, the window is made again of the
 * frames that were kept for that (FrameReservoir): a window never reaches behind the last frame's end.
 *
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

  /** How frames from now on are turned before they are shown. */
  void set_orientation(GstVideoOrientationMethod orientation) { orientation_ = orientation; }

  /** How long a frame is held back, 0 where the caps do not say. Any thread. */
  GstClockTime latency() const { return latency_; }

  /** The next frame (transfer full); pushes the one before it. */
  GstFlowReturn frame(GstBuffer* buffer);

  /** Pushes the buffer held back, if there is one. */
  GstFlowReturn push_held();

  /** The stream ends: completes its windows, and pushes everything. A live one waits for room only at its last end. */
  GstFlowReturn drain(bool for_good);

 private:
  struct OpenSegment;

  /** What ends a session. */
  enum class Ending { kJump, kStream, kForGood };

  /** A frame that is taken for a sample: as it came, or as the models see it where the reservoir keeps it. */
  struct Sample {
    GstClockTime time = 0;
    std::shared_ptr<const Frame> frame;
    std::shared_ptr<FramePixels> pixels;
  };

  /** The last frame that has a time. */
  struct Shown {
    GstClockTime time = 0;
    GstClockTime until = 0;               ///< as far as can be known before the next one comes
    std::shared_ptr<const Frame> frame;   ///< null until somebody asks, while its buffer is the one held back
    std::shared_ptr<FramePixels> pixels;  ///< null until somebody asks
  };

  bool prepare();
  GstFlowReturn take_frame(GstBuffer* buffer);
  GstFlowReturn take_timed(BufferPointer buffer, GstClockTime time);
  GstFlowReturn pass_untimed(BufferPointer buffer);
  void hold(GstBuffer* buffer);
  void hold_something();
  GstFlowReturn push();
  void drop_held();
  void show(GstClockTime time);
  GstClockTime end_of(GstBuffer* buffer, GstClockTime time) const;
  std::shared_ptr<const Frame> shown_frame();
  std::shared_ptr<FramePixels> shown_pixels(const std::shared_ptr<FrameConverter>& converter);
  Sample shown_sample();

  bool estimate_time(GstBuffer* buffer, GstClockTime* timestamp);
  bool stream_time(GstBuffer* buffer, GstClockTime* time);

  bool backward() const { return segment_.rate * segment_.applied_rate < 0; }
  bool jumped(GstClockTime time);
  GstClockTime longest_shown();
  bool upstream_is_live();
  std::optional<GstClockTime> stream_duration();
  void segment_bounds(std::optional<GstClockTime>* low, std::optional<GstClockTime>* high) const;
  std::int64_t wanted_hop() const;
  std::int64_t segments_of_file(GstClockTime length, std::int64_t hop) const;
  GstClockTime frame_interval() const;
  bool comes_late(GstClockTime time, GstClockTime start, GstClockTime window) const;
  SegmentPlan::Options plan_options(bool with_candidates) const;
  bool check_window_duration();
  bool plan(GstClockTime time);
  std::optional<GstClockTime> file_end(std::optional<GstClockTime> low, GstClockTime start) const;
  void plan_file(GstClockTime start, GstClockTime stop, std::int64_t hop, SegmentPlan::Options& options) const;
  void plan_first(GstClockTime time, SegmentPlan::Options& options);
  void plan_next(GstClockTime time, SegmentPlan::Options& options);
  bool follows(const SegmentPlan& before) const;
  void begin_run();
  void begin_samples(std::int64_t arrival);
  bool wants_candidates() const;
  void begin_candidates();
  void abort_segments();
  void abort_run();

  bool end_session(Ending ending);
  bool complete(GstClockTime end);
  bool make_anew(GstClockTime end);
  bool cut_short(GstClockTime end);
  bool announcement_holds();
  bool plan_without_end();

  bool advance(GstClockTime time);
  bool roll_over(GstClockTime time);
  bool is_beyond_plan(GstClockTime time) const;
  bool keep_shown(GstClockTime until, bool last);
  bool wants_unsampled(GstClockTime until);
  bool sample_passed(GstClockTime time);
  bool sample_reached(GstClockTime time);
  bool repeat_shown();
  bool take(const Sample& sample);
  bool take_kept();
  void take_pixels(const Sample& sample, std::int64_t number);
  bool take_candidate(const Sample& sample);
  bool end_candidates(bool all, GstClockTime end = GST_CLOCK_TIME_NONE);
  bool begin_segment();
  bool admit(OpenSegment& segment);
  std::int64_t taken_of_open() const;
  void end_if_full();
  void end_if_over(GstClockTime time);
  void end_open_segment();
  void end_segment(const OpenSegment& segment);
  void report_skipped(const OpenSegment& segment);
  void attach(const OpenSegment& segment);

  std::shared_ptr<Flow> flow() const;
  std::shared_ptr<Flow> conversions() const;
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
  std::shared_ptr<Flow> flow_;         // guarded by mutex_, one per flush, like the next two
  std::shared_ptr<Flow> conversions_;  // of frames for the reservoir
  Cancellation cancellation_;

  std::shared_ptr<ErrorReporter> reporter_;
  std::unique_ptr<Worker> worker_;
  std::shared_ptr<FrameConverter> converter_;  // the worker's, like the next
  std::shared_ptr<FrameConverter> reducing_converter_;
  std::shared_ptr<Model> used_model_;

  GstSegment segment_;
  GstVideoInfo info_;
  bool have_info_ = false;
  GstVideoOrientationMethod orientation_ = GST_VIDEO_ORIENTATION_IDENTITY;
  bool segment_changed_ = false;
  std::optional<bool> live_;
  GstClockTime last_time_ = GST_CLOCK_TIME_NONE;       // stream time of the last frame
  GstClockTime next_timestamp_ = GST_CLOCK_TIME_NONE;  // where a frame without one would be

  std::optional<Shown> shown_;
  GstClockTime end_ = 0;  // of the frames of this session: timestamps may step back a little
  GstBuffer* held_ = nullptr;
  bool held_is_carrier_ = false;  // not a frame: metas that are left over at the end
  unsigned unpushed_ = 0;         // segments attached to held_
  std::vector<Ticket::Hold> unpushed_holds_;

  // Segments one after the other, as GvlSegmentMeta describes them.
  struct Run {
    guint64 id = 0;
    GstClockTime begin = 0;     // where its first segment begins; where it ends, backwards
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
  GstClockTime announced_duration_ = 0;        // that it comes from; 0: what it comes from is certain
  bool trust_duration_ = true;                 // false once an announced one was a guess
  bool seeked_ = false;                        // the stream's times are those of a seek
  bool ending_ = false;                        // what comes now ends the stream: it waits for room also when live
  Run run_;
  std::int64_t arrival_ = 0;  // samples of the plan that are taken, or left out
  std::unique_ptr<OpenSegment> open_;
  std::optional<Candidates> candidates_;     // where the plan's samples are no more than that
  std::optional<FrameReservoir> reservoir_;  // until the run's first window is complete
  guint64 session_ = 0;
  guint64 next_run_ = 0;
  guint64 next_segment_ = 0;
};

}  // namespace gvl::gst
