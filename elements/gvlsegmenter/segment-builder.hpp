/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstdint>
#include <deque>
#include <future>
#include <memory>
#include <optional>
#include <vector>

#include "frame-pixels.hpp"
#include "gvl/future.hpp"
#include "gvl/tensor.hpp"
#include "shot-detector.hpp"
#include "timeline/shot_divider.hpp"
#include "timeline/time.hpp"

namespace gvl::gst {

/** What a segment of video is made of. Times of samples are in stream time order. */
struct BuiltSegment {
  timeline::Time start{};
  timeline::Time stop{};
  timeline::Time keyframe{};  ///< of several the one in the middle
  std::vector<timeline::Time> samples;
  Future<Tensor> spatial;   ///< uint8 [keyframes, S, S, 3]
  Future<Tensor> temporal;  ///< uint8 [n, S', S', 3]
};

/**
 * Makes segments of the frames that are sampled. Where shots or the sharpest frames are wanted it gets several
 * candidates for each sample, and spreads a segment's samples over those that lie in it. Members are for the streaming
 * thread; pixels are computed by the picture maker's.
 */
class SegmentBuilder {
 public:
  struct Options {
    std::int64_t samples = 0;          ///< n, of a segment
    std::int64_t keyframes = 1;        ///< of a segment
    std::int64_t candidates = 0;       ///< that come for a segment as planned: n, or more where they are chosen from
    std::int64_t segments = 0;         ///< how many there are in all; 0: no end to them
    bool shots = false;                ///< whether segments begin where shots do
    bool sharpest = false;             ///< whether keyframes are the sharpest of their samples, not those in the middle
    bool backward = false;             ///< whether samples come last first
    timeline::Time sample_duration{};  ///< how much time a sample stands for
  };

  /** A frame that is taken, which stands for the time from `start` to `stop`. */
  struct Sample {
    timeline::Time time{};
    timeline::Time start{};
    timeline::Time stop{};
    std::shared_ptr<FramePixels> pixels;
  };

  SegmentBuilder(PictureMaker& pictures, const Options& options);

  /** Whether the next sample's spatial picture may be needed. */
  bool wants_spatial() const;

  void add(const Sample& sample);

  bool empty() const { return waiting_.empty(); }

  /** Whether samples are chosen among candidates. Only then shots() and rest() have anything to give. */
  bool chooses() const { return divider_.has_value(); }

  /** Without choice: whether the segment has all its samples. It ends where the last of them does. */
  bool is_full() const { return !chooses() && std::ssize(waiting_) == options_.samples; }
  bool ends_by(timeline::Time time) const;

  /** The full segment. */
  BuiltSegment take_full();

  /**
   * With choice: the next segment whose end is known. Waits for the word about all candidates but the last, which is
   * usually there.
   */
  std::optional<BuiltSegment> next();

  /** With choice, when no more candidates come: what is left, a segment for each call. */
  std::optional<BuiltSegment> rest();

  /**
   * Without choice: the segment that the video's end, `end`, cuts short; its samples are spread over it. Nothing where
   * less than half was seen: a few frames spread over it would look like frozen ones. `shown`, the last frame with both
   * pictures, stands for keyframes that did not come.
   */
  std::optional<BuiltSegment> cut_short(timeline::Time end, const Sample& shown);

 private:
  struct Candidate : Sample {
    std::future<bool> cut;  // with choice: valid until the divider has it
  };

  std::future<bool> analyse(const std::shared_ptr<FramePixels>& pixels);
  std::optional<BuiltSegment> divide(bool all);
  std::vector<Sample> take(std::int64_t count);
  std::int64_t keyframe(std::int64_t which) const;
  std::vector<Sample> keyframes_among(const std::vector<Sample>& samples) const;
  BuiltSegment build(const std::vector<Sample>& samples, const std::vector<Sample>& keyframes, timeline::Time start,
                     timeline::Time stop);

  PictureMaker& pictures_;
  Options options_;
  std::optional<timeline::ShotDivider> divider_;
  std::shared_ptr<ShotDetector> detector_;  // the picture maker's thread's
  std::deque<Candidate> waiting_;
};

}  // namespace gvl::gst
