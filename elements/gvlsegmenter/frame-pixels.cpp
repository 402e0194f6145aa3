/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "frame-pixels.hpp"

#include <algorithm>

namespace gvl::gst {

namespace {

Tensor stacked(const std::vector<std::shared_ptr<FramePixels>>& frames, std::vector<std::uint8_t> FramePixels::*picture,
               std::int64_t size) {
  const auto bytes = static_cast<std::size_t>(size * size * 3);
  auto data = allocate_tensor_data(frames.size() * bytes);
  for (std::size_t i = 0; i < frames.size(); ++i) {
    if (frames[i]->failure) std::rethrow_exception(frames[i]->failure);
    const auto& source = (*frames[i]).*picture;
    std::copy(source.begin(), source.end(), reinterpret_cast<std::uint8_t*>(data.get()) + i * bytes);
  }
  return {DataType::kUInt8, {static_cast<std::int64_t>(frames.size()), size, size, 3}, data};
}

}  // namespace

void convert(FrameConverter& converter, const std::shared_ptr<const Frame>& frame, const PictureSizes& sizes,
             const Cancellation& cancellation, FramePixels& pixels) {
  try {
    cancellation.check();
    pixels.temporal.resize(static_cast<std::size_t>(sizes.temporal * sizes.temporal * 3));
    pixels.spatial.resize(static_cast<std::size_t>(sizes.spatial * sizes.spatial * 3));
    converter.temporal(frame, pixels.temporal);
    converter.spatial(frame, pixels.spatial);
  } catch (...) {
    pixels.failure = std::current_exception();
  }
}

Future<Tensor> stack_pictures(Worker& worker, std::vector<std::shared_ptr<FramePixels>> frames,
                              std::vector<std::uint8_t> FramePixels::*picture, std::int64_t size) {
  const auto promise = std::make_shared<Promise<Tensor>>();
  worker.post([=, frames = std::move(frames)] {
    try {
      promise->set_value(stacked(frames, picture, size));
    } catch (...) {
      promise->set_error(std::current_exception());
    }
  });
  return promise->future();
}

}  // namespace gvl::gst
