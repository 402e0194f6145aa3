#include "training/objective.hpp"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/binary_cross_entropy_with_logits.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/full.h>
#include <ATen/ops/layer_norm.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/one_hot.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <limits>

#include "gvl/error.hpp"
#include "gvl/sampling.hpp"
#include "ops/ops.hpp"
#include "training/checkpointing.hpp"
#include "vision/pooling.hpp"

namespace gvl::training {
namespace {

layers::Parameters under(const layers::Parameters& parameters, const char* name) {
  return parameters / "training" / name;
}

/** Of log odds [V, n, classes], the sum over videos of the mean over frames of the classes' sum. */
at::Tensor kind_loss(const at::Tensor& logits, const at::Tensor& labels) {
  const at::Tensor each =
      at::binary_cross_entropy_with_logits(logits.to(at::kFloat), labels, {}, {}, at::Reduction::None);
  return each.sum(2).mean(1).sum();
}

}  // namespace

Objective::Objective(const layers::Parameters& parameters, const ModelConfig& config,
                     const text::TemporalTokens& temporal, std::int64_t event_classes, ObjectiveOptions options)
    : options_(options), config_(config), network_(parameters, config) {
  if (options_.dense.weight > 0 && event_classes > 0) {
    const layers::LinearOptions sizes{.in = config.language.hidden_size, .out = 3 * event_classes};
    const EventCodes codes = event_codes(event_classes, config.language.hidden_size);
    const c10::Device device = network_.device();
    dense_ = DenseHeads{layers::Linear(under(parameters, "dense_input"), sizes),
                        layers::Linear(under(parameters, "dense_keyframe"), sizes),
                        under(parameters, "dense_shown").vector("bias", {3 * event_classes}),
                        under(parameters, "dense_asked").vector("bias", {event_classes}),
                        {codes.shown.to(device), codes.asked.to(device), codes.option.to(device)}};
    if (options_.dense.patch_weight > 0) {
      dense_->patch.emplace(under(parameters, "dense_patch"),
                            layers::LinearOptions{.in = config.temporal.hidden_size, .out = 3 * event_classes});
    }
    if (options_.dense.option_weight > 0) {
      dense_->option_bias = under(parameters, "dense_option").vector("bias", {1 + EventCodes::kOptions});
    }
  }
  const at::Tensor host_ids = at::tensor(temporal.ids(), at::kLong);
  temporal_ids_ = host_ids.to(network_.device());
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

Objective::Features Objective::encode(const Batch& batch, bool with_gradient) const {
  const Cancellation never;
  const at::AutoGradMode gradient(with_gradient);
  return {network_.encode_spatial(batch.spatial_pixels, never),
          network_.encode_temporal_patches(batch.temporal_pixels, never)};
}

/** Of [V, K * L, H] the mean of each frame's temporal tokens: [V, T, H]. */
at::Tensor Objective::frame_tokens(const at::Tensor& video_tokens) const {
  const std::int64_t temporal = config_.temporal_tokens_per_segment();
  const at::Tensor segments = video_tokens.unflatten(1, {config_.segments, config_.tokens_per_segment()});
  const at::Tensor frames = segments.narrow(2, config_.tokens_per_segment() - 1 - temporal, temporal);
  return frames.unflatten(2, {config_.frames_per_segment(), -1}).mean(3).flatten(1, 2);
}

/** -sum of q log p, q a normal distribution of the wanted deviation around each of `moments` [n]; over [n, M + 1]. */
at::Tensor Objective::smoothed(const at::Tensor& log_probabilities, const at::Tensor& moments) const {
  const at::Tensor all = at::arange(temporal_ids_.size(0), moments.options().dtype(at::kFloat));
  const at::Tensor distance =
      all.unsqueeze(0).sub(moments.to(at::kFloat).unsqueeze(1)).div(options_.temporal_smoothing);
  const at::Tensor wanted = at::softmax(distance.square().mul(-0.5), 1);
  return wanted.mul(log_probabilities).sum(1).neg();
}

at::Tensor Objective::label_loss(const at::Tensor& hidden, const Batch& batch) const {
  const at::Tensor at = batch.label_at.to(network_.device()), labels = batch.labels.to(network_.device());
  const at::Tensor logits = network_.decoder().logits(hidden.flatten(0, 2).index_select(0, at));
  const at::Tensor log_probabilities = at::log_softmax(logits, 1);
  at::Tensor losses = log_probabilities.gather(1, labels.unsqueeze(1)).squeeze(1).neg();
  if (options_.temporal_smoothing > 0) {
    const at::Tensor moments = moment_of_id_.index_select(0, labels);
    const at::Tensor soft = smoothed(log_probabilities.index_select(1, temporal_ids_), moments.clamp_min(0));
    losses = at::where(moments.ge(0), soft, losses);
  }
  return losses.mul(batch.weights.to(network_.device())).sum();
}

/** Log odds of what hidden states tell by their directions. */
at::Tensor Objective::told(const at::Tensor& hidden, const at::Tensor& codes, const at::Tensor& bias) const {
  const at::Tensor normed = network_.decoder().norm(hidden).to(at::kFloat);
  return at::linear(normed, codes, bias.defined() ? bias.to(at::kFloat) : bias);
}

/** What frames and keyframes show by their fused tokens alone. */
at::Tensor Objective::input_loss(const at::Tensor& video_tokens, const at::Tensor& frame_labels) const {
  const at::Tensor frames = kind_loss(dense_->input.forward(frame_tokens(video_tokens)), frame_labels);
  const std::int64_t length = config_.tokens_per_segment();
  const std::int64_t spatial = length - 1 - config_.temporal_tokens_per_segment();
  const at::Tensor keyframes = video_tokens.unflatten(1, {config_.segments, length}).narrow(2, 0, spatial).mean(2);
  const at::Tensor labels = frame_labels.unflatten(1, {config_.segments, config_.frames_per_segment()});
  const std::int64_t keyframe = keyframe_of(config_.frames_per_segment());
  return frames.add(kind_loss(dense_->keyframe.forward(keyframes), labels.select(2, keyframe)));
}

/** What every patch shows by the encoder's features of it alone. */
at::Tensor Objective::patch_loss(const at::Tensor& temporal, const Batch& batch) const {
  const at::Tensor labels = batch.patch_labels.to(network_.device()).flatten(1, 2);
  const at::Tensor patches = at::layer_norm(temporal, {temporal.size(2)}).reshape({labels.size(0), labels.size(1), -1});
  return kind_loss(dense_->patch->forward(patches), labels);
}

/** Of hidden states [n, H] that should tell `moments` [n] as temporal tokens: [n]. */
at::Tensor Objective::moment_losses(const at::Tensor& hidden, const at::Tensor& moments) const {
  const at::Tensor logits = network_.decoder().logits(network_.decoder().norm(hidden));
  const at::Tensor log_probabilities = at::log_softmax(logits.index_select(1, temporal_ids_), 1);
  if (options_.temporal_smoothing > 0) return smoothed(log_probabilities, moments);
  return log_probabilities.gather(1, moments.to(at::kLong).unsqueeze(1)).squeeze(1).neg();
}

/** Sum over videos of the mean over frames. */
at::Tensor Objective::moment_loss(const at::Tensor& frames) const {
  const std::int64_t videos = frames.size(0), count = frames.size(1);
  const double tokens_a_frame = static_cast<double>(config_.temporal_tokens) / static_cast<double>(count);
  const at::Tensor moments =
      at::arange(count, frames.options().dtype(at::kFloat)).add(0.5).mul(tokens_a_frame).repeat(videos);
  return moment_losses(frames.flatten(0, 1), moments).sum().div(static_cast<double>(count));
}

/** Sum over those positions that have classes (`classes` [2, n]: position and class) of what is asked there. */
at::Tensor Objective::asked_loss(const at::Tensor& texts, const at::Tensor& positions, const at::Tensor& classes,
                                 const at::Tensor& weights) const {
  const c10::Device device = network_.device();
  const at::Tensor hidden = texts.flatten(0, 2).index_select(0, positions.to(device));
  const at::Tensor logits = told(hidden, dense_->codes.asked, dense_->asked_bias);
  at::Tensor wanted = at::zeros(logits.sizes(), at::kFloat);
  wanted.index_put_({classes[0], classes[1]}, at::ones({}, at::kFloat));
  const at::Tensor each = at::binary_cross_entropy_with_logits(logits, wanted.to(device), {}, {}, at::Reduction::None);
  return each.sum(1).mul(weights.mul(wanted.amax(1)).to(device)).sum();
}

/** Sum over options that tell events of the weighted loss of whether they happen, and when those begin that do. */
at::Tensor Objective::happens_loss(const at::Tensor& hidden, const BatchOptions& options) const {
  const c10::Device device = network_.device();
  const at::Tensor happens = options.moments.ge(0).to(at::kFloat).to(device);
  const at::Tensor logits =
      told(hidden, dense_->codes.option.narrow(0, 0, 1), dense_->option_bias.narrow(0, 0, 1)).squeeze(1);
  const at::Tensor each = at::binary_cross_entropy_with_logits(logits, happens, {}, {}, at::Reduction::None);
  const at::Tensor moments = moment_losses(hidden, options.moments.clamp_min(0).to(device)).mul(happens);
  return each.add(moments).mul(options.weights.mul(options.events).to(device)).sum();
}

/** Sum over options of the weighted loss of which one each is, and over questions of which of theirs is right. */
at::Tensor Objective::choice_loss(const at::Tensor& hidden, const BatchOptions& options) const {
  const c10::Device device = network_.device();
  const at::Tensor numbers = options.numbers.to(device);
  const at::Tensor which = told(hidden, dense_->codes.option.narrow(0, 1, EventCodes::kOptions),
                                dense_->option_bias.narrow(0, 1, EventCodes::kOptions));
  const at::Tensor each =
      at::binary_cross_entropy_with_logits(which, at::one_hot(numbers, EventCodes::kOptions).to(at::kFloat), {}, {},
                                           at::Reduction::None)
          .sum(1)
          .mul(options.weights.to(device));
  // The options of a question in a row of their own, to be compared.
  const at::Tensor question = options.numbers.eq(0).cumsum(0).sub(1).to(device);
  const at::Tensor scores = told(hidden, dense_->codes.option.narrow(0, 1 + EventCodes::kOptions, 1), {}).squeeze(1);
  const at::Tensor none = at::full({question[-1].item<std::int64_t>() + 1, EventCodes::kOptions},
                                   -std::numeric_limits<float>::infinity(), scores.options());
  const at::Tensor chosen = at::log_softmax(none.index_put({question, numbers}, scores), 1).index({question, numbers});
  return each.sum().sub(chosen.mul(options.rights.to(device)).sum());
}

/**
 * Behind each layer what it is for: what options are about where questions are told that, what comes of it behind the
 * layer that looks for it, and which one is right where the last layer can read it.
 */
void Objective::supervise_options(std::int64_t layer, const at::Tensor& texts, const BatchOptions& options,
                                  Losses& losses) const {
  if (options_.dense.option_weight <= 0 || options.at.size(0) == 0) return;
  const auto add = [&](const at::Tensor& loss) {
    const at::Tensor weighted = loss.mul(options_.dense.option_weight);
    losses.options = losses.options.defined() ? losses.options.add(weighted) : weighted;
  };
  const std::int64_t last = config_.language.layers - 1;
  const at::Tensor hidden = texts.flatten(0, 2).index_select(0, options.at.to(network_.device()));
  if (layer == options_.dense.layer) add(asked_loss(texts, options.at, options.classes, options.weights));
  if (layer == std::min(options_.dense.layer + 1, last)) add(happens_loss(hidden, options));
  if (layer == std::max<std::int64_t>(last - 1, 0)) add(choice_loss(hidden, options));
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
  packed.observe = [&](std::int64_t layer, const at::Tensor& videos, const at::Tensor& texts) {
    // Layers may work in place without gradient.
    see(layer, {videos.clone(), texts.clone()});
  };
  read(fuse(encode(batch, false)), batch, packed);
}

const EventCodes& Objective::codes() const {
  if (!dense_) throw Error(ErrorCode::kInvalidArgument, "there are no event codes without dense_supervision");
  return dense_->codes;
}

at::Tensor Objective::text_loss(const at::Tensor& video, const Batch& batch) const {
  return label_loss(read(video, batch, {}), batch);
}

Losses Objective::losses(const Batch& batch, std::int64_t step) const {
  const Features features = encode(batch, step >= options_.frozen_encoders);
  const at::Tensor video = fuse(features);
  Losses losses;
  const bool dense = dense_ && batch.frame_labels.defined();
  const at::Tensor frame_labels = dense ? batch.frame_labels.to(network_.device()) : at::Tensor();
  if (dense) losses.frames = input_loss(video, frame_labels).mul(options_.dense.weight);
  if (dense && dense_->patch && batch.patch_labels.defined()) {
    losses.frames = losses.frames.add(patch_loss(features.temporal, batch), options_.dense.patch_weight);
  }

  if (batch.texts == 0) {
    losses.texts = at::zeros({}, video.options().dtype(at::kFloat));
    return losses;
  }
  const auto before = static_cast<std::int64_t>(batch.before_video.size());
  PackedOptions packed;
  if (dense) {
    packed.observe = [&](std::int64_t layer, const at::Tensor& hidden, const at::Tensor& texts) {
      supervise_options(layer, texts, batch.options, losses);
      if (layer != options_.dense.layer) return;
      if (options_.dense.text_weight > 0 && batch.label_classes.size(1) > 0) {
        losses.about =
            asked_loss(texts, batch.label_at, batch.label_classes, batch.weights).mul(options_.dense.text_weight);
      }
      const at::Tensor frames = frame_tokens(hidden.narrow(1, before, video.size(1)));
      const at::Tensor kinds = kind_loss(told(frames, dense_->codes.shown, dense_->shown_bias), frame_labels);
      losses.frames =
          losses.frames.add(kinds, options_.dense.weight).add(moment_loss(frames), options_.dense.moment_weight);
    };
  }
  losses.texts = label_loss(read(video, batch, packed), batch);
  return losses;
}

}  // namespace gvl::training
