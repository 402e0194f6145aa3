/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "overload-watch.hpp"

#include <utility>

namespace gvl::gst {

std::optional<OverloadWatch::News> OverloadWatch::dropped(timeline::Time start, timeline::Time stop,
                                                          guint window_segments) {
  const bool begins = !std::exchange(overloaded_, true);
  if (begins) so_far_ = {.start = start};
  so_far_.segments += begins ? 1 : kept_ + 1;
  ++so_far_.dropped;
  so_far_.stop = stop;
  kept_ = 0;
  if (!begins) return std::nullopt;
  return News{.begins = true, .segments = window_segments, .dropped = 1, .start = start, .stop = stop};
}

std::optional<OverloadWatch::News> OverloadWatch::kept(guint window_segments) {
  if (!overloaded_ || ++kept_ < window_segments) return std::nullopt;
  return end();
}

std::optional<OverloadWatch::News> OverloadWatch::end() {
  kept_ = 0;
  return std::exchange(overloaded_, false) ? std::optional(so_far_) : std::nullopt;
}

}  // namespace gvl::gst
