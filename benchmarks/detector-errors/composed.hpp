/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstdint>
#include <filesystem>
#include <opencv2/core.hpp>
#include <string>
#include <vector>

#include "detector-errors/crops.hpp"
#include "detector-errors/statistics.hpp"
#include "detector.hpp"
#include "scenes/random.hpp"
#include "scenes/sprites.hpp"

namespace gvl::benchmarks {

/** A cut-out photograph of a thing. */
struct Stamp {
  std::size_t kind = 0;
  int width = 0, height = 0;
  scenes::Sprite picture;
};

/**
 * The pictures of a table `path`, `description`, `coco_class` with tabs, whose first line names the columns; those
 * without a class are left out, and so is what is transparent around a thing. Throws Error naming the file.
 */
std::vector<Stamp> read_stamps(const std::filesystem::path& table);

/** What is seen of things whose place is known: stamps, drawn anywhere in frames of films. */
class Composed {
 public:
  Composed(const Detector& detector, Crops& crops, const std::vector<Stamp>& stamps, std::vector<cv::Mat> backgrounds);

  void add(std::int64_t pictures, std::int64_t objects);
  void print() const;

 private:
  struct Placed {
    std::size_t kind;
    vision::Box box;  // in parts of the square
  };

  /** Draws a stamp of any class into a frame, each class as often as others. */
  Placed draw(scenes::Random& random, cv::Mat& frame) const;
  /** None where nothing is seen at its place. */
  std::optional<vision::Box> add_sighting(const Placed& placed, const vision::SeenPicture& seen);

  const Detector& detector_;
  Crops& crops_;
  std::vector<std::vector<Stamp>> classes_;
  std::vector<cv::Mat> backgrounds_;
  Sightings sightings_;
  std::vector<float> overlaps_, offsets_, growths_;
};

/** Frames of films, at most `each` of one. `list` has a film a line. Throws Error naming the file. */
std::vector<cv::Mat> read_backgrounds(const std::filesystem::path& list, std::int64_t each);

}  // namespace gvl::benchmarks
