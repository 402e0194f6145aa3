/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "training/packed_reading.hpp"

#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/softmax.h>

#include <cmath>
#include <cstddef>
#include <limits>

#include "ops/ops.hpp"

namespace gvl::training {
namespace {

using language::Decoder;
using language::RopeTable;

struct PackedShape {
  std::int64_t video, rows, row;  ///< positions of a video; its rows of texts and their positions
  at::Tensor numbers;
};

/** [batch, tokens, kv heads, d] to [batch, heads, tokens, d], each kv head repeated for the heads that share it. */
at::Tensor heads_first(const at::Tensor& x, std::int64_t heads) {
  const std::int64_t groups = heads / x.size(2);
  if (groups == 1) return x.transpose(1, 2);
  const auto repeated = x.unsqueeze(3).expand({x.size(0), x.size(1), x.size(2), groups, x.size(3)});
  return repeated.reshape({x.size(0), x.size(1), heads, x.size(3)}).transpose(1, 2);
}

/** True where a position of a row lies before a key of it: [length, length]. */
at::Tensor later(std::int64_t length, const at::Tensor& like) {
  const at::Tensor positions = at::arange(length, like.options().dtype(at::kLong));
  return positions.unsqueeze(0).gt(positions.unsqueeze(1));
}

/**
 * Texts that each see a shared video and themselves, several in a row. q [n, rows, C, heads, d];
 * video_k, video_v [n, P, kv heads, d], seen by every position; k, v [n, rows, C, kv heads, d], seen causally by
 * positions of the same row and text; texts int64 [n, rows, C] numbers the text that a position belongs to.
 * Returns [n, rows, C, heads, d]. LibTorch's operators on every device, so differentiable.
 */
at::Tensor attention_behind(const at::Tensor& q, const at::Tensor& video_k, const at::Tensor& video_v,
                            const at::Tensor& k, const at::Tensor& v, const at::Tensor& texts_of) {
  const std::int64_t n = q.size(0), rows = q.size(1), length = q.size(2), heads = q.size(3), d = q.size(4);
  // All rows of a video in one product with its keys: [n, heads, rows * C, P].
  const auto queries = q.flatten(1, 2).transpose(1, 2).mul(1.0 / std::sqrt(static_cast<double>(d)));
  const auto of_video = at::matmul(queries, heads_first(video_k, heads).transpose(-2, -1));
  // Each row with itself: [n, heads, rows, C, C].
  const auto own = [&](const at::Tensor& x) {
    return heads_first(x.flatten(0, 1), heads).unflatten(0, {n, rows}).transpose(1, 2);
  };
  const auto apart = queries.unflatten(2, {rows, length});
  const auto other_text = texts_of.unsqueeze(3).ne(texts_of.unsqueeze(2)).unsqueeze(1);
  const auto hidden = later(length, q).logical_or(other_text);
  const auto of_text =
      at::matmul(apart, own(k).transpose(-2, -1)).masked_fill(hidden, -std::numeric_limits<double>::infinity());
  const at::Tensor scores[] = {of_video, of_text.flatten(2, 3)};
  const auto weights = at::softmax(at::cat(at::TensorList(scores), -1), -1);
  const std::int64_t video = video_k.size(1);
  const auto from_video = at::matmul(weights.narrow(3, 0, video), heads_first(video_v, heads));
  const auto from_text = at::matmul(weights.narrow(3, video, length).unflatten(2, {rows, length}), own(v));
  return from_video.unflatten(2, {rows, length}).add(from_text).permute({0, 2, 3, 1, 4});
}

/** Of [n, P + rows * C, ...] the texts' part [n, rows, C, ...]. */
at::Tensor texts_of(const at::Tensor& x, const PackedShape& shape) {
  return x.narrow(1, shape.video, shape.rows * shape.row).unflatten(1, {shape.rows, shape.row});
}

at::Tensor attend_packed(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const PackedShape& shape) {
  const auto video = [&](const at::Tensor& y) { return y.narrow(1, 0, shape.video); };
  const auto texts = [&](const at::Tensor& y) { return texts_of(y, shape); };
  const at::Tensor of_video = ops::attention(video(q), video(k), video(v), {.causal = true});
  if (shape.rows == 0) return of_video;
  const at::Tensor of_texts = attention_behind(texts(q), video(k), video(v), texts(k), texts(v), shape.numbers);
  return at::cat({of_video, of_texts.flatten(1, 2)}, 1);
}

RopeTable packed_rope(const Decoder& decoder, const PackedSequences& sequences) {
  const std::int64_t n = sequences.videos.size(0), video = sequences.videos.size(1);
  const std::int64_t longest =
      sequences.positions.numel() == 0 ? 0 : sequences.positions.max().item<std::int64_t>() + 1;
  const RopeTable table =
      language::rope_table(decoder.config(), language::rope_factors_for(decoder.config(), video + longest), 0,
                           video + longest, decoder.device());
  const at::Tensor behind = sequences.positions.flatten(1).add(video);
  const auto of_all = [&](const at::Tensor& angles) {
    const at::Tensor texts = angles.index_select(0, behind.flatten()).unflatten(0, behind.sizes());
    return at::cat({angles.narrow(0, 0, video).expand({n, video, angles.size(1)}), texts}, 1);
  };
  return {of_all(table.cos), of_all(table.sin)};
}

}  // namespace

at::Tensor read_packed(const Decoder& decoder, const PackedSequences& sequences, const PackedOptions& options) {
  const PackedShape shape{sequences.videos.size(1), sequences.texts.size(1), sequences.texts.size(2),
                          sequences.numbers};
  const RopeTable rope = packed_rope(decoder, sequences);
  at::Tensor x = at::cat({sequences.videos, sequences.texts.flatten(1, 2)}, 1);
  for (std::size_t i = 0; i < decoder.layers().size(); ++i) {
    // By value: it may be called again when this function is long done.
    const auto layer = [&block = decoder.layers()[i], rope, shape, i,
                        observe = options.observe_attention](const at::Tensor& input) {
      return block.forward(input, rope, [&](const at::Tensor& q, const at::Tensor& k, const at::Tensor& v) {
        if (observe) observe(static_cast<std::int64_t>(i), texts_of(q, shape), k.narrow(1, 0, shape.video));
        return attend_packed(q, k, v, shape);
      });
    };
    x = options.run ? options.run(layer, x) : layer(x);
    if (options.observe) options.observe(static_cast<std::int64_t>(i), x.narrow(1, 0, shape.video), texts_of(x, shape));
  }
  return decoder.norm(texts_of(x, shape));
}

}  // namespace gvl::training
