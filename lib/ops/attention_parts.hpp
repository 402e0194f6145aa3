/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "ops/cpu/kernels.hpp"

/** Attention by the kernels of ops/cpu, whole or in parts that are combined afterwards. Internal to ops/. */
namespace gvl::ops {

struct AttentionProblem {
  AttentionProblem(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, bool causal, double scale);

  at::Tensor q, k, v;  ///< with contiguous heads
  bool causal;
  float scale;
  std::int64_t batch, queries, keys, heads, kv_heads, group, head_size;

  /** Keys that a query sees. */
  std::int64_t visible(std::int64_t query) const { return causal ? keys - queries + query + 1 : keys; }
  /** Whether keys and values are read where they lie, rather than packed for products. */
  bool has_few_queries() const { return queries * group <= cpu::kGroup; }
};

/**
 * Few queries, of which has_few_queries() holds: keys and values are read once, where they lie, in ranges whose results
 * are partial. `problem` must outlive it.
 */
class FewQueries {
 public:
  explicit FewQueries(const AttentionProblem& problem);

  /** Pieces of work; each is done by one call of attend(), from any thread. */
  std::int64_t items() const noexcept { return items_; }
  void attend(std::int64_t item) const;

  /** What its ranges say about a head of a query, when all items are done. */
  cpu::PartialRanges results_of(std::int64_t sequence, std::int64_t query, std::int64_t head) const;

 private:
  float* partial_of(std::int64_t sequence, std::int64_t range, std::int64_t row) const;

  const AttentionProblem& p_;
  std::int64_t range_heads_, range_keys_, ranges_, head_parts_, rows_, all_rows_, row_size_, items_;
  at::Tensor by_head_, partial_;
  std::vector<std::int64_t> visible_;
};

/** Where attend_many() writes: head h of query i of a sequence goes to `data` + its place times `row_size`. */
struct AttentionRows {
  float* data;
  std::int64_t row_size;
  bool is_partial;  ///< the result with greatest score and sum of weights, as cpu::merge_ranges takes it
};

/** Many queries: keys and values are packed once, then tiles of queries pass over them. Rows are [batch, query, head].
 */
void attend_many(const AttentionProblem& problem, const AttentionRows& out);

}  // namespace gvl::ops
