/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "gvl/config.hpp"
#include "training/sample.hpp"

namespace gvl::training {

/**
 * Directions of hidden states that say what is seen and what is asked for: unit vectors drawn once and for all, so that
 * a layer can begin with knowing them.
 */
struct EventCodes {
  at::Tensor shown;  ///< float32 [3 * classes, H]: of frames in which an event goes on, begins, ends
  at::Tensor asked;  ///< float32 [classes, H]: of texts that ask for it
  // Of things those of what is seen and of what begins stand at right angles to each other, and what ends is the
  // opposite of what begins: it is what was seen before and is not now. What is asked for is what is to be seen.
  /** float32 [2 + kOptions, H]: of an option that has been read: its event happens; which one it is; it is right. */
  at::Tensor option;
  static constexpr std::int64_t kOptions = 8;
};

EventCodes event_codes(const EventClasses& classes, std::int64_t hidden_size);

/** Positions between a question and the first frames that it is about, of a video of some hundred tokens. */
inline constexpr std::int64_t kFarthestFrame = 200;

/** By how much RoPE turns dimensions i and i + d / 2 of a head from a token to the next, without scaling. */
double rope_speed(const LanguageModelConfig& config, std::int64_t i);

/** Rows [n, H] that no longer see the unit vector `direction` [H]. */
at::Tensor without(const at::Tensor& rows, const at::Tensor& direction);

/** The dimensions of a head that RoPE hardly turns within `farthest` positions: i and i + d / 2 turn together. */
std::vector<std::int64_t> slow_dimensions(const LanguageModelConfig& config, std::int64_t farthest = kFarthestFrame);

/** The matrices of an attention layer. */
struct AttentionValues {
  at::Tensor qkv;  ///< [3 * H, H]
  at::Tensor o;    ///< [H, H]
};

/**
 * Initial values of a layer that finds what is asked for: half of the heads look from what is asked to where it begins,
 * half to where it ends, and copy from there what lies in the span of `moments` [n, H]. Positions turn a head's fast
 * dimensions (RoPE), so that what is compared lies in the slow ones. Whole queries and keys are known: how attention
 * finds out that they should be alike takes training longer than everything else.
 * Throws Error(kInvalidArgument) where heads share keys or are too small.
 */
AttentionValues query_key_matching(const LanguageModelConfig& config, const EventClasses& classes,
                                   const at::Tensor& moments);

/**
 * The queries and keys alone for `classes.things`, in a model that knows the events: [2 * H, H] to be added to the
 * first rows of its layer's qkv. Questions stand up to `farthest` positions behind. Throws as query_key_matching()
 * does.
 */
at::Tensor thing_matching(const LanguageModelConfig& config, const EventClasses& classes, std::int64_t farthest);

/** What a layer that finds things copies, and what it says. Directions [H] but for `moments` [n, H], orthonormal rows.
 */
struct FoundThings {
  at::Tensor moments;  ///< by which the model tells times apart
  at::Tensor picture;  ///< by which a picture's token is known, of length 1
  at::Tensor looks;    ///< by which a text's token is known that looks at pictures, of length 1
  at::Tensor nothing;  ///< by which the very first token is known, of length 1
  at::Tensor happens;  ///< by which the model tells that an answer names times, of length 1
};

/**
 * The same as a layer of its own, in which queries and keys are codes of the same kind (EventCodes::shown): most heads
 * look from what begins or ends to where it does, and copy what lies in the span of the moments, so that it is told
 * next. The others look from what is seen to the pictures that show it, or to the very first token where none does, and
 * say that it happens as far as they look at pictures. Other tokens are passed over: what these hold by chance would
 * drown it. Throws as query_key_matching().
 */
AttentionValues thing_matching_layer(const LanguageModelConfig& config, const EventClasses& classes,
                                     const FoundThings& found, std::int64_t farthest);

}  // namespace gvl::training
