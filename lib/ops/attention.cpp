/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "ops/aten.hpp"
#include "ops/cpu/kernels.hpp"
#include "ops/cpu/parallel.hpp"
#include "ops/dispatch.hpp"
#include "ops/ops.hpp"

namespace gvl::ops {
namespace {

using cpu::kKeyBlock;
using cpu::Rows;

int64_t divide_up(int64_t a, int64_t b) { return (a + b - 1) / b; }

struct Problem {
  at::Tensor q, k, v, out;
  bool causal;
  float scale;
  int64_t batch, queries, keys, heads, kv_heads, group, head_size;

  /** Keys that a query sees. */
  int64_t visible(int64_t query) const { return causal ? keys - queries + query + 1 : keys; }
};

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
void attend_tile(const Problem& p, const float* keys_values, int64_t kv_head, int64_t member, int64_t first,
                 int64_t count) {
  const int64_t sequence = kv_head / p.kv_heads, head = kv_head % p.kv_heads * p.group + member;
  const float* q = p.q.data_ptr<float>() + sequence * p.q.stride(0) + first * p.q.stride(1) + head * p.q.stride(2);
  float* out = p.out.data_ptr<float>() + ((sequence * p.queries + first) * p.heads + head) * p.head_size;
  float* scratch = cpu::thread_scratch(cpu::kernels().attend_scratch(count, p.head_size));
  cpu::kernels().attend_tile({keys_values, p.keys, p.visible(first), p.causal, p.head_size, q, p.q.stride(1), count,
                              p.scale, out, p.heads * p.head_size, scratch});
}

/** Many queries: keys and values are packed once, then tiles of queries pass over them. */
void attend_many(const Problem& p) {
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
      attend_tile(p, packed.of(head), head, item / tiles % p.group, query, std::min(tile, p.queries - query));
    });
  }
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

/** Rows of q by kv head: [batch, kv heads, queries, group, d]. */
at::Tensor rows_by_kv_head(const Problem& p) {
  return p.q.reshape({p.batch, p.queries, p.kv_heads, p.group, p.head_size}).transpose(1, 2).contiguous();
}

/** Few queries: keys and values are read once, where they lie; ranges of keys are combined at the end. */
void attend_few(const Problem& p) {
  const Ranges range(p);
  const int64_t rows = p.queries * p.group, row_size = p.head_size + 2, all_rows = p.kv_heads * rows;
  const int64_t ranges = divide_up(p.keys, range.keys), head_parts = p.kv_heads / range.heads;
  const auto q = rows_by_kv_head(p);
  const auto partial = at::empty({p.batch, ranges, all_rows, row_size}, at::kFloat);
  const auto partial_of = [&](int64_t sequence, int64_t part, int64_t row) {
    return partial.data_ptr<float>() + ((sequence * ranges + part) * all_rows + row) * row_size;
  };
  std::vector<int64_t> visible(range.heads * rows);
  for (size_t row = 0; row < visible.size(); ++row) visible[row] = p.visible(row % rows / p.group);

  cpu::for_each_item(p.batch * ranges * head_parts, [&](int64_t item) {
    const int64_t head = item % head_parts * range.heads, part = item / head_parts % ranges;
    const int64_t sequence = item / head_parts / ranges, first = part * range.keys;
    const int64_t last = std::min(p.keys, first + range.keys);
    const float* rows_of_q = q.data_ptr<float>() + (sequence * all_rows + head * rows) * p.head_size;
    cpu::kernels().attend_range({rows_of(p.k, sequence, head), rows_of(p.v, sequence, head),
                                 p.k.stride(2) * static_cast<int64_t>(p.k.element_size()),
                                 p.v.stride(2) * static_cast<int64_t>(p.v.element_size()), range.heads, rows,
                                 p.head_size, first, last, visible.data(), rows_of_q, p.scale,
                                 partial_of(sequence, part, head * rows), row_size,
                                 cpu::thread_scratch(range.heads * rows * (last - first))});
  });
  cpu::for_each_item(p.batch * all_rows, [&](int64_t item) {
    const int64_t sequence = item / all_rows, row = item % all_rows, query = row % rows / p.group;
    const int64_t head = row / rows * p.group + row % p.group;
    float* out = p.out.data_ptr<float>() + ((sequence * p.queries + query) * p.heads + head) * p.head_size;
    cpu::kernels().merge_ranges(partial_of(sequence, 0, row), ranges, all_rows * row_size, p.head_size, out);
  });
}

at::Tensor with_contiguous_heads(const at::Tensor& x) {
  return x.stride(3) == 1 || x.size(3) == 1 ? x : x.contiguous();
}

void check(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, bool causal) {
  TORCH_CHECK(q.dim() == 4 && k.dim() == 4 && v.sizes() == k.sizes(), "attention: q ", q.sizes(), ", k ", k.sizes(),
              ", v ", v.sizes());
  TORCH_CHECK(q.size(0) == k.size(0) && q.size(3) == k.size(3) && k.size(2) > 0 && q.size(2) % k.size(2) == 0,
              "attention: q ", q.sizes(), " does not fit k ", k.sizes());
  TORCH_CHECK(!causal || k.size(1) >= q.size(1), "attention: causal with more queries than keys");
}

}  // namespace

at::Tensor attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const AttentionOptions& options) {
  check(q, k, v, options.causal);
  const double scale = options.scale != 0 ? options.scale : 1 / std::sqrt(static_cast<double>(q.size(3)));
  if (!is_plain(q) || !is_plain_wide(k) || !is_plain_wide(v)) return aten::attention(q, k, v, options.causal, scale);
  const auto out = at::empty(q.sizes(), q.options());
  if (out.numel() == 0) return out;
  if (k.size(1) == 0) return out.zero_();
  const Problem problem{with_contiguous_heads(q),
                        with_contiguous_heads(k),
                        with_contiguous_heads(v),
                        out,
                        options.causal,
                        static_cast<float>(scale),
                        q.size(0),
                        q.size(1),
                        k.size(1),
                        q.size(2),
                        k.size(2),
                        q.size(2) / k.size(2),
                        q.size(3)};
  problem.queries* problem.group <= cpu::kGroup ? attend_few(problem) : attend_many(problem);
  return out;
}

}  // namespace gvl::ops
