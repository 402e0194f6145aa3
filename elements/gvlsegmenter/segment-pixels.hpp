/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <memory>

#include "frame-converter.hpp"
#include "gvl/cancellation.hpp"
#include "gvl/future.hpp"
#include "gvl/tensor.hpp"

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

 private:
  void convert_or_throw(FrameConverter& converter, const std::shared_ptr<const Frame>& frame, std::int64_t sample);

  Sizes sizes_;
  Cancellation cancellation_;
  std::shared_ptr<std::byte> spatial_;
  std::shared_ptr<std::byte> temporal_;
  std::int64_t missing_;
  Promise<Tensor> spatial_promise_;
  Promise<Tensor> temporal_promise_;
};

}  // namespace gvl::gst
