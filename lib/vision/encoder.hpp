/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "gvl/cancellation.hpp"
#include "gvl/config.hpp"
#include "layers/parameters.hpp"

namespace gvl::vision {

/** A network that sees pictures: the encoder of one of the model's two streams. Immutable and thread safe. */
class Encoder {
 public:
  virtual ~Encoder() = default;

  /**
   * Normalised frames [batch, frames, 3, S, S] -> features of their patches [batch, frames * grid^2, width], row by row
   * and frame by frame. Throws Error(kCancelled) between two layers.
   */
  virtual at::Tensor forward(const at::Tensor& pixel_values, const Cancellation& cancellation) const = 0;
};

/**
 * A kind of encoder. Adding one is its class in a file of its own and a line in encoder.cpp; a configuration then
 * chooses it by name (VisionConfig::type).
 */
struct EncoderKind {
  std::string_view name;
  bool tells_objects;  ///< a detector, whose rows are those of object_features.hpp
  /** `frames`: how many it sees at once; parameters are named as in its published checkpoint. */
  std::unique_ptr<const Encoder> (*make)(const layers::Parameters& parameters, const VisionConfig& config,
                                         std::int64_t frames);
};

std::span<const EncoderKind> encoder_kinds() noexcept;

/** The kind of this name. Throws Error(kUnsupported) with the known names when there is none. */
const EncoderKind& encoder_kind(std::string_view name);

/**
 * The encoder that `config` names, or the kind `usual` where it names none. Throws what encoder_kind() and loading its
 * parameters throw.
 */
std::unique_ptr<const Encoder> make_encoder(std::string_view usual, const layers::Parameters& parameters,
                                            const VisionConfig& config, std::int64_t frames);

}  // namespace gvl::vision
