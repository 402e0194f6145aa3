/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gvl/tensor.hpp"

namespace gvl::training {

/** Dense supervision: an option of a question, that it has been read, whether it happens and whether it is right. */
struct TrainingOption {
  std::size_t end = 0;                ///< bytes of TrainingText::user_turn up to its end
  std::vector<std::int64_t> classes;  ///< of the event that it tells; empty for one that is no event
  std::optional<double> start;        ///< seconds; none where the event does not happen
  bool right = false;                 ///< it is the answer
};

/** A question and its answer. In both, times stand as `<seconds>` ("<12.5>"), as in the published data sets. */
struct TrainingText {
  std::string user_turn;  ///< with "<image>" once
  std::string answer;
  /** Dense supervision: which classes of event the question is about; empty when that is not known. */
  std::vector<std::int64_t> classes = {};
  std::vector<TrainingOption> options = {};  ///< of a multiple-choice question
};

/** A video as the model sees it, and what is to be learnt from it. */
struct Sample {
  double duration = 0;     ///< seconds
  Tensor spatial_pixels;   ///< uint8 [K, keyframes, S, S, 3]; without data where the features are given
  Tensor temporal_pixels;  ///< uint8 [K, frames, S', S', 3]; the same
  /** What the encoders would give of the pixels, which must not learn then: float32 [K, P, D]. */
  Tensor spatial_features;
  Tensor temporal_features;  ///< the same: float32 [K, frames * grid^2, D'] before pooling, or [K, frames * P', D']
  /** Called with the features of the pixels, to keep them; empty where nobody wants them. The encoders must not learn.
   */
  std::function<void(const Tensor& spatial, const Tensor& temporal)> keep_features;
  std::vector<TrainingText> texts;
  /**
   * Dense supervision: float32 [T, 3 * classes] of 0 and 1, in which frames events of each class go on, begin and end;
   * -1 where it is not known, without data when nothing is.
   */
  Tensor frame_labels;
  /**
   * The same of each of the temporal encoder's patches: float32 [T, grid^2, 3 * classes], what happens to objects only
   * where they are; without data when unknown.
   */
  Tensor patch_labels;
};

/** What frames are labelled with: classes of event, and behind them things that are seen. */
struct EventClasses {
  std::int64_t events = 0;
  std::int64_t things = 0;

  std::int64_t count() const noexcept { return events + things; }
};

/** Where samples come from. Thread safe: several are made at once. */
class SampleSource {
 public:
  virtual ~SampleSource() = default;

  /** Samples in an epoch; 0: no end to them. */
  virtual std::int64_t size() const noexcept = 0;

  /** What frames are labelled with; none: they are not. */
  virtual EventClasses event_classes() const noexcept { return {}; }

  /**
   * Sample `index` of all epochs, one after the other: the same index gives the same sample, so that a run can go on
   * where it was. Throws Error naming the file at fault.
   */
  virtual Sample make(std::int64_t index) const = 0;
};

}  // namespace gvl::training
