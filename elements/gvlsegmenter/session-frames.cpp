/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session-frames.hpp"

#include <algorithm>
#include <chrono>

#include "gvltime.hpp"

namespace gvl::gst {

using timeline::distance;

namespace {

// A single picture that says nothing of how long it is shown.
constexpr timeline::Time kStillPicture = std::chrono::milliseconds(40);
// Conversions under way when a frame is kept that is no sample: each holds one of the stream's buffers.
constexpr std::size_t kMaxConversions = 4;

}  // namespace

void SessionFrames::forget() {
  end_ = Time();
  reservoir_.reset();
  shown_.reset();
}

void SessionFrames::show(Time time, const std::optional<Time>& announced_end) {
  shown_.emplace(time, end_of_held(time, announced_end));
  end_ = std::max(end_, shown_->until());
}

SessionFrames::Time SessionFrames::end_of_held(Time time, const std::optional<Time>& announced_end) const {
  Time duration = clock_.declared_duration(held_.frame());
  if (duration == Time() && announced_end && *announced_end > time) duration = *announced_end - time;
  if (duration == Time() && shown_) duration = distance(time, shown_->time());
  if (duration == Time()) duration = kStillPicture;
  return clock_.within_segment(time, time + std::min(duration, Time::max() - time));
}

void SessionFrames::outlive_buffer() {
  if (held_.frame() && shown_) shown_->keep(held_.frame(), clock_.info(), orientation_);
}

std::shared_ptr<FramePixels> SessionFrames::pixels(PictureMaker& pictures, bool with_spatial, Reading reading) {
  outlive_buffer();
  return shown_->pixels(pictures, with_spatial, reading, stream_.cancellation());
}

void SessionFrames::keep_shown(PictureMaker& pictures, Time until, Time least, bool last) {
  if (!reservoir_ || !shown_) return;
  if (!shown_->is_taken() && !last) {
    if (!wants(pictures, until, least)) {
      reservoir_->drop();
      return;
    }
    if (!clock_.is_live()) pictures.wait_below(kMaxConversions);
  }
  reservoir_->add(to_clock_time(shown_->time()), pixels(pictures, true, Reading::kReduced));
}

bool SessionFrames::wants(const PictureMaker& pictures, Time until, Time least) const {
  if (!reservoir_->wants(to_clock_time(until), to_clock_time(least))) return false;
  return !clock_.is_live() || pictures.pending() < kMaxConversions;
}

const FrameReservoir::Kept& SessionFrames::kept_at(Time time) const {
  return reservoir_->shown_at(to_clock_time(time));
}

SessionFrames::Time SessionFrames::first_kept() const { return to_time(reservoir_->first_time()); }

}  // namespace gvl::gst
