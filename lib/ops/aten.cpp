/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ops/aten.hpp"

#include <ATen/ops/addcmul.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/layer_norm.h>
#include <ATen/ops/leaky_relu.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/silu.h>
#include <ATen/ops/softmax.h>
#if __has_include(<ATen/ops/scaled_dot_product_attention.h>)
#include <ATen/ops/scaled_dot_product_attention.h>
#define GVL_HAVE_SDPA 1
#endif

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace gvl::ops::aten {
namespace {

at::Tensor as(const at::Tensor& x, const at::Tensor& like) { return x.defined() ? x.to(like.scalar_type()) : x; }

/** [batch, tokens, kv heads, d] to [batch, heads, tokens, d], each kv head repeated for the heads that share it. */
at::Tensor heads_first(const at::Tensor& x, int64_t heads) {
  const int64_t groups = heads / x.size(2);
  if (groups == 1) return x.transpose(1, 2);
  const auto repeated = x.unsqueeze(3).expand({x.size(0), x.size(1), x.size(2), groups, x.size(3)});
  return repeated.reshape({x.size(0), x.size(1), heads, x.size(3)}).transpose(1, 2);
}

/** True where query first + i sees key j: [queries, keys]. */
at::Tensor visible(int64_t first, int64_t queries, int64_t keys, int64_t offset, const at::Tensor& like) {
  const auto options = like.options().dtype(at::kLong);
  const auto last = at::arange(first + offset, first + offset + queries, options).unsqueeze(1);
  return at::arange(keys, options).unsqueeze(0).le(last);
}

#ifdef GVL_HAVE_SDPA

at::Tensor attend(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, bool causal, double scale) {
  const int64_t queries = q.size(2), keys = k.size(2);
  // The operator's own causal mask is aligned to the first key, ours to the last.
  if (causal && queries > 1 && queries != keys) {
    const auto mask = visible(0, queries, keys, keys - queries, q);
    return at::scaled_dot_product_attention(q, k, v, mask, 0, false, scale);
  }
  return at::scaled_dot_product_attention(q, k, v, {}, 0, causal && queries > 1, scale);
}

#else

at::Tensor attend(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, bool causal, double scale) {
  constexpr int64_t kQueriesAtATime = 256;
  const int64_t queries = q.size(2), keys = k.size(2), offset = keys - queries;
  std::vector<at::Tensor> outputs;
  for (int64_t first = 0; first < queries; first += kQueriesAtATime) {
    const int64_t count = std::min(kQueriesAtATime, queries - first);
    const int64_t seen = causal ? first + count + offset : keys;
    auto scores = at::matmul(q.narrow(2, first, count).mul(scale), k.narrow(2, 0, seen).transpose(-2, -1));
    if (causal) {
      const auto hidden = visible(first, count, seen, offset, q).logical_not();
      scores = scores.masked_fill(hidden, -std::numeric_limits<double>::infinity());
    }
    outputs.push_back(at::matmul(at::softmax(scores, -1), v.narrow(2, 0, seen)));
  }
  return at::cat(outputs, 2);
}

#endif

}  // namespace

at::Tensor linear(const at::Tensor& x, const Weight& weight, const at::Tensor& bias) {
  return at::linear(x, as(dequantise(weight), x), as(bias, x));
}

at::Tensor convolution(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                       const ConvolutionOptions& options) {
  const std::int64_t padding = weight.size(2) / 2;
  const at::Tensor y = at::conv2d(x, weight.to(x.scalar_type()), bias, {options.stride, options.stride},
                                  {padding, padding}, {1, 1}, options.groups);
  return options.leak == 1 ? y : at::leaky_relu(y, options.leak);
}

at::Tensor attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, bool causal, double scale) {
  if (q.numel() == 0) return q.clone(at::MemoryFormat::Contiguous);
  const auto key = heads_first(as(k, q), q.size(2)), value = heads_first(as(v, q), q.size(2));
  return attend(q.transpose(1, 2), key, value, causal, scale).transpose(1, 2).contiguous();
}

at::Tensor attention_behind(const at::Tensor& q, const KeysValues& prefix, const std::vector<Continuation>& sequences,
                            double scale) {
  const int64_t heads = q.size(2), keys = prefix.k.size(1);
  const auto by_head = [&](const at::Tensor& x) { return heads_first(as(x, q), heads); };
  const auto queries = q.transpose(1, 2).mul(scale), values = by_head(prefix.v);
  const auto shared = at::matmul(queries, by_head(prefix.k).transpose(-2, -1));
  std::vector<at::Tensor> outputs;
  int64_t row = 0;
  for (const Continuation& each : sequences) {
    const int64_t count = each.queries, own = each.own.k.size(1);
    const auto hidden = visible(0, count, own, own - count, q).logical_not();
    const auto scores = at::matmul(queries.narrow(2, row, count), by_head(each.own.k).transpose(-2, -1))
                            .masked_fill(hidden, -std::numeric_limits<double>::infinity());
    const auto weights = at::softmax(at::cat({shared.narrow(2, row, count), scores}, -1), -1);
    outputs.push_back(at::matmul(weights.narrow(3, 0, keys), values)
                          .add(at::matmul(weights.narrow(3, keys, own), by_head(each.own.v))));
    row += count;
  }
  return at::cat(outputs, 2).transpose(1, 2).contiguous();
}

at::Tensor rms_norm(const at::Tensor& x, const at::Tensor& weight, double eps) {
  const auto wide = x.to(at::kFloat);
  const auto inverse_rms = wide.square().mean(-1, true).add(eps).rsqrt();
  return wide.mul(inverse_rms).to(x.scalar_type()).mul(as(weight, x));
}

at::Tensor layer_norm(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias, double eps) {
  return at::layer_norm(x, {x.size(-1)}, as(weight, x), as(bias, x), eps);
}

at::Tensor gelu(const at::Tensor& x) { return at::gelu(x); }

at::Tensor quick_gelu(const at::Tensor& x) { return x.mul(x.mul(1.702).sigmoid()); }

at::Tensor silu_and_multiply(const at::Tensor& gate_up) {
  const auto parts = gate_up.chunk(2, -1);
  return at::silu(parts[0]).mul(parts[1]);
}

at::Tensor add_scaled(const at::Tensor& x, const at::Tensor& y, const at::Tensor& scale) {
  return scale.defined() ? at::addcmul(x, y, as(scale, x)) : x.add(y);
}

at::Tensor rotary(const at::Tensor& x, const at::Tensor& cos, const at::Tensor& sin) {
  const auto halves = x.to(at::kFloat).chunk(2, -1);
  const auto c = cos.unsqueeze(-2), s = sin.unsqueeze(-2);
  const at::Tensor rotated[] = {halves[0].mul(c).sub(halves[1].mul(s)), halves[1].mul(c).add(halves[0].mul(s))};
  return at::cat(at::TensorList(rotated), -1).to(x.scalar_type());
}

at::Tensor embedding(const Weight& table, const at::Tensor& ids) {
  const auto chosen = [&](const at::Tensor& x) { return x.index_select(0, ids); };
  if (table.is_quantised()) return dequantise({chosen(table.data), chosen(table.scales)});
  const auto rows = chosen(table.data);
  return rows.is_cpu() ? rows.to(at::kFloat) : rows;
}

}  // namespace gvl::ops::aten
