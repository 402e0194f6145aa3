/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <vector>

#include "ops/aten.hpp"
#include "ops/attention_parts.hpp"
#include "ops/cpu/kernels.hpp"
#include "ops/cpu/parallel.hpp"
#include "ops/dispatch.hpp"
#include "ops/ops.hpp"
#include "ops/partition.hpp"

namespace gvl::ops {
namespace {

using Problem = AttentionProblem;

void attend_few(const Problem& p, at::Tensor& out) {
  const FewQueries few(p);
  cpu::for_each_item(few.items(), [&](int64_t item) { few.attend(item); });
  cpu::for_each_item(p.batch * p.queries * p.heads, [&](int64_t row) {
    const int64_t query = row / p.heads % p.queries;
    const cpu::PartialRanges results = few.results_of(row / p.heads / p.queries, query, row % p.heads);
    cpu::kernels().merge_ranges(&results, 1, p.head_size, out.data_ptr<float>() + row * p.head_size);
  });
}

double scale_of(const at::Tensor& q, const AttentionOptions& options) {
  return options.scale != 0 ? options.scale : 1 / std::sqrt(static_cast<double>(q.size(3)));
}

void check(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, bool causal) {
  TORCH_CHECK(q.dim() == 4 && k.dim() == 4 && v.sizes() == k.sizes(), "attention: q ", q.sizes(), ", k ", k.sizes(),
              ", v ", v.sizes());
  TORCH_CHECK(q.size(0) == k.size(0) && q.size(3) == k.size(3) && k.size(2) > 0 && q.size(2) % k.size(2) == 0,
              "attention: q ", q.sizes(), " does not fit k ", k.sizes());
  TORCH_CHECK(!causal || k.size(1) >= q.size(1), "attention: causal with more queries than keys");
}

// Behind a prefix.

void check(const at::Tensor& q, const KeysValues& prefix, const std::vector<Continuation>& sequences) {
  check(q, prefix.k, prefix.v, false);
  TORCH_CHECK(q.size(0) == 1, "attention behind a prefix: q ", q.sizes());
  int64_t row = 0;
  for (const Continuation& sequence : sequences) {
    const int64_t left = q.size(1) - row;
    TORCH_CHECK(sequence.queries > 0 && sequence.queries <= left, "attention behind a prefix: q ", q.sizes(),
                " has fewer rows than its sequences");
    check(q.narrow(1, row, sequence.queries), sequence.own.k, sequence.own.v, true);
    TORCH_CHECK(sequence.own.k.size(2) == prefix.k.size(2), "attention behind a prefix: k ", sequence.own.k.sizes(),
                " does not fit ", prefix.k.sizes());
    row += sequence.queries;
  }
  TORCH_CHECK(row == q.size(1), "attention behind a prefix: q ", q.sizes(), " has rows of no sequence");
}

bool is_plain(const KeysValues& x) { return is_plain_wide(x.k) && is_plain_wide(x.v); }

/** What of `q` a part of the keys is attended by, and which of its rows these are. */
struct PartOfQueries {
  Problem problem;
  int64_t row;
};

/** Of the prefix's rows some at a time, so that a range of keys serves them while it is in the cache. */
std::vector<PartOfQueries> parts_of(const at::Tensor& q, const KeysValues& prefix, double scale) {
  const int64_t group = q.size(2) / prefix.k.size(2), most = std::max<int64_t>(1, cpu::kGroup / group);
  std::vector<PartOfQueries> parts;
  for (int64_t row = 0; row < q.size(1); row += most) {
    const int64_t count = std::min(most, q.size(1) - row);
    parts.push_back({Problem(q.narrow(1, row, count), prefix.k, prefix.v, false, scale), row});
  }
  return parts;
}

std::vector<PartOfQueries> parts_of(const at::Tensor& q, const std::vector<Continuation>& sequences, double scale) {
  std::vector<PartOfQueries> parts;
  int64_t row = 0;
  for (const Continuation& each : sequences) {
    parts.push_back({Problem(q.narrow(1, row, each.queries), each.own.k, each.own.v, true, scale), row});
    row += each.queries;
  }
  return parts;
}

/** Rows of parts in few queries each, and who attends them. */
class FewParts {
 public:
  FewParts(const std::vector<PartOfQueries>& parts, int64_t rows) : parts_(parts), part_of_row_(rows) {
    for (std::size_t i = 0; i < parts.size(); ++i) {
      few_.emplace_back(parts[i].problem);
      for (int64_t row = 0; row < parts[i].problem.queries; ++row) part_of_row_[parts[i].row + row] = i;
    }
  }

  int64_t items() const { return few_.empty() ? 0 : static_cast<int64_t>(few_.size()) * most_items(); }
  /** Parts take turns, as those of a prefix read the same keys. */
  void attend(int64_t item) const {
    const auto count = static_cast<int64_t>(few_.size());
    const FewQueries& few = few_[item % count];
    if (item / count < few.items()) few.attend(item / count);
  }
  cpu::PartialRanges results_of(int64_t row, int64_t head) const {
    const std::size_t part = part_of_row_[row];
    return few_[part].results_of(0, row - parts_[part].row, head);
  }

 private:
  int64_t most_items() const {
    int64_t most = 0;
    for (const FewQueries& few : few_) most = std::max(most, few.items());
    return most;
  }

  const std::vector<PartOfQueries>& parts_;
  std::vector<FewQueries> few_;
  std::vector<std::size_t> part_of_row_;
};

/** Few rows: the prefix is read where it lies, once for some rows together. */
void attend_few_behind(const std::vector<PartOfQueries>& prefix, const std::vector<PartOfQueries>& own,
                       at::Tensor& out) {
  const int64_t rows = out.size(1), heads = out.size(2), head_size = out.size(3);
  const FewParts of_prefix(prefix, rows), of_own(own, rows);
  const int64_t items = of_prefix.items();
  cpu::for_each_item(items + of_own.items(),
                     [&](int64_t item) { item < items ? of_prefix.attend(item) : of_own.attend(item - items); });
  cpu::for_each_item(rows * heads, [&](int64_t item) {
    const cpu::PartialRanges results[] = {of_prefix.results_of(item / heads, item % heads),
                                          of_own.results_of(item / heads, item % heads)};
    cpu::kernels().merge_ranges(results, 2, head_size, out.data_ptr<float>() + item * head_size);
  });
}

/** Many rows: keys are packed, the prefix's once for all. */
void attend_many_behind(const Problem& prefix, const std::vector<PartOfQueries>& own, at::Tensor& out) {
  const int64_t rows = out.size(1) * out.size(2), head_size = out.size(3), row_size = head_size + 2;
  const auto partial = at::empty({2, rows, row_size}, at::kFloat);
  float* of_prefix = partial.data_ptr<float>();
  float* of_own = of_prefix + rows * row_size;
  attend_many(prefix, {of_prefix, row_size, true});
  for (const PartOfQueries& part : own) {
    attend_many(part.problem, {of_own + part.row * out.size(2) * row_size, row_size, true});
  }
  cpu::for_each_range(rows, row_size, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      const cpu::PartialRanges results{of_prefix + row * row_size, 2, rows * row_size};
      cpu::kernels().merge_ranges(&results, 1, head_size, out.data_ptr<float>() + row * head_size);
    }
  });
}

}  // namespace

at::Tensor attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const AttentionOptions& options) {
  check(q, k, v, options.causal);
  const double scale = scale_of(q, options);
  if (!is_plain(q) || !is_plain_wide(k) || !is_plain_wide(v)) return aten::attention(q, k, v, options.causal, scale);
  auto out = at::empty(q.sizes(), q.options());
  if (out.numel() == 0) return out;
  if (k.size(1) == 0) return out.zero_();
  const Problem problem(q, k, v, options.causal, scale);
  if (problem.has_few_queries()) {
    attend_few(problem, out);
  } else {
    attend_many(problem, {out.data_ptr<float>(), problem.head_size, false});
  }
  return out;
}

at::Tensor attention_behind(const at::Tensor& q, const KeysValues& prefix, const std::vector<Continuation>& sequences) {
  check(q, prefix, sequences);
  if (sequences.size() == 1 && prefix.k.size(1) == 0) {
    return attention(q, sequences[0].own.k, sequences[0].own.v, {.causal = true});
  }
  const double scale = scale_of(q, {});
  bool all_plain = is_plain(q) && is_plain(prefix);
  for (const Continuation& each : sequences) all_plain = all_plain && is_plain(each.own);
  if (!all_plain) return aten::attention_behind(q, prefix, sequences, scale);
  auto out = at::empty(q.sizes(), q.options());
  if (out.numel() == 0) return out;
  const auto own = parts_of(q, sequences, scale);
  // Up to so many rows of a head, reading keys where they lie costs less than packing them.
  constexpr int64_t kFewRows = 4 * cpu::kGroup;
  const bool all_few =
      std::all_of(own.begin(), own.end(), [](const auto& part) { return part.problem.has_few_queries(); });
  if (all_few && q.size(1) * own.front().problem.group <= kFewRows) {
    attend_few_behind(parts_of(q, prefix, scale), own, out);
  } else {
    attend_many_behind(Problem(q, prefix.k, prefix.v, false, scale), own, out);
  }
  return out;
}

}  // namespace gvl::ops
