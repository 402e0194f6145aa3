/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "frame-pixels.hpp"

#include <algorithm>
#include <utility>

namespace gvl::gst {

namespace {

std::size_t picture_bytes(std::int64_t size) { return static_cast<std::size_t>(size * size * 3); }

Tensor stacked(const std::vector<std::shared_ptr<FramePixels>>& frames, std::vector<std::uint8_t> FramePixels::*picture,
               std::int64_t size) {
  const auto bytes = picture_bytes(size);
  auto data = allocate_tensor_data(frames.size() * bytes);
  for (std::size_t i = 0; i < frames.size(); ++i) {
    if (frames[i]->failure) std::rethrow_exception(frames[i]->failure);
    const auto& source = (*frames[i]).*picture;
    std::copy(source.begin(), source.end(), reinterpret_cast<std::uint8_t*>(data.get()) + i * bytes);
  }
  return {DataType::kUInt8, {static_cast<std::int64_t>(frames.size()), size, size, 3}, data};
}

template <typename Make>
void make_or_fail(FramePixels& pixels, const Cancellation& cancellation, Make&& make) {
  if (pixels.failure) return;
  try {
    cancellation.check();
    make();
  } catch (...) {
    pixels.failure = std::current_exception();
  }
}

}  // namespace

PictureMaker::PictureMaker(const ModelConfig& model)
    : spatial_size_(model.spatial.image_size),
      temporal_size_(model.temporal.image_size),
      whole_(model.spatial, model.temporal),
      reduced_(model.spatial, model.temporal, Reading::kReduced),
      worker_("gvlsegmenter") {}

std::shared_ptr<FramePixels> PictureMaker::temporal(const std::shared_ptr<const Frame>& frame, Reading reading,
                                                    const Cancellation& cancellation) {
  auto pixels = std::make_shared<FramePixels>();
  post([this, frame, reading, cancellation, pixels] {
    make_or_fail(*pixels, cancellation, [&] {
      pixels->temporal.resize(picture_bytes(temporal_size_));
      converter(reading).temporal(frame, pixels->temporal);
    });
  });
  return pixels;
}

void PictureMaker::add_spatial(const std::shared_ptr<const Frame>& frame, Reading reading,
                               const Cancellation& cancellation, const std::shared_ptr<FramePixels>& pixels) {
  post([this, frame, reading, cancellation, pixels] {
    make_or_fail(*pixels, cancellation, [&] {
      pixels->spatial.resize(picture_bytes(spatial_size_));
      converter(reading).spatial(frame, pixels->spatial);
    });
  });
}

Future<Tensor> PictureMaker::stack(std::vector<std::shared_ptr<FramePixels>> frames,
                                   std::vector<std::uint8_t> FramePixels::*picture, std::int64_t size) {
  const auto promise = std::make_shared<Promise<Tensor>>();
  post([frames = std::move(frames), promise, picture, size] {
    try {
      promise->set_value(stacked(frames, picture, size));
    } catch (...) {
      promise->set_error(std::current_exception());
    }
  });
  return promise->future();
}

}  // namespace gvl::gst
