/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "frame-pixels.hpp"

namespace gvl::gst {

/**
 * The pixels of one segment while its samples come in. The streaming thread hands out the futures; everything else is
 * done by the thread that converts. Destroyed before its last sample it breaks its futures with kCancelled.
 */
class SegmentPixels {
 public:
  struct Sizes {
    std::int64_t spatial = 0;   ///< S
    std::int64_t temporal = 0;  ///< S'
    std::int64_t samples = 0;   ///< n
  };

  SegmentPixels(const Sizes& sizes, Cancellation cancellation);

  Future<Tensor> spatial() const { return spatial_promise_.future(); }    ///< uint8 [1, S, S, 3]
  Future<Tensor> temporal() const { return temporal_promise_.future(); }  ///< uint8 [n, S', S', 3]

  /** Converts `frame` as sample number `sample`, each once, in any order. A failure goes into the futures. */
  void convert(FrameConverter& converter, const std::shared_ptr<const Frame>& frame, std::int64_t sample);

  /** Likewise, of a frame that was converted before. */
  void put(const FramePixels& pixels, std::int64_t sample);

  /**
   * No more samples come: sample i is that which was number `sources[i]`. Those were converted, and the keyframe is
   * among them.
   */
  void spread(const std::vector<std::int64_t>& sources);

 private:
  /** Writes one sample's pictures into the segment's memory; the spatial one is empty but for the keyframe. */
  using Write = std::function<void(std::span<std::uint8_t> temporal, std::span<std::uint8_t> spatial)>;

  void add(std::int64_t sample, const Write& write);
  void add_or_throw(std::int64_t sample, const Write& write);
  void fail();
  void finish();

  Sizes sizes_;
  Cancellation cancellation_;
  std::shared_ptr<std::byte> spatial_;
  std::shared_ptr<std::byte> temporal_;
  std::int64_t missing_;
  Promise<Tensor> spatial_promise_;
  Promise<Tensor> temporal_promise_;
};

}  // namespace gvl::gst
