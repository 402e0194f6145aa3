/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clip-recorder.hpp"

#include <algorithm>
#include <chrono>
#include <filesystem>

#include "gvl/error.hpp"
#include "gvlevent.h"

GST_DEBUG_CATEGORY_EXTERN(gvl_clipper_debug);
#define GST_CAT_DEFAULT gvl_clipper_debug

namespace gvl::gst {

namespace {

constexpr auto kLongestWait = std::chrono::seconds(10);

struct Interval {
  GstClockTime start = 0, stop = 0;
};

std::optional<Interval> interval_of(const GstStructure* event) {
  Interval interval;
  if (!gst_structure_get(event, "start", G_TYPE_UINT64, &interval.start, "stop", G_TYPE_UINT64, &interval.stop,
                         nullptr))
    return std::nullopt;
  return interval;
}

bool is_raw(const GstCaps* caps) { return gst_structure_has_name(gst_caps_get_structure(caps, 0), "video/x-raw"); }

}  // namespace

void ClipRecorder::start(const ClipSettings& settings) {
  std::lock_guard feeding(feeding_);
  settings_ = settings;
  location_.emplace(settings.location);
  ring_.clear();
  ring_.set_limits(settings.history, settings.history_bytes);
  ended_ = false;
  waiting_.clear();
  std::lock_guard lock(mutex_);
  stats_ = {};
  stopping_ = false;
  closer_ = std::make_unique<Worker>("gvlclipper");
}

void ClipRecorder::stop() {
  finish_all();
  std::unique_ptr<Worker> closer;
  std::list<ClipPointer> unfinished;
  {
    std::unique_lock lock(mutex_);
    if (!closer_) return;
    changed_.wait_for(lock, kLongestWait, [this] { return clips_.empty(); });
    stopping_ = true;
    changed_.notify_all();
    closer = std::move(closer_);
    unfinished.splice(unfinished.end(), clips_);
  }
  closer.reset();
  for (const ClipPointer& clip : unfinished)
    GST_ELEMENT_WARNING(element_, RESOURCE, CLOSE,
                        ("%s is cut off: it could not be closed in time.", clip->writer->plan().path.c_str()),
                        (nullptr));
  unfinished.clear();
  std::lock_guard feeding(feeding_);
  ring_.clear();
}

// ---- frames -----------------------------------------------------------------------------------------------------

void ClipRecorder::frame(KeptFrame frame) {
  std::lock_guard feeding(feeding_);
  const bool changed =
      !ring_.frames().empty() && !gst_caps_is_equal(ring_.frames().back().caps.get(), frame.caps.get());
  if (changed) {
    // No file holds two formats.
    finish_all();
    ring_.clear();
  }
  ended_ = false;
  ring_.push(std::move(frame));
  if (ring_.frames().empty()) return;
  {
    std::lock_guard lock(mutex_);
    stats_.frames = ring_.frames().size();
    stats_.bytes = ring_.bytes();
    stats_.last = ring_.newest();
  }
  const KeptFrame& newest = ring_.frames().back();
  for (const ClipPointer& clip : clips()) feed(*clip, newest);
  advance(false);
}

void ClipRecorder::end_of_frames() {
  std::lock_guard feeding(feeding_);
  ended_ = true;
  advance(true);
  finish_all();
}

void ClipRecorder::forget() {
  std::lock_guard feeding(feeding_);
  finish_all();
  ring_.clear();
}

std::vector<ClipRecorder::ClipPointer> ClipRecorder::clips() const {
  std::lock_guard lock(mutex_);
  return {clips_.begin(), clips_.end()};
}

void ClipRecorder::feed(Clip& clip, const KeptFrame& frame) {
  if (clip.finished) return;
  const GstClockTime order = GST_CLOCK_TIME_IS_VALID(frame.decode_time) ? frame.decode_time : frame.time;
  if (order >= clip.until)
    finish(clip);
  else
    clip.writer->push(frame);
}

void ClipRecorder::finish(Clip& clip) {
  if (!clip.finished.exchange(true)) clip.writer->finish();
}

void ClipRecorder::finish_all() {
  for (const ClipPointer& clip : clips()) finish(*clip);
}

// ---- events -----------------------------------------------------------------------------------------------------

void ClipRecorder::add(const GstStructure* event) {
  if (!interval_of(event)) return;
  std::lock_guard feeding(feeding_);
  {
    std::lock_guard lock(mutex_);
    ++stats_.events;
  }
  waiting_.emplace_back(gst_structure_copy(event), gst_structure_free);
  advance(ended_);
  if (ended_) finish_all();
}

/** Begins the clips of events that the frames have reached. */
void ClipRecorder::advance(bool at_end) {
  if (ring_.frames().empty()) return;
  for (auto event = waiting_.begin(); event != waiting_.end();)
    event = begin(*event, at_end) ? waiting_.erase(event) : std::next(event);
}

/** False while the video has not reached the event. */
bool ClipRecorder::begin(const std::shared_ptr<GstStructure>& event, bool at_end) {
  const Interval interval = *interval_of(event.get());
  const GstClockTime from = interval.start > settings_.pre_roll ? interval.start - settings_.pre_roll : 0;
  const GstClockTime until = interval.stop + settings_.post_roll;
  const GstClockTime oldest = ring_.frames().front().time;
  if (ring_.newest() < from) {
    if (at_end) warn_late(event.get(), from, true);
    return at_end;
  }
  const bool lost = until <= oldest;
  if (oldest > from) warn_late(event.get(), from, lost);
  if (!lost) begin_clip(event, from, until);
  return true;
}

void ClipRecorder::warn_late(const GstStructure* event, GstClockTime from, bool lost) {
  guint64 id = 0;
  gst_structure_get_uint64(event, "id", &id);
  {
    std::lock_guard lock(mutex_);
    ++stats_.late;
  }
  const GstClockTime oldest = ring_.frames().front().time;
  GST_ELEMENT_WARNING(
      element_, STREAM, FAILED,
      ("Event %" G_GUINT64_FORMAT " begins at %" GST_TIME_FORMAT ", and the frames that are kept at %" GST_TIME_FORMAT
       ": %s.",
       id, GST_TIME_ARGS(from), GST_TIME_ARGS(oldest), lost ? "there is no clip of it" : "its clip begins late"),
      ("history or history-bytes are too small for how late events are known"));
}

void ClipRecorder::begin_clip(const std::shared_ptr<GstStructure>& event, GstClockTime from, GstClockTime until) {
  const auto& frames = ring_.frames();
  const std::size_t first_kept = ring_.keyframe_before(from);
  const CapsPointer& caps = frames[first_kept].caps;
  const bool raw = is_raw(caps.get());
  ClipPlan plan{event, unused_path(location_->path_for(event.get())), settings_.muxer, "", false, from, until};
  if (raw || settings_.accurate) plan.encoder = settings_.encoder;
  plan.decode = settings_.accurate && !raw;
  const auto clip = std::make_shared<Clip>();
  clip->until = until;
  try {
    const auto folder = std::filesystem::path(plan.path).parent_path();
    if (!folder.empty()) std::filesystem::create_directories(folder);
    clip->writer = std::make_unique<ClipWriter>(plan, caps, [this, weak = std::weak_ptr(clip)] {
      if (const auto self = weak.lock()) close(self);
    });
  } catch (const std::exception& failure) {
    {
      std::lock_guard lock(mutex_);
      ++stats_.failed;
    }
    GST_ELEMENT_WARNING(element_, RESOURCE, OPEN_WRITE, ("%s: %s", plan.path.c_str(), failure.what()), (nullptr));
    return;
  }
  {
    std::lock_guard lock(mutex_);
    clips_.push_back(clip);
  }
  clip->writer->start();
  GST_INFO_OBJECT(element_, "%s: from %" GST_TIME_FORMAT " to %" GST_TIME_FORMAT, plan.path.c_str(),
                  GST_TIME_ARGS(from), GST_TIME_ARGS(until));
  for (std::size_t i = first_kept; i < frames.size(); ++i) feed(*clip, frames[i]);
}

// ---- finished clips ---------------------------------------------------------------------------------------------

/** From a thread of the clip's pipeline, which that thread cannot stop. */
void ClipRecorder::close(const ClipPointer& clip) {
  clip->finished = true;
  std::lock_guard lock(mutex_);
  if (!closer_) return;
  closer_->post([this, clip] {
    clip->writer->stop();
    report(*clip->writer);
    std::lock_guard locked(mutex_);
    clips_.remove(clip);
    changed_.notify_all();
  });
}

/** Writes the event beside its clip; returns what went wrong. */
std::string ClipRecorder::write_description(const ClipWriter& writer, const ClipWriter::Outcome& outcome) const {
  const std::string& path = writer.plan().path;
  GstStructure* description = gst_structure_copy(writer.plan().event.get());
  gst_structure_set(description, "clip-start", G_TYPE_UINT64, outcome.first, "clip-stop", G_TYPE_UINT64, outcome.last,
                    "file", G_TYPE_STRING, std::filesystem::path(path).filename().c_str(), nullptr);
  gchar* line = gvl_event_to_json(description);
  gst_structure_free(description);
  gchar* text = g_strconcat(line, "\n", nullptr);
  g_free(line);
  GError* error = nullptr;
  std::string failure;
  if (!g_file_set_contents(with_extension(path, ".json").c_str(), text, -1, &error)) {
    failure = error->message;
    g_error_free(error);
  }
  g_free(text);
  return failure;
}

void ClipRecorder::report(const ClipWriter& writer) {
  ClipWriter::Outcome outcome = writer.outcome();
  const ClipPlan& plan = writer.plan();
  if (outcome.error.empty() && !GST_CLOCK_TIME_IS_VALID(outcome.first)) outcome.error = "no frame of it came";
  if (outcome.error.empty()) outcome.error = write_description(writer, outcome);
  {
    std::lock_guard lock(mutex_);
    ++(outcome.error.empty() ? stats_.clips : stats_.failed);
  }
  if (!outcome.error.empty()) {
    GST_ELEMENT_WARNING(element_, RESOURCE, WRITE, ("%s: %s", plan.path.c_str(), outcome.error.c_str()), (nullptr));
    return;
  }
  GstStructure* about = gst_structure_copy(plan.event.get());
  gst_structure_set_name(about, "gvl-clip");
  gst_structure_set(about, "location", G_TYPE_STRING, plan.path.c_str(), "clip-start", G_TYPE_UINT64, outcome.first,
                    "clip-stop", G_TYPE_UINT64, outcome.last, nullptr);
  gst_element_post_message(element_, gst_message_new_element(GST_OBJECT(element_), about));
}

void ClipRecorder::wait() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return stopping_ || clips_.empty(); });
}

ClipStats ClipRecorder::stats() const {
  std::lock_guard lock(mutex_);
  return stats_;
}

}  // namespace gvl::gst
