/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include <optional>

#include "timeline/time.hpp"

namespace gvl::gst {

/**
 * Whether a live stream gets too little of its model: an overload begins with a dropped segment, and ends when as many
 * segments in a row as a window has were not dropped, or with the stream. For one thread.
 */
class OverloadWatch {
 public:
  /** A change of state. */
  struct News {
    bool begins = false;
    guint64 segments = 0;  ///< from the first dropped one to the last; where it begins, those of a window
    guint64 dropped = 0;   ///< of these
    timeline::Time start{};
    timeline::Time stop{};  ///< where the first dropped segment starts and the last one stops
  };

  /** A segment was dropped: news where that is the first one. */
  std::optional<News> dropped(timeline::Time start, timeline::Time stop, guint window_segments);

  /** A segment was not. */
  std::optional<News> kept(guint window_segments);

  /** The stream is over. */
  std::optional<News> end();

 private:
  News so_far_;       // without those that were kept since the last dropped one
  guint64 kept_ = 0;  // in a row
  bool overloaded_ = false;
};

}  // namespace gvl::gst
