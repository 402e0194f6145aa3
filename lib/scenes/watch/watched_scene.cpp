/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scenes/watch/watched_scene.hpp"

#include <algorithm>

namespace gvl::scenes {
namespace {

double between(double from, double to, double u) noexcept { return from + (to - from) * u; }

double overlap(double low, double high) noexcept { return std::max(0.0, std::min(high, 1.0) - std::max(low, 0.0)); }

}  // namespace

double part_in_frame(const TrackedBox& box) noexcept {
  const double area = box.width * box.height;
  if (area <= 0) return 0;
  return overlap(box.left(), box.right()) * overlap(box.top(), box.bottom()) / area;
}

TrackedBox Track::box_at(double time) const noexcept {
  const auto next =
      std::upper_bound(path.begin(), path.end(), time, [](double t, const PathKey& key) { return t < key.time; });
  if (next == path.begin()) return path.front().box;
  if (next == path.end()) return path.back().box;
  const PathKey& last = *(next - 1);
  const double u = eased(next->ease, (time - last.time) / (next->time - last.time));
  return {between(last.box.x, next->box.x, u), between(last.box.y, next->box.y, u),
          between(last.box.width, next->box.width, u), between(last.box.height, next->box.height, u)};
}

bool Track::visible_at(double time) const noexcept {
  return time >= start && time < stop && part_in_frame(box_at(time)) > 0;
}

}  // namespace gvl::scenes
