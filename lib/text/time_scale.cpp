/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "text/time_scale.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "gvl/error.hpp"

namespace gvl::text {

TimeScale::TimeScale(double duration, std::vector<double> boundaries)
    : duration_(duration), boundaries_(std::move(boundaries)) {
  if (boundaries_.empty()) return;
  const bool finite =
      std::all_of(boundaries_.begin(), boundaries_.end(), [](double time) { return std::isfinite(time); });
  const bool whole = boundaries_.size() > 1 && boundaries_.front() == 0 && boundaries_.back() == duration;
  if (!finite || !whole || !std::is_sorted(boundaries_.begin(), boundaries_.end()))
    throw Error(ErrorCode::kInvalidArgument, "the boundaries of segments do not go from 0 to the window's duration");
}

TimeScale TimeScale::beginning_at(double start) const {
  TimeScale scale = *this;
  scale.start_ = start;
  return scale;
}

double TimeScale::seconds_at(double part) const {
  const auto segments = static_cast<double>(boundaries_.size() - 1);
  const double place = std::clamp(part, 0.0, 1.0) * segments;
  const auto segment = static_cast<std::size_t>(std::min(std::floor(place), segments - 1));
  const double within = place - static_cast<double>(segment);
  return boundaries_[segment] + within * (boundaries_[segment + 1] - boundaries_[segment]);
}

double TimeScale::part_at(double seconds) const {
  const double time = std::clamp(seconds, 0.0, duration_);
  const auto after = std::upper_bound(boundaries_.begin() + 1, boundaries_.end() - 1, time);
  const auto segment = static_cast<std::size_t>(after - boundaries_.begin()) - 1;
  const double length = boundaries_[segment + 1] - boundaries_[segment];
  const double within = length > 0 ? (time - boundaries_[segment]) / length : 0;
  return (static_cast<double>(segment) + within) / static_cast<double>(boundaries_.size() - 1);
}

}  // namespace gvl::text
