/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "timeline/window_planner.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace gvl::timeline {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Time kEndlessWindow = seconds(60);
// A longer file is divided: too little would be seen of it.
constexpr Time kMaxWhole = seconds(120);
// Windows of an announced length that turned out to be too short go on being that long only if this is.
constexpr Time kMinGuess = seconds(10);
// The first frame of a stream may be a little late.
constexpr Time kFirstFrameSlack = milliseconds(200);
// Candidates for each sample where samples are chosen; the middle one of three is where it would be otherwise.
constexpr std::int64_t kCandidates = 3;

// Backwards samples are not chosen.
bool chooses_samples(const StreamFacts& stream, const WindowSettings& settings) {
  return !stream.backward &&
         (settings.segmentation != Segmentation::kUniform || settings.keyframe != Keyframe::kMiddle);
}

}  // namespace

Time WindowPlanner::shortest_window(const StreamFacts& stream) const {
  return std::max<Time>(stream.frame_interval(), frames_ * milliseconds(1));
}

SegmentPlan::Options WindowPlanner::options(const StreamFacts& stream, const WindowSettings& settings) const {
  return {.samples = frames_ * (chooses_samples(stream, settings) ? kCandidates : 1),
          .segments = segments_,
          .fps_n = stream.fps_n,
          .fps_d = stream.fps_d,
          .backward = stream.backward};
}

std::int64_t WindowPlanner::wanted_hop(const StreamFacts& stream, const WindowSettings& settings) const {
  if (stream.backward) return segments_;
  const double fresh = (1 - settings.overlap) * static_cast<double>(segments_);
  return std::clamp<std::int64_t>(std::llround(fresh), 1, segments_);
}

// A segment is what a look may be late by.
Time WindowPlanner::endless_window(const StreamFacts& stream, const WindowSettings& settings) const {
  if (!stream.live || settings.alert_latency <= Time()) return kEndlessWindow;
  const Time latency = std::min(settings.alert_latency, kEndlessWindow);  // no overflow
  return std::clamp(latency * segments_, std::min(shortest_window(stream), kEndlessWindow), kEndlessWindow);
}

std::int64_t WindowPlanner::wanted_alert_hop(const StreamFacts& stream, const WindowSettings& settings) const {
  if (!stream.live || stream.backward || settings.alert_latency <= Time()) return 0;
  return std::clamp<std::int64_t>(settings.alert_latency / plan_->segment_duration(), 1, segments_);
}

// The last window ends with the file.
std::int64_t WindowPlanner::segments_of_file(Time length, std::int64_t hop) const {
  if (length <= kMaxWhole) return segments_;
  const auto wanted = scale_up(length, segments_, kEndlessWindow.count()).count();
  return segments_ + (wanted - segments_ + hop - 1) / hop * hop;
}

bool WindowPlanner::comes_late(Time time, Time start, Time window) const {
  return time > start + std::max(kFirstFrameSlack, window / frames_);
}

// Some files (MPEG-TS) count from elsewhere than 0, and announce how long they are.
std::optional<Time> WindowPlanner::file_end(Time announced, const StreamFacts& stream, Time start) const {
  if (announced <= Time()) return std::nullopt;
  const bool counts_from_elsewhere = !seeked_ && !stream.backward && stream.low.value_or(Time()) > Time();
  return announced + (counts_from_elsewhere ? start : Time());
}

WindowPlanner::Proposal WindowPlanner::propose(Time time, const StreamFacts& stream,
                                               const WindowSettings& settings) const {
  if (!plan_) return propose_first(time, stream, settings);
  Proposal proposal{plan_next(stream, settings)};
  proposal.begins_sequence = !follows(proposal.plan, stream, settings);
  return proposal;
}

WindowPlanner::Proposal WindowPlanner::propose_first(Time time, const StreamFacts& stream,
                                                     const WindowSettings& settings) const {
  auto made = options(stream, settings);
  const bool asked = settings.duration > Time();
  const Time announced = trusts_duration_ ? stream.duration.value_or(Time()) : Time();
  const Time first = asked || announced <= Time() ? time : Time();
  auto start = std::min(stream.low.value_or(first), time);
  if (const auto end = file_end(announced, stream, start); end && !asked) {
    const auto stop = std::min(*end, stream.high.value_or(*end));
    if (time < stop) {
      if (!stream.backward && comes_late(time, start, stop - start)) start = time;
      const auto segments = segments_of_file(stop - start, wanted_hop(stream, settings));
      made.samples = made.samples / made.segments * segments;
      made.segments = segments;
      made.start = start;
      made.duration = stop - start;
      return {SegmentPlan(made), stop, announced};
    }
  }
  made.duration = asked ? settings.duration : endless_window(stream, settings);
  if (stream.backward) return {plan_before(time, made, stream)};
  made.start = stream.live || comes_late(time, start, made.duration) ? time : start;
  return {SegmentPlan(made)};
}

// Backwards: the window that `time` lies in, of those that end where the video does.
SegmentPlan WindowPlanner::plan_before(Time time, SegmentPlan::Options options, const StreamFacts& stream) const {
  const auto known_end = stream.high ? stream.high : stream.duration;
  const auto end = std::max(known_end.value_or(time), time + std::max(Time(1), stream.longest_interval));
  const auto stop = end - (end - time - Time(1)) / options.duration * options.duration;
  options.start = std::max(stop - options.duration, Time());
  options.duration = stop - options.start;
  return SegmentPlan(options);
}

// The segments of another window follow.
SegmentPlan WindowPlanner::plan_next(const StreamFacts& stream, const WindowSettings& settings) const {
  auto made = options(stream, settings);
  const auto asked = settings.duration, before = window_duration();
  const bool same = asked == sequence_.settings.duration &&
                    settings.alert_latency == sequence_.settings.alert_latency &&
                    (asked > Time() || !announced_end_ || before >= kMinGuess);
  made.duration = same ? before : asked > Time() ? asked : endless_window(stream, settings);
  made.start = made.backward ? std::max(plan_->start() - made.duration, Time()) : plan_->stop();
  if (made.backward) made.duration = plan_->start() - made.start;
  return SegmentPlan(made);
}

// Whether the next plan goes on where this one ends, with windows of the same kind.
bool WindowPlanner::follows(const SegmentPlan& next, const StreamFacts& stream, const WindowSettings& settings) const {
  // A file that was to be one window goes on all the same: from there on its windows overlap.
  if (sequence_.settings != settings || sequence_.hop != wanted_hop(stream, settings)) return false;
  return stream.backward ? next.stop() == plan_->start() : next.start() == plan_->stop();
}

void WindowPlanner::accept(const Proposal& proposal, const StreamFacts& stream, const WindowSettings& settings) {
  plan_ = proposal.plan;
  announced_end_ = proposal.announced_end;
  announced_duration_ = proposal.announced_duration;
  if (proposal.begins_sequence) begin_sequence(stream, settings);
}

void WindowPlanner::begin_sequence(const StreamFacts& stream, const WindowSettings& settings) {
  const bool one_window = announced_end_ && plan_->stop() >= *announced_end_ && plan_->segments() == segments_;
  sequence_ = {.id = next_sequence_++,
               .begin = plan_->backward() ? plan_->stop() : plan_->start(),
               .backward = plan_->backward(),
               .window = segments_,
               .hop = one_window ? segments_ : wanted_hop(stream, settings),
               .alert_hop = wanted_alert_hop(stream, settings),
               .settings = settings};
}

std::int64_t WindowPlanner::arrivals_before(Time time) const {
  const auto late = plan_->segments_before(time) / sequence_.hop * sequence_.hop;
  return std::min(late, plan_->segments() - sequence_.window) * plan_->samples_per_segment();
}

void WindowPlanner::begin_at(std::int64_t arrival) {
  const auto position = plan_->sample_at(arrival) / plan_->samples_per_segment();
  sequence_.begin = plan_->backward() ? plan_->segment_stop(position) : plan_->segment_start(position);
}

void WindowPlanner::plan_whole(Time start, Time stop, const StreamFacts& stream, const WindowSettings& settings) {
  auto made = options(stream, {.duration = settings.duration, .overlap = settings.overlap});
  made.start = start;
  made.duration = std::max(stop - start, Time(1));
  plan_.emplace(made);
  announced_end_ = plan_->stop();
  announced_duration_ = Time();
  begin_sequence(stream, settings);
}

void WindowPlanner::plan_endless(const StreamFacts& stream, const WindowSettings& settings) {
  auto made = options(stream, {.duration = settings.duration, .overlap = settings.overlap});
  made.start = plan_->start();
  made.duration = kEndlessWindow;
  trusts_duration_ = false;
  announced_end_.reset();
  announced_duration_ = Time();
  plan_.emplace(made);
  begin_sequence(stream, settings);
}

void WindowPlanner::restart(bool seeked) {
  seeked_ = seeked;
  trusts_duration_ = true;
}

bool WindowPlanner::announcement_holds(Time duration) {
  if (announced_duration_ == Time()) return true;
  if (distance(duration, announced_duration_) > plan_->sample_duration()) return false;
  announced_duration_ = Time();
  return true;
}

bool WindowPlanner::is_beyond(Time time) const {
  const bool last = announced_end_ && plan_->stop() >= *announced_end_;
  return plan_->beyond(time, last ? plan_->segment_duration() / 2 : Time());
}

bool WindowPlanner::is_short_guess() const {
  return announced_end_ && !plan_->backward() && window_duration() < kMinGuess;
}

}  // namespace gvl::timeline
