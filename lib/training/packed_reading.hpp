/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>

#include "language/decoder.hpp"

namespace gvl::training {

/**
 * Sequences to train on: each text is read behind its video as if it were alone there, and the video once for all of
 * them.
 */
struct PackedSequences {
  at::Tensor videos;     ///< [n, P, H], what stands before the texts
  at::Tensor texts;      ///< [n, rows, C, H]: texts one after the other, rows filled up behind
  at::Tensor numbers;    ///< int64 [n, rows, C]: which text of its row a position belongs to
  at::Tensor positions;  ///< int64 [n, rows, C]: the position within its text, from 0
};

/** How packed sequences are run through the layers. */
struct PackedOptions {
  using Function = std::function<at::Tensor(const at::Tensor&)>;
  /**
   * Calls a layer; here activations may be dropped and computed again for the gradient, which the decoder must then
   * outlive. None: a plain call.
   */
  std::function<at::Tensor(const Function& layer, const at::Tensor& x)> run;
  /** Sees the videos' hidden states [n, P, H] and the texts' [n, rows, C, H] behind layer `index`. */
  std::function<void(std::int64_t index, const at::Tensor& videos, const at::Tensor& texts)> observe;
  /** Sees the queries of the texts [n, rows, C, heads, d] and the videos' keys [n, P, kv heads, d], both turned. */
  std::function<void(std::int64_t index, const at::Tensor& queries, const at::Tensor& keys)> observe_attention;
};

/** Hidden states of the texts, normed: [n, rows, C, H]. Differentiable; nothing is cached. */
at::Tensor read_packed(const language::Decoder& decoder, const PackedSequences& sequences,
                       const PackedOptions& options);

}  // namespace gvl::training
