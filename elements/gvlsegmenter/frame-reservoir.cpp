/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "frame-reservoir.hpp"

namespace gvl::gst {

namespace {

GstClockTime distance(GstClockTime a, GstClockTime b) { return a > b ? a - b : b - a; }

}  // namespace

GstClockTime FrameReservoir::span() const { return distance(kept_.front().time, kept_.back().time); }

bool FrameReservoir::wants(GstClockTime until, GstClockTime least) const {
  return kept_.empty() || distance(until, kept_.back().time) > std::max(spacing_, least);
}

void FrameReservoir::drop() {
  if (!kept_.empty()) kept_.back().next_is_neighbour = false;
}

void FrameReservoir::add(GstClockTime time, std::shared_ptr<FramePixels> pixels) {
  kept_.push_back({time, std::move(pixels), true});
  if (kept_.size() > capacity_) thin_out();
}

// Wider and wider, until a quarter of the room at least is free again.
void FrameReservoir::thin_out() {
  spacing_ = std::max<GstClockTime>(spacing_, 2 * span() / capacity_);
  for (; kept_.size() > capacity_ * 3 / 4; spacing_ += spacing_ / 2 + 1) {
    std::vector<Kept> rest{kept_.front()};
    for (std::size_t i = 1; i < kept_.size(); ++i) {
      const bool needed = i + 1 == kept_.size() || distance(kept_[i + 1].time, rest.back().time) > spacing_;
      if (needed)
        rest.push_back(std::move(kept_[i]));
      else
        rest.back().next_is_neighbour = false;
    }
    kept_ = std::move(rest);
  }
}

const FrameReservoir::Kept& FrameReservoir::shown_at(GstClockTime time) const {
  const bool forward = kept_.front().time <= kept_.back().time;
  const auto count = kept_.size();
  const auto by_time = [&](std::size_t i) -> const Kept& { return kept_[forward ? i : count - 1 - i]; };
  std::size_t shown = 0;
  while (shown + 1 < count) {
    const auto &before = by_time(shown), &after = by_time(shown + 1);
    const bool neighbours = (forward ? before : after).next_is_neighbour;
    const auto until = neighbours ? after.time : before.time + (after.time - before.time) / 2;
    if (time < until) break;
    ++shown;
  }
  return by_time(shown);
}

}  // namespace gvl::gst
