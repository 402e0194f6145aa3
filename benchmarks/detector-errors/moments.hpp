/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <filesystem>
#include <vector>

#include "detector-errors/crops.hpp"
#include "detector-errors/statistics.hpp"
#include "detector.hpp"
#include "evaluation/grounding.hpp"
#include "evaluation/query_file.hpp"

namespace gvl::benchmarks {

/**
 * What is seen of things in films: in each keyframe of a moment its class is there, though nobody says where. Where it
 * scores most it is taken to be, and to be as large as it mostly is in that moment.
 */
class Moments {
 public:
  Moments(const Detector& detector, Crops& crops, std::int64_t keyframes, std::int64_t objects)
      : detector_(detector), crops_(crops), keyframes_(keyframes), objects_(objects) {}

  void add(const evaluation::QueriedVideo& video);
  void print() const;

 private:
  void add_shown(std::size_t kind, const evaluation::Interval& time, const Keyframes& keyframes,
                 const std::vector<vision::SeenPicture>& seen);
  void add_moment(std::vector<Sighting> sightings);
  /** Of a class that is asked for and nowhere in the film. */
  void add_absent(std::size_t kind, const std::vector<vision::SeenPicture>& seen);
  void add_scores(const std::vector<Sighting>& sightings);
  void add_boxes(const std::vector<Sighting>& sightings);
  void add_pictures(const std::vector<vision::SeenPicture>& seen, const Pictures& pictures);

  const Detector& detector_;
  Crops& crops_;
  std::int64_t keyframes_, objects_;
  Sightings sightings_;
  std::vector<float> distances_;                         // seconds between keyframes
  std::vector<float> means_, deviations_;                // of a moment's scores, as logits
  std::vector<float> changes_, products_, squares_;      // from keyframe to keyframe; from the moment's mean
  std::vector<float> lost_, found_;                      // 1: missed after it was seen, seen after it was missed
  std::vector<float> moves_, growths_, jumps_, swells_;  // of boxes, in parts of their size; the latter two of moves
  std::vector<float> absent_, most_absent_;              // score of a class that is not there: in pictures, in films
  std::vector<std::vector<float>> light_;                // of pictures
};

}  // namespace gvl::benchmarks
