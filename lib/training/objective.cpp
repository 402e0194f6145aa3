/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "training/objective.hpp"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/full.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>

#include "gvl/error.hpp"
#include "layers/tensor_bridge.hpp"
#include "training/checkpointing.hpp"
#include "vision/pooling.hpp"

namespace gvl::training {

Objective::Objective(const layers::Parameters& parameters, const ModelConfig& config,
                     const text::TemporalTokens& temporal, const EventClasses& event_classes, ObjectiveOptions options)
    : options_(options), config_(config), network_(parameters, config) {
  if (options_.dense.weight > 0 && event_classes.count() > 0) {
    auxiliary_.emplace(parameters, config, event_classes, options_.dense, network_.device());
  }
  const at::Tensor host_ids = at::tensor(temporal.ids(), at::kLong);
  temporal_ = {host_ids.to(network_.device()), options_.temporal_smoothing};
  moment_of_id_ = at::full({config.language.vocab_size}, -1, at::kLong)
                      .index_copy(0, host_ids, at::arange(temporal.count() + 1, at::kLong))
                      .to(network_.device());
}

/** Video tokens [V, K * L, H]. */
at::Tensor Objective::fuse(const Features& features) const {
  const at::Tensor temporal =
      vision::pool_temporal(features.temporal, config_.frames_per_segment(), config_.temporal_grid);
  return network_.fusion().forward(features.spatial, temporal).unflatten(0, {-1, config_.segments}).flatten(1, 2);
}

/** Features of all videos in their order [V * K, rows, width]: those given, and those that `encode` makes of pixels. */
at::Tensor Objective::features_of(const StreamInput& stream,
                                  const std::function<at::Tensor(const at::Tensor&)>& encode) const {
  std::vector<at::Tensor> parts;
  if (stream.pixels.defined()) parts.push_back(encode(stream.pixels));
  if (stream.features.defined()) {
    parts.push_back(stream.features.to(network_.device(), network_.activation_type()));
  }
  if (parts.size() == 1) return parts.front();
  const at::Tensor videos = at::cat(parts).unflatten(0, {-1, config_.segments});
  return videos.index_select(0, stream.order.to(network_.device())).flatten(0, 1);
}

Objective::Features Objective::encode(const Batch& batch, bool with_gradient) const {
  const Cancellation never;
  const at::AutoGradMode gradient(with_gradient);
  return {features_of(batch.spatial, [&](const at::Tensor& pixels) { return network_.encode_spatial(pixels, never); }),
          features_of(batch.temporal,
                      [&](const at::Tensor& pixels) { return network_.encode_temporal_patches(pixels, never); })};
}

void Objective::encode_kept(Sample& sample) const {
  if (!sample.keep_features) return;
  const Cancellation never;
  const at::NoGradGuard no_gradient;
  const auto kept = [](const at::Tensor& features) {
    return layers::from_aten(features.to(at::kCPU, at::kFloat).contiguous());
  };
  const auto pixels = [&](const Tensor& tensor) { return layers::to_aten(tensor).to(network_.device()); };
  sample.spatial_features = kept(network_.encode_spatial(pixels(sample.spatial_pixels), never));
  sample.temporal_features = kept(network_.encode_temporal(pixels(sample.temporal_pixels), never));
  sample.keep_features(sample.spatial_features, sample.temporal_features);
  sample.keep_features = nullptr;
}

/** Of labels, of which some are times [labels], their weights: those of a text add up to 1. */
at::Tensor Objective::label_weights(const at::Tensor& are_times, const Batch& batch) const {
  const LabelWeights& given = options_.label_weights;
  const c10::Device device = network_.device();
  if (given.first == 1 && given.times == 1) return batch.weights.to(device);
  const at::Tensor texts = batch.texts_of.to(device);
  const at::Tensor before = at::cat({at::full({1}, -1, texts.options()), texts.narrow(0, 0, texts.size(0) - 1)});
  const at::Tensor weights = at::where(are_times, given.times, 1.0).mul(at::where(texts.ne(before), given.first, 1.0));
  const at::Tensor sums = at::zeros({batch.texts}, weights.options()).index_add(0, texts, weights);
  return weights.div(sums.index_select(0, texts)).to(at::kFloat);
}

at::Tensor Objective::label_loss(const at::Tensor& hidden, const Batch& batch) const {
  const at::Tensor at = batch.label_at.to(network_.device()), labels = batch.labels.to(network_.device());
  const at::Tensor logits = network_.decoder().logits(hidden.flatten(0, 2).index_select(0, at));
  const at::Tensor log_probabilities = at::log_softmax(logits, 1);
  at::Tensor losses = log_probabilities.gather(1, labels.unsqueeze(1)).squeeze(1).neg();
  const at::Tensor moments = moment_of_id_.index_select(0, labels);
  if (options_.temporal_smoothing > 0) {
    const at::Tensor soft = temporal_.smoothed(log_probabilities.index_select(1, temporal_.ids), moments.clamp_min(0));
    losses = at::where(moments.ge(0), soft, losses);
  }
  return losses.mul(label_weights(moments.ge(0), batch)).sum();
}

at::Tensor Objective::read(const at::Tensor& video, const Batch& batch, PackedOptions options) const {
  const auto& decoder = network_.decoder();
  if (options_.checkpointing) options.run = run_checkpointed;
  const auto before = static_cast<std::int64_t>(batch.before_video.size());
  const at::Tensor start =
      decoder.embed(batch.before_video).unsqueeze(0).expand({video.size(0), before, video.size(2)});
  const PackedSequences sequences{at::cat({start, video}, 1), decoder.embed_ids(batch.ids.to(network_.device())),
                                  batch.numbers.to(network_.device()), batch.positions.to(network_.device())};
  return read_packed(decoder, sequences, options);
}

void Objective::observe(const Batch& batch, const std::function<void(std::int64_t, const Seen&)>& see) const {
  const at::NoGradGuard no_gradient;
  PackedOptions packed;
  Seen seen;
  packed.observe_attention = [&](std::int64_t, const at::Tensor& queries, const at::Tensor& keys) {
    seen.queries = queries.clone();
    seen.keys = keys.clone();
  };
  packed.observe = [&](std::int64_t layer, const at::Tensor& videos, const at::Tensor& texts) {
    // Layers may work in place without gradient.
    seen.videos = videos.clone();
    seen.texts = texts.clone();
    see(layer, seen);
  };
  read(fuse(encode(batch, false)), batch, packed);
}

const EventCodes& Objective::codes() const {
  if (!auxiliary_) throw Error(ErrorCode::kInvalidArgument, "there are no event codes without dense_supervision");
  return auxiliary_->codes;
}

at::Tensor Objective::text_loss(const at::Tensor& video, const Batch& batch) const {
  return label_loss(read(video, batch, {}), batch);
}

Losses Objective::losses(const Batch& batch, std::int64_t step) const {
  const Features features = encode(batch, step >= options_.frozen_encoders);
  const at::Tensor video = fuse(features);
  std::optional<AuxiliaryLosses> auxiliary;
  if (auxiliary_ && batch.frame_labels.defined()) {
    auxiliary.emplace(options_.dense, *auxiliary_, network_, temporal_, batch);
    auxiliary->add_fused(video, features.temporal);
  }
  Losses losses;
  if (batch.texts > 0) {
    const auto before = static_cast<std::int64_t>(batch.before_video.size());
    PackedOptions packed;
    if (auxiliary) {
      packed.observe = [&](std::int64_t layer, const at::Tensor& hidden, const at::Tensor& texts) {
        auxiliary->add_layer(layer, hidden.narrow(1, before, video.size(1)), texts);
      };
    }
    losses.texts = label_loss(read(video, batch, packed), batch);
  } else {
    losses.texts = at::zeros({}, video.options().dtype(at::kFloat));
  }
  if (auxiliary) {
    losses.about = auxiliary->sums().about;
    losses.options = auxiliary->sums().options;
    losses.frames = auxiliary->sums().frames;
  }
  return losses;
}

}  // namespace gvl::training
