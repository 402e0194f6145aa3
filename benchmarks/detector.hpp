/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "gvl/preprocess.hpp"
#include "vision/coco_detector.hpp"
#include "vision/detection.hpp"

/** A detector on its own, for the programs that measure it. */
namespace gvl::benchmarks {

/** What COCO calls its classes, in the order of the network's scores. */
extern const std::array<std::string_view, vision::kCocoClasses> kClassNames;

std::optional<std::size_t> class_of(std::string_view name);

/** Pictures as the detector takes them: uint8 [n, S, S, 3] on the host. */
class Pictures {
 public:
  static constexpr std::int64_t kSide = 416;

  explicit Pictures(std::int64_t number);

  /** Shrinks a frame to picture `index`. */
  void put(std::int64_t index, const RgbView& frame);

  const at::Tensor& pixels() const noexcept { return pixels_; }
  /** In 0-1, float32 [n, 3, S, S]. */
  at::Tensor in_unit_range() const;

 private:
  at::Tensor pixels_;
};

/** Frames of a video in equal distances, each in the middle of its share. */
struct Keyframes {
  Pictures pictures;
  std::int64_t number = 0;  ///< of pictures; not more than the video has frames
  double share = 0;         ///< seconds from one to the next
};

/** Throws Error naming the file. */
Keyframes read_keyframes(const std::filesystem::path& file, std::int64_t most);

class Detector {
 public:
  /** `folder` has the model.safetensors of one of the detectors that there are. Throws Error naming the file at fault.
   */
  explicit Detector(const std::filesystem::path& folder);

  /** What is seen in each picture, at most `most` objects. */
  std::vector<vision::SeenPicture> look(const Pictures& pictures, std::int64_t most) const;

 private:
  std::unique_ptr<const vision::CocoDetector> network_;
};

}  // namespace gvl::benchmarks
