#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "gvl/tensor.hpp"

namespace gvl::training {

/** A question and its answer. In both, times stand as `<seconds>` ("<12.5>"), as in the published data sets. */
struct TrainingText {
  std::string user_turn;  ///< with "<image>" once
  std::string answer;
  /** Dense supervision: columns of frame_labels, what the question is about; empty when that is not known. */
  std::vector<std::int64_t> classes;
};

/** A video as the model sees it, and what is to be learnt from it. */
struct Sample {
  double duration = 0;     ///< seconds
  Tensor spatial_pixels;   ///< uint8 [K, S, S, 3], the keyframes
  Tensor temporal_pixels;  ///< uint8 [K, frames, S', S', 3]
  std::vector<TrainingText> texts;
  /** Dense supervision: float32 [T, classes] of 0 and 1, what is true of each frame; without data when unknown. */
  Tensor frame_labels;
};

/** Where samples come from. Thread safe: several are made at once. */
class SampleSource {
 public:
  virtual ~SampleSource() = default;

  /** Samples in an epoch; 0: no end to them. */
  virtual std::int64_t size() const noexcept = 0;

  /** Columns of frame_labels; 0: there are none. */
  virtual std::int64_t frame_classes() const noexcept { return 0; }

  /**
   * Sample `index` of all epochs, one after the other: the same index gives the same sample, so that a run can go on
   * where it was. Throws Error naming the file at fault.
   */
  virtual Sample make(std::int64_t index) const = 0;
};

}  // namespace gvl::training
