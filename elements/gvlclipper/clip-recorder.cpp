/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clip-recorder.hpp"

#include <algorithm>
#include <chrono>
#include <thread>

#include "gvl/error.hpp"
#include "keyframe.hpp"

GST_DEBUG_CATEGORY_EXTERN(gvl_clipper_debug);
#define GST_CAT_DEFAULT gvl_clipper_debug

namespace gvl::gst {

namespace {

constexpr auto kLongestWait = std::chrono::seconds(10);
constexpr auto kStep = std::chrono::milliseconds(10);
// Frames that wait for what comes beside them, however little is kept.
constexpr gsize kLeastWaiting = gsize{64} << 20;

StreamTime clamped(guint64 time) { return static_cast<StreamTime>(std::min<guint64>(time, G_MAXINT64)); }

bool is_turned(const std::string& orientation) { return !orientation.empty() && orientation != "rotate-0"; }

}  // namespace

void ClipRecorder::start(const ClipSettings& settings) {
  std::lock_guard feeding(feeding_);
  settings_ = settings;
  location_.emplace(settings.location);
  reporter_.reset();
  ring_.clear();
  ring_.set_limits(settings.history, settings.history_bytes);
  for (const TrackPointer& track : tracks_) track->start(settings.history, settings.history_bytes);
  track_bytes_ = 0;
  caps_.reset();
  orientation_.clear();
  latest_ = reached_ = 0;
  session_ = 0;
  ended_ = settling_ = closing_ = dropped_ = warned_overfull_ = false;
  waiting_.clear();
  alerts_.clear();
  std::lock_guard lock(mutex_);
  max_clips_ = settings.max_clips;
  stopping_ = false;
  may_wait_ = true;
  closer_ = std::make_unique<Worker>("gvlclipper-end");
  starter_ = std::make_unique<Worker>("gvlclipper");
  waiter_ = std::make_unique<Worker>("gvlclipper-wait");
}

void ClipRecorder::stop() {
  closing_ = true;
  finish_all_at_once();
  std::unique_ptr<Worker> closer, starter, waiter;
  std::list<ClipPointer> unfinished, undecided;
  std::list<ClipEventPointer> unbegun;
  {
    std::unique_lock lock(mutex_);
    if (!closer_) return;
    changed_.wait_for(lock, kLongestWait, [this] { return is_idle(); });
    stopping_ = true;
    changed_.notify_all();
    closer = std::move(closer_);
    starter = std::move(starter_);
    waiter = std::move(waiter_);
    unfinished.splice(unfinished.end(), clips_);
    unbegun.splice(unbegun.end(), queued_);
  }
  closer.reset();
  {
    // What it closed last may wait for news.
    std::lock_guard lock(mutex_);
    undecided.splice(undecided.end(), undecided_);
  }
  for (const ClipPointer& clip : unfinished) cut_off(clip);
  for (const ClipPointer& clip : undecided) reporter_.closed(*clip->writer);
  starter.reset();
  waiter.reset();
  // It may have begun one more.
  for (const ClipPointer& clip : clips()) cut_off(clip);
  for (const ClipEventPointer& event : unbegun) reporter_.lost(*event, "others were still being written at the end");
  std::lock_guard feeding(feeding_);
  ring_.clear();
  for (const TrackPointer& track : tracks_) track->clear();
  trim_tracks();
  std::lock_guard lock(mutex_);
  clips_.clear();
  queued_.clear();
}

void ClipRecorder::cut_off(const ClipPointer& clip) {
  clip->writer->stop();
  if (!clip->abandoned) reporter_.cut_off(*clip->writer);
}

void ClipRecorder::let_wait(bool may) {
  std::lock_guard lock(mutex_);
  may_wait_ = may;
  changed_.notify_all();
}

// ---- frames -----------------------------------------------------------------------------------------------------

void ClipRecorder::frame(KeptFrame frame) {
  {
    std::unique_lock feeding(feeding_);
    // No file holds two formats.
    if (caps_ && !gst_caps_is_equal(caps_.get(), frame.caps.get())) {
      feeding.unlock();
      forget("the video's format changed");
    }
  }
  wait_for_places();
  std::lock_guard feeding(feeding_);
  ended_ = false;
  keep(frame);
  feed_all(frame);
  give_up_silent(latest_);
  advance(false);
  if (ring_.overfull()) drop_all_kept();
}

void ClipRecorder::keep(const KeptFrame& frame) {
  if (frame.keyframe) retake_early(frame);
  latest_ = caps_ ? std::max(latest_, frame.time) : frame.time;
  reached_ = caps_ ? std::max(reached_, frame.time + frame.duration) : frame.time + frame.duration;
  caps_ = frame.caps;
  if (ring_.frames().empty() && !frame.keyframe) dropped_ = true;
  const std::size_t before = ring_.frames().size();
  ring_.push(frame);
  if (before && ring_.frames().size() <= before) dropped_ = true;
  trim_tracks();
  reporter_.kept(ring_, latest_);
}

/** There is no keyframe behind which to begin: what came since the last is of no use without it. */
void ClipRecorder::drop_all_kept() {
  // Events that are known already lose nothing: their clips begin here and now.
  waiting_.sort(
      [this](const ClipEventPointer& a, const ClipEventPointer& b) { return around(*a).start < around(*b).start; });
  while (!waiting_.empty() && has_place()) {
    const ClipEventPointer event = waiting_.front();
    waiting_.pop_front();
    start_clip(event, true);
  }
  if (!warned_overfull_) reporter_.dropped(ring_.frames().front().time, latest_);
  warned_overfull_ = dropped_ = true;
  ring_.clear();
  reporter_.kept(ring_, latest_);
}

void ClipRecorder::end_of_frames() {
  std::lock_guard feeding(feeding_);
  ended_ = true;
  advance(true);
  finish_all();
  // What comes beside it behind its end is of no use.
  for (const TrackPointer& track : tracks_)
    if (track->session() == session_) track->trim_behind(reached_);
  trim_tracks();
  post_wait_for_tracks();
}

/** Waits until every clip has all that is kept for it. */
void ClipRecorder::settle() {
  settling_ = true;
  {
    std::lock_guard feeding(feeding_);
    finish_all();
    free_places();
  }
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return stopping_ || !may_wait_ || !closer_ || (queued_.empty() && starting_ == 0); });
  }
  settling_ = false;
}

/** Clips that are being written, or wait for it, end. */
void ClipRecorder::forget(const std::string& why) {
  {
    std::lock_guard feeding(feeding_);
    why_early_ = why;
  }
  settle();
  std::lock_guard feeding(feeding_);
  finish_all();
  why_early_.clear();
  ring_.clear();
  caps_.reset();
  latest_ = reached_ = 0;
  ended_ = dropped_ = false;
}

void ClipRecorder::begin_session(const std::string& why) {
  forget(why);
  give_up_alerts();
  std::lock_guard feeding(feeding_);
  ++session_;
}

void ClipRecorder::turned(const std::string& orientation) {
  {
    std::lock_guard feeding(feeding_);
    if (orientation == orientation_) return;
  }
  forget("the video is turned from here on");
  std::lock_guard feeding(feeding_);
  orientation_ = orientation;
}

std::vector<ClipRecorder::ClipPointer> ClipRecorder::clips() const {
  std::lock_guard lock(mutex_);
  return {clips_.begin(), clips_.end()};
}

void ClipRecorder::feed_all(const KeptFrame& frame) {
  for (const ClipPointer& clip : clips()) {
    if (clip->as_it_is && frame.needs_decoding() && !clip->finished)
      retake(clip);
    else
      feed(*clip, frame);
  }
}

void ClipRecorder::feed(Clip& clip, const KeptFrame& frame) {
  if (clip.finished) return;
  if (!clip.writer->is_over(frame)) {
    clip.writer->push(frame);
    return;
  }
  const StreamTime stop = clip.writer->plan().stop;
  if (clip.event->goes_on()) reporter_.ends_early(*clip.event, stop, "it goes on for longer (max-alert)");
  finish(clip, stop);
}

void ClipRecorder::finish(Clip& clip, StreamTime until) {
  if (!clip.finished.exchange(true)) clip.writer->finish(until);
}

/** Before what it shows has come: no file goes on behind a break. */
void ClipRecorder::end_early(Clip& clip) {
  if (!clip.finished && !why_early_.empty() && reached_ < clip.writer->plan().stop)
    reporter_.ends_early(*clip.event, reached_, why_early_);
  finish(clip, reached_);
}

void ClipRecorder::finish_all() {
  for (const ClipPointer& clip : clips())
    if (!clip->filling) end_early(*clip);
}

/** With all that has come beside the video. Where a disk holds up frames, its clips are cut off. */
void ClipRecorder::finish_all_at_once() {
  std::unique_lock feeding(feeding_, std::defer_lock);
  const auto until = std::chrono::steady_clock::now() + kLongestWait;
  while (!feeding.try_lock() && std::chrono::steady_clock::now() < until) std::this_thread::sleep_for(kStep);
  if (!feeding.owns_lock()) return;
  finish_all();
  end_in_clips(nullptr, G_MAXUINT);
  give_up_all();
}

/** Ends the clip without a trace: its name is free for the one that takes its place. */
void ClipRecorder::abandon(Clip& clip) {
  clip.abandoned = true;
  clip.writer->file().discard();
  finish(clip, reached_);
  clip.writer->end_track(nullptr);
}

/** It cannot stay as it is: it is decoded. */
void ClipRecorder::retake(const ClipPointer& clip) {
  abandon(*clip);
  enqueue(clip->event);
}

/** A keyframe before their events: clips that were begun early begin there instead. */
void ClipRecorder::retake_early(const KeptFrame& keyframe) {
  for (const ClipPointer& clip : clips()) {
    if (!clip->early || clip->finished || keyframe.time > clip->from) continue;
    waiting_.push_front(clip->event);
    abandon(*clip);
  }
}

// ---- events -----------------------------------------------------------------------------------------------------

/** What a clip of the event shows. */
Interval ClipRecorder::around(const ClipEvent& event) const {
  Interval interval = event.times(settings_.max_alert);
  interval.start -= std::min(interval.start, clamped(settings_.pre_roll));
  interval.stop += std::min(G_MAXINT64 - interval.stop, clamped(settings_.post_roll));
  return interval;
}

void ClipRecorder::add(const GstStructure* event) {
  std::lock_guard feeding(feeding_);
  if (settings_.alerts && take_alert(event)) return;
  if (ClipEvent::is_whole(event)) want(std::make_shared<ClipEvent>(event, false));
}

void ClipRecorder::want(const ClipEventPointer& event) {
  reporter_.event_came();
  waiting_.push_back(event);
  advance(ended_);
}

/** Begins the clips of events that the frames have reached. */
void ClipRecorder::advance(bool at_end) {
  for (auto event = waiting_.begin(); event != waiting_.end();)
    event = begin(*event, at_end) ? waiting_.erase(event) : std::next(event);
}

/** False while the video has not reached the event. */
bool ClipRecorder::begin(const ClipEventPointer& event, bool at_end) {
  if (!event->is_wanted()) return true;
  const Interval wanted = around(*event);
  if (!caps_ || latest_ < wanted.start) {
    if (at_end)
      reporter_.lost(*event,
                     caps_ ? "it begins at " + text_of(wanted.start) + ", and the video ended at " + text_of(latest_)
                           : "no frame came");
    return at_end;
  }
  // Without a frame to begin with, the next keyframe is waited for.
  if (!ring_.oldest() && latest_ < wanted.stop && !at_end) return false;
  if (has_place())
    start_clip(event, false);
  else
    enqueue(event);
  return true;
}

/** And no event that came before waits for it. */
bool ClipRecorder::has_place() const {
  std::lock_guard lock(mutex_);
  return queued_.empty() && clips_.size() + starting_ < max_clips_;
}

void ClipRecorder::start_clip(const ClipEventPointer& event, bool early) {
  if (!event->is_wanted()) return;
  const Interval wanted = around(*event);
  const auto oldest = ring_.oldest();
  if (!oldest || wanted.stop <= *oldest) {
    reporter_.too_late(*event, oldest ? "it ends at " + text_of(wanted.stop) +
                                            ", and the frames that are kept begin at " + text_of(*oldest)
                                      : "no frame of it is kept");
    event->give_up();
    return;
  }
  if (dropped_ && *oldest > wanted.start) reporter_.begins_late(*event, wanted.start, *oldest);
  const std::size_t first_kept = ring_.keyframe_before(wanted.start);
  const auto clip = std::make_shared<Clip>();
  clip->event = event;
  clip->from = wanted.start;
  clip->early = early;
  ClipPlan plan = plan_for(event, first_kept);
  plan.start = std::max(wanted.start, *oldest);
  plan.stop = wanted.stop;
  if (!make_clip(clip, plan, ring_.frames()[first_kept].caps)) return;
  for (std::size_t i = first_kept; i < ring_.frames().size(); ++i) feed(*clip, ring_.frames()[i]);
  clip->filling = false;
  if (ended_ || settling_ || closing_) end_early(*clip);
  if (closing_) clip->writer->end_track(nullptr);
  if (settling_) free_places();
  if (ended_) post_wait_for_tracks();
}

/** But for its times. */
ClipPlan ClipRecorder::plan_for(const ClipEventPointer& event, std::size_t first_kept) const {
  const auto& frames = ring_.frames();
  const bool raw = is_raw(frames[first_kept].caps.get());
  const bool cannot_stay = std::any_of(frames.begin() + static_cast<std::ptrdiff_t>(first_kept), frames.end(),
                                       [](const KeptFrame& frame) { return frame.needs_decoding(); });
  ClipPlan plan;
  plan.event = event;
  plan.path = location_->path_for(event->now().get());
  plan.muxer = settings_.muxer;
  plan.orientation = orientation_;
  plan.most_waiting = std::max<gsize>(settings_.history_bytes, kLeastWaiting);
  plan.warn = [this, path = plan.path](const std::string& text) { warn_of_tracks(shown(path) + ": " + text, 1); };
  plan.decode = !raw && (settings_.accurate || cannot_stay || is_turned(orientation_));
  if (raw || plan.decode) plan.encoder = settings_.encoder;
  return plan;
}

/** False where it cannot be written. */
bool ClipRecorder::make_clip(const ClipPointer& clip, const ClipPlan& plan, const SharedCaps& caps) {
  clip->as_it_is = plan.encoder.empty();
  clip->session = session_;
  try {
    clip->writer = std::make_unique<ClipWriter>(plan, caps, [this, weak = std::weak_ptr(clip)] {
      if (const auto self = weak.lock()) close(self);
    });
  } catch (const std::exception& failure) {
    reporter_.failed(failure.what());
    clip->event->give_up();
    return false;
  }
  {
    std::lock_guard lock(mutex_);
    clips_.push_back(clip);
  }
  for (const TrackPointer& track : tracks_) clip->writer->add(track, session_);
  GST_INFO_OBJECT(element_, "%s: from %s to %s", clip->writer->file().path().c_str(), text_of(plan.start).c_str(),
                  text_of(plan.stop).c_str());
  return true;
}

}  // namespace gvl::gst
