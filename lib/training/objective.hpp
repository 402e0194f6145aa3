#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <vector>

#include "layers/layers.hpp"
#include "model/network.hpp"
#include "text/temporal.hpp"
#include "training/batch.hpp"
#include "training/initialisation/query_key_matching.hpp"
#include "training/packed_reading.hpp"

namespace gvl::training {

/**
 * Supervision of every frame, for models trained from nothing (kind and moment of what a frame shows, learnt apart
 * from language): linear classifiers on the frames' and keyframes' fused tokens and on the decoder's hidden states
 * behind `layer`, and the frame's own moment as a temporal token there. With `text_weight` an answer's tokens must tell
 * there what the question is about, too, and with `option_weight` so must the end of each of its options, which tells
 * one layer later whether and when that happens, and before the last layer which option it is and whether it is the
 * right one. What is told stands in the directions of event_codes().
 */
struct DenseSupervision {
  double weight = 0;         ///< 0: none
  double moment_weight = 0;  ///< of the frames' moments
  double text_weight = 0;    ///< of what questions are about
  double patch_weight = 0;   ///< of what each patch shows, at the temporal encoder's end
  double option_weight = 0;  ///< of options: what they are about, whether and when it happens, which is right
  std::int64_t layer = 0;    ///< decoder layer, from 0
};

struct ObjectiveOptions {
  /** Deviation, in temporal tokens, of the probability that stands around a temporal token's label; 0: one-hot. */
  double temporal_smoothing = 0;
  DenseSupervision dense;
  /** Steps in which encoders run without gradient. */
  std::int64_t frozen_encoders = std::numeric_limits<std::int64_t>::max();
  bool checkpointing = false;  ///< keep no activations of decoder layers, compute them again for the gradient
};

/** Sums over a batch, so that batches of several processes add up. */
struct Losses {
  at::Tensor texts;  ///< sum over texts of the mean negative log likelihood of its labels
  at::Tensor about;  ///< sum over texts of the weighted loss of what they are about; undefined without
  at::Tensor
      options;  ///< sum over texts of the loss of their options and of which is right, weighted; undefined without
  at::Tensor frames;  ///< sum over videos of the mean dense loss of frames, patches and moments; undefined without
};

/** A model in training, its loss and nothing else: built anew over the parameters for each step. */
class Objective {
 public:
  Objective(const layers::Parameters& parameters, const ModelConfig& config, const text::TemporalTokens& temporal,
            std::int64_t event_classes, ObjectiveOptions options);

  /**
   * Of step `step`, counted from 0. Without texts, the decoder is left out and only what the frames' fused tokens show
   * is judged. Differentiable; with checkpointing this must outlive the gradient's computation. `batch` lies on the
   * CPU.
   */
  Losses losses(const Batch& batch, std::int64_t step) const;

  /** Hidden states of a batch: of its videos [V, P, H] and texts [V, rows, C, H]. */
  struct Seen {
    at::Tensor videos, texts;
  };
  /** Calls `see` with what stands behind each decoder layer, from the first. Without gradient. */
  void observe(const Batch& batch, const std::function<void(std::int64_t layer, const Seen& seen)>& see) const;

  /** Throws Error(kInvalidArgument) without dense supervision. */
  const EventCodes& codes() const;

  /** Of texts behind video tokens [V, K * L, H]: Losses::texts. */
  at::Tensor text_loss(const at::Tensor& video, const Batch& batch) const;

  const model::Network& network() const noexcept { return network_; }

 private:
  struct DenseHeads {
    layers::Linear input, keyframe;  ///< H -> 3 * classes
    at::Tensor shown_bias;           ///< [3 * classes], the codes' like the next
    at::Tensor asked_bias;           ///< [classes]
    EventCodes codes;
    std::optional<layers::Linear> patch = {};  ///< D' -> 3 * classes; with patch_weight
    at::Tensor option_bias = {};  ///< [1 + EventCodes::kOptions]; with option_weight; what is right is compared without
  };

  struct Features {
    at::Tensor spatial;   ///< pooled
    at::Tensor temporal;  ///< of all patches [V * K, frames * grid^2, D']
  };
  Features encode(const Batch& batch, bool with_gradient) const;
  at::Tensor fuse(const Features& features) const;
  at::Tensor patch_loss(const at::Tensor& temporal, const Batch& batch) const;
  at::Tensor frame_tokens(const at::Tensor& video_tokens) const;
  at::Tensor input_loss(const at::Tensor& video_tokens, const at::Tensor& frame_labels) const;
  /** Hidden states of a batch's texts [V, rows, C, H]. */
  at::Tensor read(const at::Tensor& video, const Batch& batch, PackedOptions options) const;
  at::Tensor label_loss(const at::Tensor& hidden, const Batch& batch) const;
  at::Tensor smoothed(const at::Tensor& log_probabilities, const at::Tensor& moments) const;
  at::Tensor told(const at::Tensor& hidden, const at::Tensor& codes, const at::Tensor& bias) const;
  at::Tensor moment_losses(const at::Tensor& hidden, const at::Tensor& moments) const;
  at::Tensor moment_loss(const at::Tensor& frames) const;
  at::Tensor asked_loss(const at::Tensor& texts, const at::Tensor& positions, const at::Tensor& classes,
                        const at::Tensor& weights) const;
  at::Tensor happens_loss(const at::Tensor& hidden, const BatchOptions& options) const;
  at::Tensor choice_loss(const at::Tensor& hidden, const BatchOptions& options) const;
  void supervise_options(std::int64_t layer, const at::Tensor& texts, const BatchOptions& options,
                         Losses& losses) const;

  ObjectiveOptions options_;
  ModelConfig config_;
  model::Network network_;
  std::optional<DenseHeads> dense_;
  at::Tensor temporal_ids_;  // int64 [M + 1]
  at::Tensor moment_of_id_;  // int64 [vocabulary], -1 where an id is no temporal token
};

}  // namespace gvl::training
