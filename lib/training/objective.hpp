/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>

#include "layers/parameters.hpp"
#include "model/network.hpp"
#include "text/temporal.hpp"
#include "training/auxiliary_losses.hpp"
#include "training/batch.hpp"
#include "training/packed_reading.hpp"
#include "training/temporal_labels.hpp"

namespace gvl::training {

/** How much labels of a text count beside each other; every text counts the same. */
struct LabelWeights {
  double first = 1;  ///< an answer's first token, which says whether anything happens
  double times = 1;  ///< temporal tokens
};

struct ObjectiveOptions {
  /** Deviation, in temporal tokens, of the probability that stands around a temporal token's label; 0: one-hot. */
  double temporal_smoothing = 0;
  LabelWeights label_weights;
  DenseSupervision dense;
  /** Steps in which encoders run without gradient. */
  std::int64_t frozen_encoders = std::numeric_limits<std::int64_t>::max();
  bool checkpointing = false;  ///< keep no activations of decoder layers, compute them again for the gradient
};

/** Sums over a batch, so that batches of several processes add up. */
struct Losses {
  at::Tensor texts;    ///< sum over texts of the (weighted) mean negative log likelihood of its labels
  at::Tensor about;    ///< sum over texts of the weighted loss of what they are about; undefined without
  at::Tensor options;  ///< sum over texts of the weighted loss of their options; undefined without
  at::Tensor frames;   ///< sum over videos of the mean dense loss of frames, patches and moments; undefined without
};

/** A model in training, its loss and nothing else: built anew over the parameters for each step. */
class Objective {
 public:
  Objective(const layers::Parameters& parameters, const ModelConfig& config, const text::TemporalTokens& temporal,
            const EventClasses& event_classes, ObjectiveOptions options);

  /**
   * Of step `step`, counted from 0. Without texts, the decoder is not run and only what the frames' fused tokens show
   * is judged. Differentiable; with checkpointing this must outlive the gradient's computation. `batch` lies on the
   * CPU.
   */
  Losses losses(const Batch& batch, std::int64_t step) const;

  /**
   * Hidden states of a batch behind a layer, of its videos [V, P, H] and texts [V, rows, C, H], and what that looked
   * with from texts at videos: queries [V, rows, C, heads, d] and keys [V, P, kv heads, d], turned by RoPE.
   */
  struct Seen {
    at::Tensor videos, texts, queries, keys;
  };
  /** Calls `see` with what each decoder layer makes, from the first. Without gradient. */
  void observe(const Batch& batch, const std::function<void(std::int64_t layer, const Seen& seen)>& see) const;

  /**
   * Gives a sample whose features are to be kept those that the encoders make of its pixels, and keeps them. Without
   * gradient. Of other samples nothing changes. Throws what Sample::keep_features throws.
   */
  void encode_kept(Sample& sample) const;

  /** Throws Error(kInvalidArgument) without dense supervision. */
  const EventCodes& codes() const;

  /** Of texts behind video tokens [V, K * L, H]: Losses::texts. */
  at::Tensor text_loss(const at::Tensor& video, const Batch& batch) const;

  const model::Network& network() const noexcept { return network_; }

 private:
  struct Features {
    at::Tensor spatial;   ///< pooled
    at::Tensor temporal;  ///< of all patches [V * K, frames * grid^2, D']
  };
  at::Tensor features_of(const StreamInput& stream, const std::function<at::Tensor(const at::Tensor&)>& encode) const;
  Features encode(const Batch& batch, bool with_gradient) const;
  at::Tensor fuse(const Features& features) const;
  /** Hidden states of a batch's texts [V, rows, C, H]. */
  at::Tensor read(const at::Tensor& video, const Batch& batch, PackedOptions options) const;
  at::Tensor label_weights(const at::Tensor& are_times, const Batch& batch) const;
  at::Tensor label_loss(const at::Tensor& hidden, const Batch& batch) const;

  ObjectiveOptions options_;
  ModelConfig config_;
  model::Network network_;
  std::optional<AuxiliaryHeads> auxiliary_;
  TemporalLabels temporal_;
  at::Tensor moment_of_id_;  // int64 [vocabulary], -1 where an id is no temporal token
};

}  // namespace gvl::training
