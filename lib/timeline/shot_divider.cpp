/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "timeline/shot_divider.hpp"

#include <algorithm>

namespace gvl::timeline {

namespace {

std::int64_t shortest(std::int64_t wanted) { return std::max<std::int64_t>(1, (wanted + 1) / 2); }
std::int64_t longest(std::int64_t wanted) { return wanted + wanted / 2; }

}  // namespace

std::int64_t ShotDivider::take(std::int64_t count) {
  cuts_.erase(cuts_.begin(), cuts_.begin() + count);
  if (left_segments_ > 0) {
    --left_segments_;
    left_ -= count;
  }
  return count;
}

// The length of the segment that ends at the cut nearest to the wanted length, the earlier one of two; 0: no cut.
std::int64_t ShotDivider::nearest_cut(std::int64_t wanted) const {
  std::int64_t nearest = 0;
  const auto end = std::min<std::int64_t>(static_cast<std::int64_t>(cuts_.size()), longest(wanted) + 1);
  for (std::int64_t at = shortest(wanted); at < end; ++at) {
    if (!cuts_[static_cast<std::size_t>(at)]) continue;
    if (nearest == 0 || std::abs(at - wanted) < std::abs(nearest - wanted)) nearest = at;
  }
  return nearest;
}

std::int64_t ShotDivider::wanted(std::int64_t left) const {
  if (left_segments_ <= 0) return length_;
  return std::max<std::int64_t>(1, (left + left_segments_ / 2) / left_segments_);
}

std::int64_t ShotDivider::next() {
  const auto waiting = static_cast<std::int64_t>(cuts_.size());
  if (left_segments_ == 1) return waiting >= left_ ? take(waiting) : 0;
  const auto wanted = this->wanted(left_);
  const auto cut = nearest_cut(wanted);
  const auto last_known = waiting - 1;  // a cut before the candidate that comes next is not known
  if (cut > 0) return last_known >= wanted + std::abs(wanted - cut) || cut >= wanted ? take(cut) : 0;
  return last_known >= longest(wanted) ? take(wanted) : 0;
}

std::int64_t ShotDivider::rest() {
  const auto waiting = static_cast<std::int64_t>(cuts_.size());
  if (waiting == 0 || left_segments_ == 1) return waiting == 0 ? 0 : take(waiting);
  const auto wanted = this->wanted(waiting);
  const auto cut = nearest_cut(wanted);
  if (cut > 0) return take(cut);
  const bool undivided = left_segments_ <= 0 && waiting <= longest(wanted);
  return take(undivided ? waiting : std::min(wanted, waiting));
}

}  // namespace gvl::timeline
