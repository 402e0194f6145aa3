/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstdint>
#include <exception>
#include <memory>
#include <vector>

#include "frame-converter.hpp"
#include "gvl/cancellation.hpp"
#include "gvl/future.hpp"
#include "gvl/tensor.hpp"
#include "gvlworker.hpp"

namespace gvl::gst {

/** What the models would see of a frame. Made, and read, by the thread that converts. */
struct FramePixels {
  std::vector<std::uint8_t> spatial;   ///< packed RGB, S x S
  std::vector<std::uint8_t> temporal;  ///< packed RGB, S' x S'
  double sharpness = 0;                ///< variance of the Laplacian, where it was asked for
  std::exception_ptr failure;          ///< why there are none
};

/** Sizes of a model's pictures. */
struct PictureSizes {
  std::int64_t spatial = 0;   ///< S
  std::int64_t temporal = 0;  ///< S'
};

/** Converts `frame` in the worker's thread. A failure, or a cancellation, goes into `pixels`. */
void convert(FrameConverter& converter, const std::shared_ptr<const Frame>& frame, const PictureSizes& sizes,
             const Cancellation& cancellation, FramePixels& pixels);

/**
 * Has the worker stack one picture of each frame: uint8 [frames, size, size, 3]. Fails as the first frame that could
 * not be converted did.
 */
Future<Tensor> stack_pictures(Worker& worker, std::vector<std::shared_ptr<FramePixels>> frames,
                              std::vector<std::uint8_t> FramePixels::*picture, std::int64_t size);

}  // namespace gvl::gst
