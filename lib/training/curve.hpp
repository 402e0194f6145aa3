/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <vector>

namespace gvl::training {

/** What a step showed. */
struct CurvePoint {
  std::int64_t step = 0;
  std::int64_t texts = 0;  ///< learnt from so far
  double seconds = 0;      ///< spent so far
  double text_loss = 0;    ///< mean over texts
  double frame_loss = 0;   ///< mean over videos; 0 without dense supervision
  double gradient_norm = 0;
  double schedule = 0;  ///< factor of the learning rates
};

/** The loss curve of a run: a CSV that grows by a line a step, and an SVG picture of it. */
class Curve {
 public:
  /** Goes on with `csv` behind step `steps_done`; what an interrupted run wrote beyond is dropped. Throws Error. */
  Curve(std::filesystem::path csv, std::int64_t steps_done);

  void add(const CurvePoint& point);

  /** Draws all points. Throws Error(kResource). */
  void draw(const std::filesystem::path& svg) const;

 private:
  std::filesystem::path csv_;
  std::vector<CurvePoint> points_;
  std::ofstream stream_;
};

}  // namespace gvl::training
