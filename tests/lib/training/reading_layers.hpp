/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <ATen/ops/cat.h>
#include <ATen/ops/linalg_qr.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/softmax.h>

#include <cmath>
#include <limits>

#include "gvl/config.hpp"
#include "language/rope.hpp"
#include "training/initialisation/query_key_matching.hpp"
#include "training/initialisation/word_reading.hpp"
#include "training/sample.hpp"

/** Decoder layers that begin with reading, one by one. */
namespace gvl::test {

/**
 * What a layer that begins with keyframe_comparison() adds to tokens [n, H], of which the first stands at position
 * `first`: [n, H].
 */
inline at::Tensor added(const LanguageModelConfig& config, const training::AttentionValues& attention,
                        const at::Tensor& tokens, std::int64_t first) {
  const std::int64_t n = tokens.size(0);
  const at::Tensor normed = tokens.div(tokens.square().mean(1, true).add(1e-5).sqrt());
  const at::Tensor mixed = at::matmul(normed, attention.qkv.t()).unflatten(1, {3, config.heads, config.head_size()});
  const auto rope = language::rope_table(config, language::RopeFactors::kShort, first, n, at::kCPU);
  const auto turned = [&](std::int64_t which) {
    const auto halves = mixed.select(1, which).chunk(2, -1);
    const at::Tensor cos = rope.cos.unsqueeze(1), sin = rope.sin.unsqueeze(1);
    const at::Tensor parts[] = {halves[0].mul(cos).sub(halves[1].mul(sin)), halves[1].mul(cos).add(halves[0].mul(sin))};
    return at::cat(at::TensorList(parts), -1).transpose(0, 1);
  };
  const at::Tensor later = at::ones({n, n}, at::kBool).triu(1);
  const at::Tensor scores = at::matmul(turned(0), turned(1).transpose(1, 2))
                                .div(std::sqrt(static_cast<double>(config.head_size())))
                                .masked_fill(later, -std::numeric_limits<double>::infinity());
  const at::Tensor seen = at::matmul(at::softmax(scores, -1), mixed.select(1, 2).transpose(0, 1));
  return at::matmul(seen.transpose(0, 1).flatten(1), attention.o.t());
}

/** `count` orthonormal rows at right angles to `others` [n, 192]. */
inline at::Tensor directions_beside(const at::Tensor& others, std::int64_t count) {
  at::manual_seed(9);
  const at::Tensor both[] = {others.t(), at::randn({192, count})};
  return std::get<0>(at::linalg_qr(at::cat(at::TensorList(both), 1))).narrow(1, others.size(0), count).t();
}

/** Of things, the codes of what goes on (0), begins (1) or ends (2). */
inline at::Tensor thing_codes(const training::EventClasses& classes, std::int64_t phase) {
  return training::event_codes(classes, 192).shown.narrow(0, phase * classes.count() + classes.events, classes.things);
}

/** What reading needs to know of a prompt, at right angles to what is asked for. */
inline training::ReadingDirections reading_directions(const training::EventClasses& classes) {
  const at::Tensor known = directions_beside(thing_codes(classes, 0), 7);
  return {.picture = known[0],
          .beginning = known[1],
          .answer = known[2],
          .from = known[3],
          .until = known[4],
          .looks = known[5],
          .nothing = known[6]};
}

}  // namespace gvl::test
