/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <deque>
#include <future>
#include <memory>
#include <optional>
#include <vector>

#include "frame-pixels.hpp"
#include "segment-pixels.hpp"
#include "timeline/shot_divider.hpp"

namespace gvl::gst {

/**
 * Candidates for samples, several for each sample that is wanted, until the segment that they lie in is known: its
 * samples are spread evenly over them. Members are for the streaming thread; pixels are computed by the worker.
 */
class Candidates {
 public:
  struct Options {
    SegmentPixels::Sizes sizes;
    std::int64_t per_sample = 3;  ///< odd: then the middle ones are where samples are without shots
    std::int64_t segments = 0;    ///< how many there are in all; 0: no end to them
    bool shots = true;            ///< whether segments begin where shots do
    bool sharpest = false;        ///< whether the keyframe is the sharpest sample instead of the middle one
  };

  /** What a segment is made of. */
  struct Segment {
    GstClockTime start = 0;
    GstClockTime stop = 0;
    GstClockTime keyframe = 0;
    std::vector<GstClockTime> times;
    Future<Tensor> spatial;   ///< uint8 [1, S, S, 3]
    Future<Tensor> temporal;  ///< uint8 [n, S', S', 3]
  };

  Candidates(Worker& worker, std::shared_ptr<FrameConverter> converter, const Options& options);

  /** `frame` stands for the time from `start` to `stop`. Its pixels, which are on their way. */
  std::shared_ptr<FramePixels> add(const std::shared_ptr<const Frame>& frame, GstClockTime start, GstClockTime stop,
                                   const Cancellation& cancellation);

  bool empty() const { return waiting_.empty(); }

  /**
   * The next segment whose end is known; with `all`, what is left, a segment for each call. Waits for the worker's word
   * about all candidates but the last, which it has usually given while this one was on its way.
   */
  std::optional<Segment> next(bool all);

 private:
  struct Waiting {
    GstClockTime time, start, stop;
    std::shared_ptr<FramePixels> pixels;
    std::future<bool> cut;  // valid until it was told to the divider
  };
  class ShotDetector;

  std::int64_t keyframe_of_samples(const std::vector<std::size_t>& samples) const;
  Segment make(std::size_t count);

  Worker& worker_;
  std::shared_ptr<FrameConverter> converter_;
  Options options_;
  timeline::ShotDivider divider_;
  std::shared_ptr<ShotDetector> detector_;  // the worker's
  std::deque<Waiting> waiting_;
};

}  // namespace gvl::gst
