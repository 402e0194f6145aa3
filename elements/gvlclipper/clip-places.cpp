/* SPDX-License-Identifier: LGPL-2.1-or-later */

// Of ClipRecorder: how many clips are written at a time.

#include <algorithm>

#include "clip-recorder.hpp"

namespace gvl::gst {

void ClipRecorder::enqueue(const ClipEventPointer& event) {
  {
    std::lock_guard lock(mutex_);
    queued_.push_back(event);
    // A place may be free again already.
    if (starter_) starter_->post([this] { start_waiting(); });
  }
  if (settling_) free_places();
}

/** While no frame may come, clips in whose place events wait must not wait for a track that comes only behind it. */
void ClipRecorder::free_places() {
  {
    std::lock_guard lock(mutex_);
    if (queued_.empty()) return;
  }
  end_in_clips(nullptr, G_MAXUINT);
}

/** From starter_. */
void ClipRecorder::start_waiting() {
  ClipEventPointer event;
  while (take_place(&event)) {
    {
      std::lock_guard feeding(feeding_);
      start_clip(event, false);
    }
    std::lock_guard lock(mutex_);
    --starting_;
    changed_.notify_all();
  }
  notify_if_idle();
}

bool ClipRecorder::take_place(ClipEventPointer* event) {
  std::lock_guard lock(mutex_);
  if (stopping_ || queued_.empty() || clips_.size() + starting_ >= max_clips_) return false;
  *event = queued_.front();
  queued_.pop_front();
  ++starting_;
  return true;
}

/** While places are becoming free for events that wait. */
void ClipRecorder::wait_for_places() {
  // What waits for a track may wait for one that comes only behind this frame.
  const auto closing = [](const ClipPointer& clip) { return clip->finished && !clip->writer->waits_for_tracks(); };
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] {
    const bool free = clips_.size() + starting_ < max_clips_ || std::any_of(clips_.begin(), clips_.end(), closing);
    return stopping_ || !may_wait_ || !closer_ || queued_.empty() || !free;
  });
}

bool ClipRecorder::idle() const {
  std::lock_guard lock(mutex_);
  return is_idle();
}

void ClipRecorder::notify_if_idle() {
  if (idle()) on_idle_();
}

// ---- finished clips ---------------------------------------------------------------------------------------------

/** From a thread of the clip's pipeline, which that thread cannot stop. */
void ClipRecorder::close(const ClipPointer& clip) {
  clip->finished = clip->closed = true;
  std::lock_guard lock(mutex_);
  post_close(clip);
}

/** With mutex_. */
void ClipRecorder::post_close(const ClipPointer& clip) {
  if (!closer_) return;
  closer_->post([this, clip] {
    clip->writer->stop();
    if (!waits_for_news(clip)) {
      if (!clip->abandoned) reporter_.closed(*clip->writer);
      std::lock_guard locked(mutex_);
      clips_.remove(clip);
    }
    {
      std::lock_guard locked(mutex_);
      if (starter_ && !queued_.empty()) starter_->post([this] { start_waiting(); });
      changed_.notify_all();
    }
    notify_if_idle();
  });
}

}  // namespace gvl::gst
