/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ops/attention_parts.hpp"

#include <ATen/ops/empty.h>

#include <algorithm>

#include "ops/cpu/parallel.hpp"
#include "ops/dispatch.hpp"
#include "ops/partition.hpp"

namespace gvl::ops {
namespace {

using cpu::kKeyBlock;
using cpu::Rows;
using Problem = AttentionProblem;

at::Tensor with_contiguous_heads(const at::Tensor& x) {
  return x.stride(3) == 1 || x.size(3) == 1 ? x : x.contiguous();
}

/** Row r: the token r of one head of one sequence. */
Rows rows_of(const at::Tensor& x, int64_t sequence, int64_t head) {
  const int64_t bytes = static_cast<int64_t>(x.element_size());
  return {bytes_of(x) + (sequence * x.stride(0) + head * x.stride(2)) * bytes, x.stride(1) * bytes, type_of(x)};
}

Rows from_row(const Rows& rows, int64_t row) { return {rows.data + row * rows.stride, rows.stride, rows.type}; }

/** Packed keys and values of consecutive kv heads (counted through the batch). */
class PackedHeads {
 public:
  PackedHeads(const Problem& p, int64_t most_heads)
      : p_(p),
        blocks_(divide_up(p.keys, kKeyBlock)),
        block_size_(cpu::kernels().key_block_size(p.head_size)),
        memory_(at::empty({most_heads * blocks_ * block_size_}, at::kFloat)) {}

  static int64_t floats_per_head(const Problem& p) {
    return divide_up(p.keys, kKeyBlock) * cpu::kernels().key_block_size(p.head_size);
  }

  void fill(int64_t first, int64_t last) {
    first_ = first;
    cpu::for_each_item((last - first) * blocks_, [&](int64_t item) {
      const int64_t head = first + item / blocks_, key = item % blocks_ * kKeyBlock;
      const Rows k = rows_of(p_.k, head / p_.kv_heads, head % p_.kv_heads);
      const Rows v = rows_of(p_.v, head / p_.kv_heads, head % p_.kv_heads);
      cpu::kernels().pack_keys_values(from_row(k, key), from_row(v, key), std::min(kKeyBlock, p_.keys - key),
                                      p_.head_size, memory_.data_ptr<float>() + item * block_size_);
    });
  }

  const float* of(int64_t head) const { return memory_.data_ptr<float>() + (head - first_) * blocks_ * block_size_; }

 private:
  const Problem& p_;
  int64_t blocks_, block_size_, first_ = 0;
  at::Tensor memory_;
};

/** Queries [first, first + count) of one head, against the packed head that serves it. */
void attend_tile(const Problem& p, const AttentionRows& rows, const float* keys_values, int64_t kv_head, int64_t member,
                 int64_t first, int64_t count) {
  const int64_t sequence = kv_head / p.kv_heads, head = kv_head % p.kv_heads * p.group + member;
  const float* q = p.q.data_ptr<float>() + sequence * p.q.stride(0) + first * p.q.stride(1) + head * p.q.stride(2);
  float* out = rows.data + ((sequence * p.queries + first) * p.heads + head) * rows.row_size;
  float* scratch = cpu::thread_scratch(cpu::kernels().attend_scratch(count, p.head_size));
  cpu::kernels().attend_tile({keys_values, p.keys, p.visible(first), p.causal, p.head_size, q, p.q.stride(1), count,
                              p.scale, out, p.heads * rows.row_size, rows.is_partial, scratch});
}

/** How the keys and kv heads of a sequence are cut into items that read a stretch of memory each. */
struct Ranges {
  int64_t heads, keys;

  explicit Ranges(const Problem& p) {
    constexpr int64_t kBytesPerItem = 1 << 20;
    const bool heads_lie_together = p.k.stride(2) < p.k.stride(1);
    heads = heads_lie_together ? p.kv_heads : 1;
    const int64_t bytes_per_key = heads * p.head_size * static_cast<int64_t>(p.k.element_size() + p.v.element_size());
    keys = std::clamp<int64_t>(kBytesPerItem / std::max<int64_t>(bytes_per_key, 1), 16, 1024) / 8 * 8;
  }
};

}  // namespace

AttentionProblem::AttentionProblem(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, bool causal,
                                   double scale)
    : q(with_contiguous_heads(q)),
      k(with_contiguous_heads(k)),
      v(with_contiguous_heads(v)),
      causal(causal),
      scale(static_cast<float>(scale)),
      batch(q.size(0)),
      queries(q.size(1)),
      keys(k.size(1)),
      heads(q.size(2)),
      kv_heads(k.size(2)),
      group(q.size(2) / k.size(2)),
      head_size(q.size(3)) {}

void attend_many(const Problem& p, const AttentionRows& out) {
  constexpr int64_t kPackedFloats = 8 << 20, kQueries = 96;
  const int64_t strip = cpu::kernels().w_strip, tile = divide_up(kQueries, strip) * strip;
  const int64_t tiles = divide_up(p.queries, tile), all_heads = p.batch * p.kv_heads;
  const int64_t fit = kPackedFloats / std::max<int64_t>(1, PackedHeads::floats_per_head(p));
  const int64_t heads_at_a_time = std::clamp<int64_t>(fit, 1, all_heads);
  PackedHeads packed(p, heads_at_a_time);
  for (int64_t first = 0; first < all_heads; first += heads_at_a_time) {
    const int64_t last = std::min(all_heads, first + heads_at_a_time);
    packed.fill(first, last);
    cpu::for_each_item((last - first) * p.group * tiles, [&](int64_t item) {
      // A head's last queries first: if causal they take longest, and what is left at the end should be short.
      const int64_t query = (tiles - 1 - item % tiles) * tile, head = first + item / tiles / p.group;
      attend_tile(p, out, packed.of(head), head, item / tiles % p.group, query, std::min(tile, p.queries - query));
    });
  }
}

FewQueries::FewQueries(const Problem& problem) : p_(problem), row_size_(problem.head_size + 2) {
  const Ranges range(p_);
  range_heads_ = range.heads;
  range_keys_ = range.keys;
  ranges_ = divide_up(p_.keys, range.keys);
  head_parts_ = p_.kv_heads / range.heads;
  rows_ = p_.queries * p_.group;
  all_rows_ = p_.kv_heads * rows_;
  items_ = p_.batch * ranges_ * head_parts_;
  // [batch, kv heads, queries, group, d]
  by_head_ = p_.q.reshape({p_.batch, p_.queries, p_.kv_heads, p_.group, p_.head_size}).transpose(1, 2).contiguous();
  partial_ = at::empty({p_.batch, ranges_, all_rows_, row_size_}, at::kFloat);
  for (int64_t row = 0; row < range_heads_ * rows_; ++row) visible_.push_back(p_.visible(row % rows_ / p_.group));
}

float* FewQueries::partial_of(int64_t sequence, int64_t range, int64_t row) const {
  return partial_.data_ptr<float>() + ((sequence * ranges_ + range) * all_rows_ + row) * row_size_;
}

void FewQueries::attend(int64_t item) const {
  const int64_t head = item % head_parts_ * range_heads_, range = item / head_parts_ % ranges_;
  const int64_t sequence = item / head_parts_ / ranges_, first = range * range_keys_;
  const int64_t last = std::min(p_.keys, first + range_keys_);
  const float* rows_of_q = by_head_.data_ptr<float>() + (sequence * all_rows_ + head * rows_) * p_.head_size;
  cpu::kernels().attend_range({rows_of(p_.k, sequence, head), rows_of(p_.v, sequence, head),
                               p_.k.stride(2) * static_cast<int64_t>(p_.k.element_size()),
                               p_.v.stride(2) * static_cast<int64_t>(p_.v.element_size()), range_heads_, rows_,
                               p_.head_size, first, last, visible_.data(), rows_of_q, p_.scale,
                               partial_of(sequence, range, head * rows_), row_size_,
                               cpu::thread_scratch(cpu::kernels().range_scratch(range_heads_, rows_, last - first))});
}

cpu::PartialRanges FewQueries::results_of(int64_t sequence, int64_t query, int64_t head) const {
  const int64_t row = (head / p_.group * p_.queries + query) * p_.group + head % p_.group;
  return {partial_of(sequence, 0, row), ranges_, all_rows_ * row_size_};
}

}  // namespace gvl::ops
