/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "frame-converter.hpp"
#include "gvl/cancellation.hpp"
#include "gvl/config.hpp"
#include "gvl/future.hpp"
#include "gvl/tensor.hpp"
#include "gvlworker.hpp"

namespace gvl::gst {

/** What the models would see of a frame. Made, and read, by the thread that converts. */
struct FramePixels {
  std::vector<std::uint8_t> spatial;   ///< packed RGB, S x S; may be empty
  std::vector<std::uint8_t> temporal;  ///< packed RGB, S' x S'
  std::optional<double> sharpness;     ///< variance of the Laplacian, where it was asked for; set once
  std::exception_ptr failure;          ///< why there are none
};

/**
 * Makes the models' pictures of frames in a thread of its own, in the order in which they are asked for. Members are
 * for the streaming thread; they return at once, but for wait_below().
 */
class PictureMaker {
 public:
  using Reading = FrameConverter::Reading;

  explicit PictureMaker(const ModelConfig& model);

  std::int64_t spatial_size() const { return spatial_size_; }    ///< S
  std::int64_t temporal_size() const { return temporal_size_; }  ///< S'

  /** The frame's temporal picture, on its way. A failure, or a cancellation, goes into the result. */
  std::shared_ptr<FramePixels> temporal(const std::shared_ptr<const Frame>& frame, Reading reading,
                                        const Cancellation& cancellation);

  /** Adds the spatial picture to what temporal() returned. */
  void add_spatial(const std::shared_ptr<const Frame>& frame, Reading reading, const Cancellation& cancellation,
                   const std::shared_ptr<FramePixels>& pixels);

  /**
   * Stacks one picture of each frame: uint8 [frames, size, size, 3]. Fails as the first frame that could not be
   * converted did.
   */
  Future<Tensor> stack(std::vector<std::shared_ptr<FramePixels>> frames,
                       std::vector<std::uint8_t> FramePixels::*picture, std::int64_t size);

  /** Runs `job`, which must not throw, after what was asked for before. */
  void post(std::function<void()> job) { worker_.post(std::move(job)); }

  /** How many jobs wait or run. */
  std::size_t pending() const { return worker_.pending(); }

  /** Waits until fewer than `jobs` do. */
  void wait_below(std::size_t jobs) const { worker_.wait_below(jobs); }

 private:
  FrameConverter& converter(Reading reading) { return reading == Reading::kReduced ? reduced_ : whole_; }

  std::int64_t spatial_size_;
  std::int64_t temporal_size_;
  FrameConverter whole_;  // the worker's, like the next
  FrameConverter reduced_;
  Worker worker_;  // last: it ends before the rest goes
};

}  // namespace gvl::gst
