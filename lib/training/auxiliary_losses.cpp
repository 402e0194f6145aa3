/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "training/auxiliary_losses.hpp"

#include <ATen/ops/arange.h>
#include <ATen/ops/binary_cross_entropy_with_logits.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/full.h>
#include <ATen/ops/layer_norm.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/one_hot.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>
#include <limits>

#include "gvl/sampling.hpp"

namespace gvl::training {
namespace {

layers::Parameters under(const layers::Parameters& parameters, const char* name) {
  return parameters / "training" / name;
}

/**
 * Of log odds [V, n, classes], the sum over videos of the mean over frames of the classes' sum. Labels below 0 are
 * unknown.
 */
at::Tensor kind_loss(const at::Tensor& logits, const at::Tensor& labels) {
  const at::Tensor known = labels.ge(0).to(at::kFloat);
  const at::Tensor each =
      at::binary_cross_entropy_with_logits(logits.to(at::kFloat), labels.clamp_min(0), known, {}, at::Reduction::None);
  return each.sum(2).mean(1).sum();
}

EventCodes on(const EventCodes& codes, c10::Device device) {
  return {codes.shown.to(device), codes.asked.to(device), codes.option.to(device)};
}

}  // namespace

AuxiliaryHeads::AuxiliaryHeads(const layers::Parameters& parameters, const ModelConfig& config,
                               const EventClasses& event_classes, const DenseSupervision& options, c10::Device device)
    : classes(event_classes),
      input(under(parameters, "dense_input"), {.in = config.language.hidden_size, .out = 3 * event_classes.count()}),
      keyframe(under(parameters, "dense_keyframe"),
               {.in = config.language.hidden_size, .out = 3 * event_classes.count()}),
      shown_bias(under(parameters, "dense_shown").vector("bias", {3 * event_classes.count()})),
      asked_bias(under(parameters, "dense_asked").vector("bias", {event_classes.count()})),
      codes(on(event_codes(event_classes, config.language.hidden_size), device)) {
  if (options.patch_weight > 0) {
    patch.emplace(under(parameters, "dense_patch"),
                  layers::LinearOptions{.in = config.temporal.hidden_size, .out = 3 * event_classes.count()});
  }
  if (options.option_weight > 0) {
    option_bias = under(parameters, "dense_option").vector("bias", {1 + EventCodes::kOptions});
  }
}

AuxiliaryLosses::AuxiliaryLosses(const DenseSupervision& options, const AuxiliaryHeads& heads,
                                 const model::Network& network, const TemporalLabels& temporal, const Batch& batch)
    : options_(options),
      heads_(heads),
      network_(network),
      config_(network.config()),
      temporal_(temporal),
      batch_(batch),
      frame_labels_(batch.frame_labels.to(network.device())) {}

void AuxiliaryLosses::add_fused(const at::Tensor& video, const at::Tensor& patches) {
  sums_.frames = input_loss(video).mul(options_.weight);
  if (heads_.patch && batch_.patch_labels.defined()) {
    sums_.frames = sums_.frames.add(patch_loss(patches), options_.patch_weight);
  }
}

void AuxiliaryLosses::add_layer(std::int64_t layer, const at::Tensor& video, const at::Tensor& texts) {
  add_options(layer, texts);
  if (layer != options_.layer) return;
  if (options_.text_weight > 0 && batch_.label_classes.size(1) > 0) {
    sums_.about = asked_loss(texts, batch_.label_at, batch_.label_classes, batch_.weights).mul(options_.text_weight);
  }
  const at::Tensor frames = frame_tokens(video);
  const at::Tensor kinds =
      kind_loss(events_of(log_odds(frames, heads_.codes.shown, heads_.shown_bias)), events_of(frame_labels_));
  sums_.frames = sums_.frames.add(kinds, options_.weight).add(moment_loss(frames, 0.5), options_.moment_weight);
  if (heads_.classes.things > 0) sums_.frames = sums_.frames.add(things_loss(video));
}

/** Of [V, K * L, H] what belongs to each keyframe: [V, K * keyframes, tokens, H]; first spatial, then temporal ones. */
at::Tensor AuxiliaryLosses::keyframe_shares(const at::Tensor& video_tokens) const {
  const std::int64_t length = config_.tokens_per_segment(), keyframes = config_.spatial.keyframes;
  return video_tokens.unflatten(1, {config_.segments, length})
      .narrow(2, 0, length - 1)
      .unflatten(2, {keyframes, (length - 1) / keyframes})
      .flatten(1, 2);
}

/** Of [V, K * L, H] the mean of each frame's temporal tokens: [V, T, H]. */
at::Tensor AuxiliaryLosses::frame_tokens(const at::Tensor& video_tokens) const {
  const at::Tensor shares = keyframe_shares(video_tokens);
  const std::int64_t frames = config_.frames_per_segment() / config_.spatial.keyframes;
  const std::int64_t temporal = config_.temporal_tokens_per_segment() / config_.spatial.keyframes;
  return shares.narrow(2, shares.size(2) - temporal, temporal).unflatten(2, {frames, -1}).mean(3).flatten(1, 2);
}

/** Of [..., 3 * classes] what is about events: [..., 3 * events]. */
at::Tensor AuxiliaryLosses::events_of(const at::Tensor& kinds) const {
  return kinds.unflatten(-1, {3, heads_.classes.count()}).narrow(-1, 0, heads_.classes.events).flatten(-2);
}

/** Labels of the frames that are keyframes: [V, K * keyframes, 3 * classes]. */
at::Tensor AuxiliaryLosses::keyframe_labels() const {
  const std::int64_t share = config_.frames_per_segment() / config_.spatial.keyframes;
  return frame_labels_.unflatten(1, {-1, share}).select(2, keyframe_of(share));
}

/**
 * What becomes of things from one keyframe to the next: [V, K * keyframes, 3 * things]. What the first shows begins
 * there, what the last shows ends there.
 */
at::Tensor AuxiliaryLosses::thing_labels() const {
  const at::Tensor shown = keyframe_labels().narrow(2, heads_.classes.events, heads_.classes.things);
  const std::int64_t keyframes = shown.size(1);
  const at::Tensor unknown = shown.lt(0), seen = shown.clamp_min(0);
  const at::Tensor nothing = at::zeros_like(seen.narrow(1, 0, 1));
  const at::Tensor before = at::cat({nothing, seen.narrow(1, 0, keyframes - 1)}, 1);
  const at::Tensor begins = seen.mul(before.mul(-1).add(1));
  at::Tensor ends = before.mul(seen.mul(-1).add(1));
  ends.select(1, keyframes - 1).add_(seen.select(1, keyframes - 1));
  return at::cat({shown, begins.masked_fill(unknown, -1), ends.clamp_max(1).masked_fill(unknown, -1)}, 2);
}

/** What pictures' tokens tell of things, and when that is. */
at::Tensor AuxiliaryLosses::things_loss(const at::Tensor& video_tokens) const {
  const EventClasses& classes = heads_.classes;
  const at::Tensor pictures = keyframe_shares(video_tokens).select(2, 0);
  const at::Tensor kinds = log_odds(pictures, heads_.codes.shown, heads_.shown_bias)
                               .unflatten(2, {3, classes.count()})
                               .narrow(3, classes.events, classes.things)
                               .flatten(2);
  return kind_loss(kinds, thing_labels()).mul(options_.weight).add(moment_loss(pictures, 0), options_.moment_weight);
}

/** Log odds of each code, by how far hidden states point in its direction. */
at::Tensor AuxiliaryLosses::log_odds(const at::Tensor& hidden, const at::Tensor& codes, const at::Tensor& bias) const {
  const at::Tensor normed = network_.decoder().norm(hidden).to(at::kFloat);
  return at::linear(normed, codes, bias.defined() ? bias.to(at::kFloat) : bias);
}

/** Which events frames and keyframes show by their fused tokens alone. */
at::Tensor AuxiliaryLosses::input_loss(const at::Tensor& video_tokens) const {
  const at::Tensor frames =
      kind_loss(events_of(heads_.input.forward(frame_tokens(video_tokens))), events_of(frame_labels_));
  const at::Tensor shares = keyframe_shares(video_tokens);
  const std::int64_t temporal = config_.temporal_tokens_per_segment() / config_.spatial.keyframes;
  const at::Tensor keyframes = shares.narrow(2, 0, shares.size(2) - temporal).mean(2);
  return frames.add(kind_loss(events_of(heads_.keyframe.forward(keyframes)), events_of(keyframe_labels())));
}

/** What every patch shows by the encoder's features of it alone. */
at::Tensor AuxiliaryLosses::patch_loss(const at::Tensor& temporal) const {
  const at::Tensor labels = batch_.patch_labels.to(network_.device()).flatten(1, 2);
  const at::Tensor patches = at::layer_norm(temporal, {temporal.size(2)}).reshape({labels.size(0), labels.size(1), -1});
  return kind_loss(heads_.patch->forward(patches), labels);
}

/** Of hidden states [n, H] that should tell `moments` [n] as temporal tokens: [n]. */
at::Tensor AuxiliaryLosses::moment_losses(const at::Tensor& hidden, const at::Tensor& moments) const {
  const at::Tensor logits = network_.decoder().logits(network_.decoder().norm(hidden));
  const at::Tensor log_probabilities = at::log_softmax(logits.index_select(1, temporal_.ids), 1);
  if (temporal_.smoothing > 0) return temporal_.smoothed(log_probabilities, moments);
  return log_probabilities.gather(1, moments.to(at::kLong).unsqueeze(1)).squeeze(1).neg();
}

/** Sum over videos of the mean over frames [V, n, H]; `first`: where in the first one its moment lies, in frames. */
at::Tensor AuxiliaryLosses::moment_loss(const at::Tensor& frames, double first) const {
  const std::int64_t videos = frames.size(0), count = frames.size(1);
  const double tokens_a_frame = static_cast<double>(config_.temporal_tokens) / static_cast<double>(count);
  const at::Tensor moments =
      at::arange(count, frames.options().dtype(at::kFloat)).add(first).mul(tokens_a_frame).repeat(videos);
  return moment_losses(frames.flatten(0, 1), moments).sum().div(static_cast<double>(count));
}

/** Sum over those positions that have classes (`classes` [2, n]: position and class) of what is asked there. */
at::Tensor AuxiliaryLosses::asked_loss(const at::Tensor& texts, const at::Tensor& positions, const at::Tensor& classes,
                                       const at::Tensor& weights) const {
  const c10::Device device = network_.device();
  const at::Tensor hidden = texts.flatten(0, 2).index_select(0, positions.to(device));
  const at::Tensor logits = log_odds(hidden, heads_.codes.asked, heads_.asked_bias);
  at::Tensor wanted = at::zeros(logits.sizes(), at::kFloat);
  wanted.index_put_({classes[0], classes[1]}, at::ones({}, at::kFloat));
  const at::Tensor each = at::binary_cross_entropy_with_logits(logits, wanted.to(device), {}, {}, at::Reduction::None);
  return each.sum(1).mul(weights.mul(wanted.amax(1)).to(device)).sum();
}

/** Sum over options that tell events of the weighted loss of whether they happen, and when those begin that do. */
at::Tensor AuxiliaryLosses::happens_loss(const at::Tensor& hidden) const {
  const BatchOptions& options = batch_.options;
  const c10::Device device = network_.device();
  const at::Tensor happens = options.moments.ge(0).to(at::kFloat).to(device);
  const at::Tensor logits =
      log_odds(hidden, heads_.codes.option.narrow(0, 0, 1), heads_.option_bias.narrow(0, 0, 1)).squeeze(1);
  const at::Tensor each = at::binary_cross_entropy_with_logits(logits, happens, {}, {}, at::Reduction::None);
  const at::Tensor moments = moment_losses(hidden, options.moments.clamp_min(0).to(device)).mul(happens);
  return each.add(moments).mul(options.weights.mul(options.events).to(device)).sum();
}

/** Sum over options of the weighted loss of which one each is, and over questions of which of theirs is right. */
at::Tensor AuxiliaryLosses::choice_loss(const at::Tensor& hidden) const {
  const BatchOptions& options = batch_.options;
  const c10::Device device = network_.device();
  const at::Tensor numbers = options.numbers.to(device);
  const at::Tensor which = log_odds(hidden, heads_.codes.option.narrow(0, 1, EventCodes::kOptions),
                                    heads_.option_bias.narrow(0, 1, EventCodes::kOptions));
  const at::Tensor each =
      at::binary_cross_entropy_with_logits(which, at::one_hot(numbers, EventCodes::kOptions).to(at::kFloat), {}, {},
                                           at::Reduction::None)
          .sum(1)
          .mul(options.weights.to(device));
  // The options of a question in a row of their own, to be compared.
  const at::Tensor question = options.numbers.eq(0).cumsum(0).sub(1).to(device);
  const at::Tensor scores = log_odds(hidden, heads_.codes.option.narrow(0, 1 + EventCodes::kOptions, 1), {}).squeeze(1);
  const at::Tensor none = at::full({question[-1].item<std::int64_t>() + 1, EventCodes::kOptions},
                                   -std::numeric_limits<float>::infinity(), scores.options());
  const at::Tensor chosen = at::log_softmax(none.index_put({question, numbers}, scores), 1).index({question, numbers});
  return each.sum().sub(chosen.mul(options.rights.to(device)).sum());
}

/**
 * Behind each layer what it is for: what options are about where questions are told that, what comes of it behind the
 * layer that looks for it, and which one is right where the last layer can read it.
 */
void AuxiliaryLosses::add_options(std::int64_t layer, const at::Tensor& texts) {
  const BatchOptions& options = batch_.options;
  if (options_.option_weight <= 0 || options.at.size(0) == 0) return;
  const auto add = [&](const at::Tensor& loss) {
    const at::Tensor weighted = loss.mul(options_.option_weight);
    sums_.options = sums_.options.defined() ? sums_.options.add(weighted) : weighted;
  };
  const std::int64_t last = config_.language.layers - 1;
  const at::Tensor hidden = texts.flatten(0, 2).index_select(0, options.at.to(network_.device()));
  if (layer == options_.layer) add(asked_loss(texts, options.at, options.classes, options.weights));
  if (layer == std::min(options_.layer + 1, last)) add(happens_loss(hidden));
  if (layer == std::max<std::int64_t>(last - 1, 0)) add(choice_loss(hidden));
}

}  // namespace gvl::training
