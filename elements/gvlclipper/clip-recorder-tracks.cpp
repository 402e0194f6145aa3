/* SPDX-License-Identifier: LGPL-2.1-or-later */

// Of ClipRecorder: what comes beside the video.

#include <algorithm>
#include <chrono>

#include "clip-recorder.hpp"

GST_DEBUG_CATEGORY_EXTERN(gvl_clipper_debug);
#define GST_CAT_DEFAULT gvl_clipper_debug

namespace gvl::gst {

namespace {

// How often one looks for those that are silent when no frame comes.
constexpr auto kLookEvery = std::chrono::milliseconds(200);

}  // namespace

void ClipRecorder::add_track(const TrackPointer& track) {
  std::lock_guard feeding(feeding_);
  track->start(settings_.history, settings_.history_bytes);
  track->join(session_);
  tracks_.push_back(track);
}

void ClipRecorder::remove_track(const TrackPointer& track) {
  std::lock_guard feeding(feeding_);
  end_in_clips(track.get(), G_MAXUINT);
  tracks_.remove(track);
  trim_tracks();
}

void ClipRecorder::packet(Track& track, KeptPacket packet) {
  std::lock_guard feeding(feeding_);
  if (!track.push(packet) && end_in_clips(&track, track.session() - 1))
    warn_of_tracks(track.name() + ": it went back in time: clips that are being written have it until then only", 0);
  for (const ClipPointer& clip : clips())
    if (!clip->closed && clip->session == track.session()) clip->writer->take(track, packet);
  if (ended_ && track.session() == session_) track.trim_behind(reached_);
  trim_tracks();
}

void ClipRecorder::expect(Track& track, bool more) {
  std::lock_guard feeding(feeding_);
  track.expect(more);
  if (!more) end_in_clips(&track, track.session());
}

void ClipRecorder::forget(Track& track) {
  std::lock_guard feeding(feeding_);
  end_in_clips(&track, track.session());
  track.begin_session();
  track.expect(true);
  trim_tracks();
}

void ClipRecorder::change(Track& track, const std::function<void(Track&)>& change) {
  std::lock_guard feeding(feeding_);
  change(track);
}

gsize ClipRecorder::track_bytes() const { return track_bytes_; }

/** In those up to this session; NULL: all of them. False where there is no such clip. */
bool ClipRecorder::end_in_clips(const Track* track, guint last_session) {
  bool found = false;
  for (const ClipPointer& clip : clips()) {
    if (clip->closed || clip->session > last_session) continue;
    clip->writer->end_track(track);
    found = true;
  }
  return found;
}

void ClipRecorder::trim_tracks() {
  const auto& frames = ring_.frames();
  const auto from = frames.empty() ? std::nullopt : std::optional(frames.front().time);
  gsize bytes = 0;
  for (const TrackPointer& track : tracks_) {
    track->trim(track->session() == session_ ? from : std::nullopt);
    bytes += track->bytes();
  }
  track_bytes_ = bytes;
}

/** Clips do not wait any more for a track that brings nothing. */
void ClipRecorder::give_up_silent(std::optional<StreamTime> frame) {
  for (const TrackPointer& track : tracks_) {
    if (!track->is_silent(frame, session_)) continue;
    track->join(session_);
    track->expect(false);
    const auto waiting = clips().size();
    GST_INFO_OBJECT(element_, "%s is silent", track->name().c_str());
    if (waiting > 0 && track->continuous())
      warn_of_tracks(track->name() + ": nothing comes any more: clips that are being written go on without it",
                     static_cast<guint>(waiting));
    end_in_clips(track.get(), session_);
  }
}

void ClipRecorder::post_wait_for_tracks() {
  std::lock_guard lock(mutex_);
  if (waiter_) waiter_->post([this] { wait_for_tracks(); });
}

/** From waiter_, while no frame comes. */
void ClipRecorder::wait_for_tracks() {
  const auto waits = [](const ClipPointer& clip) { return !clip->closed && clip->writer->waits_for_tracks(); };
  for (;;) {
    {
      std::lock_guard feeding(feeding_);
      const auto open = clips();
      if (!ended_ || std::none_of(open.begin(), open.end(), waits)) return;
      give_up_silent(std::nullopt);
    }
    std::unique_lock lock(mutex_);
    if (changed_.wait_for(lock, kLookEvery, [this] { return stopping_; })) return;
  }
}

void ClipRecorder::warn_of_tracks(const std::string& text, guint lost) const {
  GST_ELEMENT_WARNING_WITH_DETAILS(element_, RESOURCE, WRITE, ("%s", text.c_str()), (nullptr),
                                   ("clips-lost", G_TYPE_UINT, lost, nullptr));
}

}  // namespace gvl::gst
