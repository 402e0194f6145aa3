/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "frame-pixels.hpp"

namespace gvl::gst {

/**
 * Frames of a stretch of video whose end is not known yet, spread evenly over it: all of them while they are few, and
 * then, as the stretch grows, those that are further and further apart. A frame that is shown for longer than that is
 * always kept. So that a window can be made of a stream that ends before the window does.
 *
 * For one thread. Times are stream time.
 */
class FrameReservoir {
 public:
  struct Kept {
    GstClockTime time = 0;
    std::shared_ptr<FramePixels> pixels;
    bool next_is_neighbour = true;  ///< no frame was dropped between it and the one that was kept after it
  };

  /** Keeps between half of `capacity` frames and all of it. */
  explicit FrameReservoir(std::size_t capacity) : capacity_(capacity) {}

  bool empty() const { return kept_.empty(); }

  /**
   * Whether the frame that is shown until `until`, where another begins, is to be kept. Not where it is shown for no
   * longer than `least` after the last one that was kept began.
   */
  bool wants(GstClockTime until, GstClockTime least = 0) const;

  /** The next frame: keeps it, its pixels being on their way, or drops it. */
  void add(GstClockTime time, std::shared_ptr<FramePixels> pixels);
  void drop();

  /** The kept frame that is shown at `time`, or the nearest one where frames were dropped. Not of an empty one. */
  const Kept& shown_at(GstClockTime time) const;

  GstClockTime first_time() const { return std::min(kept_.front().time, kept_.back().time); }

 private:
  void thin_out();
  GstClockTime span() const;

  std::size_t capacity_;
  GstClockTime spacing_ = 0;  // frames that are no further apart are not both kept
  std::vector<Kept> kept_;    // in the order in which they came: by increasing time, or by decreasing
};

}  // namespace gvl::gst
