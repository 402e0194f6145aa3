/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>

#include "gvl/config.hpp"
#include "layers/layers.hpp"
#include "model/network.hpp"
#include "training/batch.hpp"
#include "training/initialisation/query_key_matching.hpp"
#include "training/temporal_labels.hpp"

namespace gvl::training {

/**
 * Supervision of every frame, for models trained from nothing (kind and moment of what a frame shows, learnt apart
 * from language): linear classifiers on the frames' and keyframes' fused tokens and on the decoder's hidden states
 * behind `layer`, and the frame's own moment as a temporal token there. Behind a detector, what becomes of things is
 * told by the tokens of whole pictures, and when that was, half way from the keyframe before. With `text_weight` an
 * answer's tokens must tell there what the question is about, too, and with `option_weight` so must the end of each of
 * its options, which tells one layer later whether and when that happens, and before the last layer which option it is
 * and whether it is the right one. What is told stands in the directions of event_codes().
 */
struct DenseSupervision {
  double weight = 0;         ///< 0: none
  double moment_weight = 0;  ///< of the frames' moments
  double text_weight = 0;    ///< of what questions are about
  double patch_weight = 0;   ///< of what each patch shows, at the temporal encoder's end
  double option_weight = 0;  ///< of options: what they are about, whether and when it happens, which is right
  std::int64_t layer = 0;    ///< decoder layer, from 0
};

/** The classifiers of dense supervision: parameters that only training uses. */
struct AuxiliaryHeads {
  AuxiliaryHeads(const layers::Parameters& parameters, const ModelConfig& config, const EventClasses& event_classes,
                 const DenseSupervision& options, c10::Device device);

  EventClasses classes;
  layers::Linear input, keyframe;  ///< H -> 3 * classes
  at::Tensor shown_bias;           ///< [3 * classes], the codes' like the next
  at::Tensor asked_bias;           ///< [classes]
  EventCodes codes;
  std::optional<layers::Linear> patch;  ///< D' -> 3 * classes; with patch_weight
  at::Tensor option_bias;  ///< [1 + EventCodes::kOptions]; with option_weight; what is right is compared without
};

/** The weighted losses of a batch that are not of language, as they come up on the way through the model. */
class AuxiliaryLosses {
 public:
  /** Refers to all of them. */
  AuxiliaryLosses(const DenseSupervision& options, const AuxiliaryHeads& heads, const model::Network& network,
                  const TemporalLabels& temporal, const Batch& batch);

  /** Adds those of the fused video tokens [V, K * L, H] and of the temporal encoder's patches. */
  void add_fused(const at::Tensor& video, const at::Tensor& patches);

  /** Adds those of the hidden states behind a decoder layer, of videos [V, K * L, H] and texts [V, rows, C, H]. */
  void add_layer(std::int64_t layer, const at::Tensor& video, const at::Tensor& texts);

  /** Sums over the batch; undefined where there is nothing of the kind. */
  struct Sums {
    at::Tensor frames, about, options;  ///< as in Losses
  };
  const Sums& sums() const noexcept { return sums_; }

 private:
  at::Tensor input_loss(const at::Tensor& video_tokens) const;
  at::Tensor patch_loss(const at::Tensor& temporal) const;
  at::Tensor keyframe_shares(const at::Tensor& video_tokens) const;
  at::Tensor frame_tokens(const at::Tensor& video_tokens) const;
  at::Tensor events_of(const at::Tensor& kinds) const;
  at::Tensor keyframe_labels() const;
  at::Tensor thing_labels() const;
  at::Tensor things_loss(const at::Tensor& video_tokens) const;
  at::Tensor log_odds(const at::Tensor& hidden, const at::Tensor& codes, const at::Tensor& bias) const;
  at::Tensor moment_losses(const at::Tensor& hidden, const at::Tensor& moments) const;
  at::Tensor moment_loss(const at::Tensor& frames, double first) const;
  at::Tensor asked_loss(const at::Tensor& texts, const at::Tensor& positions, const at::Tensor& classes,
                        const at::Tensor& weights) const;
  at::Tensor happens_loss(const at::Tensor& hidden) const;
  at::Tensor choice_loss(const at::Tensor& hidden) const;
  void add_options(std::int64_t layer, const at::Tensor& texts);

  const DenseSupervision& options_;
  const AuxiliaryHeads& heads_;
  const model::Network& network_;
  const ModelConfig& config_;
  const TemporalLabels& temporal_;
  const Batch& batch_;
  at::Tensor frame_labels_;
  Sums sums_;
};

}  // namespace gvl::training
