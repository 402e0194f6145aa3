/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "vision/coco_detector.hpp"

namespace gvl::vision {

/** Edges in parts of a picture's side, 0-1. */
struct Box {
  float left = 0, top = 0, right = 0, bottom = 0;

  float width() const noexcept { return right - left; }
  float height() const noexcept { return bottom - top; }
  float area() const noexcept { return width() * height(); }
};

/** Intersection over union; 0 of empty boxes. */
float overlap(const Box& a, const Box& b) noexcept;

/** What no class scores so much is nothing seen. */
constexpr float kLeastScore = 0.05F;

/** A thing that a detector sees. */
struct Detection {
  std::array<float, kCocoClasses> scores{};  ///< of each class at the place where it is seen, 0-1
  Box box;

  std::size_t best_class() const noexcept;
  float best_score() const noexcept { return scores[best_class()]; }
};

/** Whether one of `objects` overlaps `box` by an IoU of 0.5 or more: it is taken for the same thing. */
bool overlaps_any(const std::vector<Detection>& objects, const Box& box);

/** What a detector sees in a picture. */
struct SeenPicture {
  std::array<float, kCocoClasses> strongest{};  ///< score of each class where it is highest
  /** Strongest first, none overlapping a stronger one (overlaps_any), whatever their classes. */
  std::vector<Detection> objects;
};

/**
 * Of each picture at most `most` objects. What no class scores kLeastScore is none. `size`: S.
 */
std::vector<SeenPicture> detect(const std::vector<DetectorLevel>& levels, std::int64_t size, std::int64_t most);

}  // namespace gvl::vision
