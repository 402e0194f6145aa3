/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstdint>
#include <optional>

#include "timeline/segment_plan.hpp"
#include "timeline/time.hpp"

namespace gvl::timeline {

constexpr double kDefaultOverlap = 0.5;
constexpr double kMaxOverlap = 0.95;
constexpr Time kDefaultAlertLatency = std::chrono::seconds(3);

enum class Segmentation { kUniform, kShots };
enum class Keyframe { kMiddle, kSharpest };

/** What an application asks for. */
struct WindowSettings {
  Time duration{};  ///< of a window; 0: by the video's length
  double overlap = kDefaultOverlap;
  Time alert_latency{};  ///< of a live stream's looks at the window that ends now; 0: there are none
  Segmentation segmentation = Segmentation::kUniform;
  Keyframe keyframe = Keyframe::kMiddle;

  bool operator==(const WindowSettings&) const = default;
};

/** What is known of the video at a moment. */
struct StreamFacts {
  bool live = false;
  bool backward = false;
  int fps_n = 0;  ///< frame rate; 0: frames come when they come
  int fps_d = 1;
  Time longest_interval{};       ///< between frames, where a rate or a lowest rate is known; else 0
  std::optional<Time> low;       ///< no frame is before it
  std::optional<Time> high;      ///< none is behind it
  std::optional<Time> duration;  ///< as announced

  Time frame_interval() const { return fps_n > 0 ? longest_interval : Time(); }
};

/**
 * Segments that follow one another in a session and are divided alike. A window is what one answer covers: the first
 * `window` segments of a sequence, those from number `hop` on, from twice that, and so on.
 */
struct SegmentSequence {
  std::uint64_t id = 0;
  Time begin{};            ///< where its first segment begins; where it ends, backwards
  bool backward = false;   ///< its segments come last first
  std::int64_t ended = 0;  ///< how many of its segments have ended
  std::int64_t window = 1;
  std::int64_t hop = 1;
  std::int64_t alert_hop = 0;  ///< segments from one look at the window that ends now to the next; 0: there are none
  WindowSettings settings;

  /** Its first window has all its segments. */
  bool has_window() const { return ended >= window; }

  /** How many windows there are if no more segments follow: the last one ends with the last segment. */
  std::int64_t windows() const { return has_window() ? 1 + (ended - window + hop - 1) / hop : 0; }
};

/**
 * Where windows and their segments lie in a video. A file of up to two minutes is one window; a longer one is divided
 * so that its last window ends with it; what has no known end is covered by windows of a minute, or as long as
 * WindowSettings::duration. Those of a live stream are shorter where their segments would be longer than
 * WindowSettings::alert_latency. An announced duration may be a guess: the planner says when it should be asked again.
 *
 * For one thread.
 */
class WindowPlanner {
 public:
  /** `frames`: samples of a window. `segments`: of a window. As the model was trained. */
  WindowPlanner(std::int64_t frames, std::int64_t segments) : frames_(frames), segments_(segments) {}

  /** What comes next, before anything of it is begun. */
  struct Proposal {
    SegmentPlan plan;
    std::optional<Time> announced_end{};  ///< of the video, where the plan divides all of it
    Time announced_duration{};            ///< what that comes from; 0: it is certain
    bool begins_sequence = true;
  };

  /** The shortest window: a frame at least, and samples are a millisecond apart, as no video is faster. */
  Time shortest_window(const StreamFacts& stream) const;

  /** The plan from the frame shown at `time` on. */
  Proposal propose(Time time, const StreamFacts& stream, const WindowSettings& settings) const;

  /** Makes it the plan. Where it begins a sequence, that has the next number. */
  void accept(const Proposal& proposal, const StreamFacts& stream, const WindowSettings& settings);

  /** How many samples that a window wants arrive in the time before `time`, in whole windows: they are dropped. */
  std::int64_t arrivals_before(Time time) const;

  /** The sequence begins with the plan's sample `arrival`, not with its first. */
  void begin_at(std::int64_t arrival);

  /** Replaces the plan by one window from `start` to `stop`, which is all of the video. */
  void plan_whole(Time start, Time stop, const StreamFacts& stream, const WindowSettings& settings);

  /** The announced duration was a guess: plans again from where the plan began, as of a video without end. */
  void plan_endless(const StreamFacts& stream, const WindowSettings& settings);

  /** A session ends: nothing is planned. */
  void forget() { plan_.reset(); }

  /** Announced durations are believed again. `seeked`: the times to come are those of a seek. */
  void restart(bool seeked);

  /** Whether `duration`, announced now, is what the plan was made of. Then it is certain. */
  bool announcement_holds(Time duration);

  /** Whether the first frame, of `time`, of a window that was to begin at `start` comes so late that the window begins
   * with it: what is not shown is no part of the video. */
  bool comes_late(Time time, Time start, Time window) const;

  /** Whether `time` lies beyond the plan. A file's announced duration is often a little short: by less than half a
   * segment it is not worth another answer. */
  bool is_beyond(Time time) const;

  /** Whether the plan is a window so short that the announced duration was probably a first guess. */
  bool is_short_guess() const;

  /** Whether the plan is one window, which is all that was announced. */
  bool is_whole_file() const { return announced_end_ && plan_->segments() == sequence_.window; }

  bool has_plan() const { return plan_.has_value(); }
  const SegmentPlan& plan() const { return *plan_; }
  const std::optional<Time>& announced_end() const { return announced_end_; }
  const SegmentSequence& sequence() const { return sequence_; }
  Time window_duration() const { return plan_->duration_of(sequence_.window); }
  void count_segment() { ++sequence_.ended; }

 private:
  SegmentPlan::Options options(const StreamFacts& stream, const WindowSettings& settings) const;
  std::int64_t wanted_hop(const StreamFacts& stream, const WindowSettings& settings) const;
  Time endless_window(const StreamFacts& stream, const WindowSettings& settings) const;
  std::int64_t wanted_alert_hop(const StreamFacts& stream, const WindowSettings& settings) const;
  std::int64_t segments_of_file(Time length, std::int64_t hop) const;
  std::optional<Time> file_end(Time announced, const StreamFacts& stream, Time start) const;
  Proposal propose_first(Time time, const StreamFacts& stream, const WindowSettings& settings) const;
  SegmentPlan plan_before(Time time, SegmentPlan::Options options, const StreamFacts& stream) const;
  SegmentPlan plan_next(const StreamFacts& stream, const WindowSettings& settings) const;
  bool follows(const SegmentPlan& next, const StreamFacts& stream, const WindowSettings& settings) const;
  void begin_sequence(const StreamFacts& stream, const WindowSettings& settings);

  std::int64_t frames_;
  std::int64_t segments_;
  std::optional<SegmentPlan> plan_;
  std::optional<Time> announced_end_;
  Time announced_duration_{};
  bool trusts_duration_ = true;  // false once an announced one was a guess
  bool seeked_ = false;
  SegmentSequence sequence_;
  std::uint64_t next_sequence_ = 0;
};

}  // namespace gvl::timeline
