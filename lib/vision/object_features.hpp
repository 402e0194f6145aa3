/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>
#include <vector>

#include "vision/colour_names.hpp"
#include "vision/detection.hpp"

namespace gvl::vision {

/**
 * What a row of features holds, of an object or of the whole picture. Rows of objects that there are not are 0. Places
 * and sizes are in parts of the picture's side, x to the right, y downwards.
 */
struct ObjectFeature {
  static constexpr std::int64_t kScores = 0;                         ///< of each class; of the picture the strongest
  static constexpr std::int64_t kIsObject = kScores + kCocoClasses;  ///< 1 of an object
  static constexpr std::int64_t kIsPicture = kIsObject + 1;          ///< 1 of the picture
  static constexpr std::int64_t kColours = kIsPicture + 1;           ///< share of each Colour
  static constexpr std::int64_t kRest = kColours + static_cast<std::int64_t>(vision::kColours);
  /** What is small by nature is made as large as the rest. */
  static constexpr float kGain = 10;
  // Of an object.
  static constexpr std::int64_t kCentre = kRest;    ///< x, y
  static constexpr std::int64_t kSize = kRest + 2;  ///< width, height
  static constexpr std::int64_t kMove =
      kRest + 4;  ///< kGain times that of the centre since the keyframe before, x, y; times kGain
  static constexpr std::int64_t kGrowth = kRest + 6;    ///< log of the width now by before, of the height; times kGain
  static constexpr std::int64_t kFollowed = kRest + 8;  ///< 1 where the keyframe before shows it
  // Of the picture.
  static constexpr std::int64_t kBrightness = kRest;      ///< mean
  static constexpr std::int64_t kContrast = kRest + 1;    ///< deviation of the brightness
  static constexpr std::int64_t kSaturation = kRest + 2;  ///< mean
  static constexpr std::int64_t kSharpness = kRest + 3;   ///< kGain times the mean difference of neighbouring pixels
  static constexpr std::int64_t kChange = kRest + 4;      ///< kGain times the mean difference since the keyframe before
  static constexpr std::int64_t kCount = kRest + 5;       ///< objects of which a class scores 0.3, a tenth of them
};
/** D: features of a row. */
inline constexpr std::int64_t kObjectFeatures = ObjectFeature::kFollowed + 1;

/** What a keyframe shows, in the numbers that its rows are made of. */
struct DescribedPicture {
  SeenPicture seen;
  std::vector<PictureColours::Shares> colours;  ///< of each of the objects
  PictureColours::Shares whole{};               ///< of the whole picture
  float brightness = 0, contrast = 0, saturation = 0, sharpness = 0;
  float change = 0;  ///< since the keyframe before; of a segment's first one it does not count
};

/**
 * Of consecutive keyframes of a segment, their rows [keyframes * (objects + 1), D], float32 on the host: of each the
 * picture, then its objects. What an object's place and class were a keyframe before says how it moves; those of the
 * first keyframe are taken to move as they do to the second, and the picture to change as it does then.
 */
at::Tensor object_features(const std::vector<DescribedPicture>& keyframes, std::int64_t objects);

/** The same of pictures [keyframes, 3, S, S] in 0-1. */
at::Tensor object_features(const std::vector<SeenPicture>& seen, const at::Tensor& pictures, std::int64_t objects);

}  // namespace gvl::vision
