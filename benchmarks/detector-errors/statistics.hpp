/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "vision/detection.hpp"

namespace gvl::benchmarks {

/** "0.01 0.02 ...": the 0th, 10th, ... 100th percentile. "-" of nothing. */
std::string deciles(std::vector<float> values);

/** 0 of nothing. */
double mean(const std::vector<float>& values);
double deviation(const std::vector<float>& values);
double median(std::vector<float> values);

/** Part of `values` for which `is` holds; 0 of nothing. */
template <typename Is>
double part(const std::vector<float>& values, Is is) {
  if (values.empty()) return 0;
  double count = 0;
  for (const float value : values) count += is(value) ? 1 : 0;
  return count / static_cast<double>(values.size());
}

/** Side of the square with the box's area. */
float size_of(const vision::Box& box);

/** A thing that is there, and the object that the detector made of it. */
struct Sighting {
  std::size_t kind = 0;
  float size = 0;                           ///< in parts of the square's side; 0: not known
  std::optional<vision::Detection> seen{};  ///< none: nothing is seen at its place

  float score() const { return seen ? seen->scores[kind] : 0; }
};

/** What becomes of things that are there. */
class Sightings {
 public:
  void add(const Sighting& sighting);
  void print() const;

 private:
  void print_scores() const;
  void print_kinds() const;
  void print_confusion() const;

  std::vector<Sighting> all_;
};

}  // namespace gvl::benchmarks
