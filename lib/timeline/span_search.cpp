/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "timeline/span_search.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <utility>

#include "gvl/error.hpp"

namespace gvl::timeline {
namespace {

using Curve = std::vector<double>;

// Differences of this size are rounding of float32 products.
constexpr double kLeastDeviation = 1e-6;
// Of neighbours: beyond it a window tells as little as a few samples do.
constexpr double kMostCorrelation = 0.95;

struct Span {
  std::size_t begin = 0;
  std::size_t end = 0;  ///< one behind the last sample
};

Curve smoothed(const Curve& curve, double deviation) {
  if (deviation <= 0) return curve;
  const auto reach = static_cast<std::ptrdiff_t>(std::ceil(3 * deviation));
  const auto size = static_cast<std::ptrdiff_t>(curve.size());
  Curve result(curve.size());
  for (std::ptrdiff_t i = 0; i < size; ++i) {
    double sum = 0, weights = 0;
    for (std::ptrdiff_t j = std::max<std::ptrdiff_t>(i - reach, 0); j <= std::min(i + reach, size - 1); ++j) {
      const double distance = static_cast<double>(j - i) / deviation, weight = std::exp(-0.5 * distance * distance);
      sum += weight * curve[static_cast<std::size_t>(j)];
      weights += weight;
    }
    result[static_cast<std::size_t>(i)] = sum / weights;
  }
  return result;
}

/** sqrt(1/n + 1/m): the error of a difference of means of n and m samples, in units of one sample's. */
double error_of(double n, double m) { return std::sqrt(1 / n + 1 / m); }

/** Looks for the best span of samples that are in none yet. */
class Searcher {
 public:
  Searcher(const Curve& curve, const SpanSearchConfig& config)
      : curve_(smoothed(curve, config.smoothing)), config_(config), taken_(curve.size()), blocked_(curve.size()) {
    sums_.push_back(0);
    for (const double value : curve_) sums_.push_back(sums_.back() + value);
    free_ = static_cast<double>(curve_.size());
    free_sum_ = sums_.back();
  }

  std::optional<Span> best() const {
    std::optional<Span> best;
    double highest = 0;
    const auto shortest = static_cast<std::size_t>(config_.shortest);
    for (std::size_t begin = 0; begin + shortest <= curve_.size(); ++begin) {
      const double rise = config_.rise_weight * rise_at(begin);
      for (std::size_t end = begin + 1; end <= curve_.size() && !blocked_[end - 1]; ++end) {
        const double inside = static_cast<double>(end - begin), around = free_ - inside;
        if (end - begin < shortest || around < static_cast<double>(shortest)) continue;
        const double sum = sums_[end] - sums_[begin];
        const double score = (sum / inside - (free_sum_ - sum) / around) / error_of(inside, around) + rise;
        if (best && score <= highest) continue;
        best = {begin, end};
        highest = score;
      }
    }
    return best;
  }

  /** No later span comes near this one, and it is around none. */
  void take(const Span& span) {
    const auto separation = static_cast<std::size_t>(config_.separation);
    for (std::size_t i = span.begin; i < span.end; ++i) {
      taken_[i] = true;
      free_ -= 1;
      free_sum_ -= curve_[i];
    }
    const std::size_t begin = span.begin - std::min(separation, span.begin);
    for (std::size_t i = begin; i < std::min(span.end + separation, curve_.size()); ++i) blocked_[i] = true;
  }

  const std::vector<bool>& taken() const noexcept { return taken_; }

 private:
  double rise_at(std::size_t begin) const {
    const auto reach = static_cast<std::size_t>(config_.rise_samples);
    const std::size_t before = std::min(reach, begin), behind = std::min(reach, curve_.size() - begin);
    if (before == 0 || behind == 0) return 0;
    const auto n = static_cast<double>(behind), m = static_cast<double>(before);
    const double high = (sums_[begin + behind] - sums_[begin]) / n, low = (sums_[begin] - sums_[begin - before]) / m;
    return (high - low) / error_of(n, m);
  }

  Curve curve_;
  const SpanSearchConfig& config_;
  std::vector<double> sums_;  // of all samples before each
  std::vector<bool> taken_, blocked_;
  double free_ = 0, free_sum_ = 0;  // number and sum of what is not taken
};

double mean_of(const Curve& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return values.empty() ? 0 : sum / static_cast<double>(values.size());
}

/** Deviation from 0, with the correlation of neighbours. */
struct Residuals {
  double deviation = 0;
  double correlation = 0;
};

Residuals residuals_of(const Curve& values, double fitted) {
  double squares = 0, products = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    squares += values[i] * values[i];
    if (i > 0) products += values[i - 1] * values[i];
  }
  const double freedom = std::max(static_cast<double>(values.size()) - fitted, 1.0);
  Residuals residuals{std::max(std::sqrt(squares / freedom), kLeastDeviation), 0};
  if (squares <= 0) return residuals;
  // Of few samples the estimate is too low (Marriott and Pope 1954).
  const double estimate = products / squares, bias = (1 + 3 * estimate) / static_cast<double>(values.size());
  residuals.correlation = std::clamp(estimate + bias, 0.0, kMostCorrelation);
  return residuals;
}

/** The t of a span of `curve`; `others`: samples of other spans, which tell nothing about it. */
double t_of(const Curve& curve, const Span& span, const std::vector<bool>& others) {
  const auto is_inside = [&](std::size_t i) { return i >= span.begin && i < span.end; };
  Curve inside, around;
  for (std::size_t i = 0; i < curve.size(); ++i) {
    if (is_inside(i)) {
      inside.push_back(curve[i]);
    } else if (!others[i]) {
      around.push_back(curve[i]);
    }
  }
  if (inside.empty() || around.empty()) return 0;
  const double high = mean_of(inside), low = mean_of(around);
  Curve rest;
  for (std::size_t i = 0; i < curve.size(); ++i) {
    if (is_inside(i) || !others[i]) rest.push_back(curve[i] - (is_inside(i) ? high : low));
  }
  const Residuals residuals = residuals_of(rest, 2);
  const double independent = std::sqrt((1 + residuals.correlation) / (1 - residuals.correlation));
  const double error = error_of(static_cast<double>(inside.size()), static_cast<double>(around.size()));
  return (high - low) / (residuals.deviation * error * independent);
}

/** What is left of `curve` without the mean of `others`, but for number `without` of them. */
Curve calibrated(const Curve& curve, const std::vector<Curve>& others, std::size_t without) {
  const std::size_t count = others.size() - (without < others.size() ? 1 : 0);
  if (count == 0) return curve;
  Curve result = curve;
  for (std::size_t text = 0; text < others.size(); ++text) {
    if (text == without) continue;
    for (std::size_t i = 0; i < result.size(); ++i) result[i] -= others[text][i] / static_cast<double>(count);
  }
  return result;
}

double deviation_of(const Curve& values, double mean) {
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  return std::sqrt(squares / static_cast<double>(values.size()));
}

/** What the generic texts reach in this window; 0 where there are none to compare. */
double generic_level(const std::vector<Curve>& generic, const SpanSearchConfig& config) {
  if (generic.size() < 2) return 0;
  Curve levels;
  for (std::size_t text = 0; text < generic.size(); ++text) {
    const Curve curve = calibrated(generic[text], generic, text);
    const auto best = Searcher(curve, config).best();
    levels.push_back(best ? t_of(curve, *best, std::vector<bool>(curve.size())) : 0);
  }
  const double mean = mean_of(levels);
  return mean + deviation_of(levels, mean);
}

double noise_level(const WindowSimilarities& similarities, const SpanSearchConfig& config) {
  const double samples = static_cast<double>(similarities.query.size());
  return std::max(std::sqrt(2 * std::log(samples)) + config.noise_margin, generic_level(similarities.generic, config));
}

double match_of(const WindowSimilarities& similarities, const Span& span, double logit_scale) {
  if (similarities.generic.empty()) return 1;
  double sum = 0;
  for (std::size_t i = span.begin; i < span.end; ++i) {
    double others = 0;  // relative to the query's own
    for (const Curve& generic : similarities.generic)
      others += std::exp(logit_scale * (generic[i] - similarities.query[i]));
    sum += 1 / (1 + others / static_cast<double>(similarities.generic.size()));
  }
  return sum / static_cast<double>(span.end - span.begin);
}

void require_equal_lengths(const WindowSimilarities& similarities) {
  for (const Curve& generic : similarities.generic) {
    if (generic.size() == similarities.query.size()) continue;
    throw Error(ErrorCode::kInvalidArgument, "similarities to " + std::to_string(generic.size()) + " and to " +
                                                 std::to_string(similarities.query.size()) + " samples of one window");
  }
}

bool is_finite(const Curve& curve) {
  return std::all_of(curve.begin(), curve.end(), [](double value) { return std::isfinite(value); });
}

/** One call of find_spans(). */
class Finder {
 public:
  Finder(const WindowSimilarities& similarities, const SpanSearchConfig& config, double logit_scale)
      : similarities_(similarities),
        config_(config),
        logit_scale_(logit_scale),
        curve_(calibrated(similarities.query, similarities.generic, similarities.generic.size())),
        noise_(noise_level(similarities, config)) {}

  std::vector<FoundSpan> find(std::size_t most) {
    Searcher searcher(curve_, config_);
    std::vector<Span> spans;
    while (spans.size() < most) {
      const auto next = searcher.best();
      if (!next || (!spans.empty() && evidence(*next, searcher.taken()) < 0.5)) break;
      spans.push_back(*next);
      searcher.take(*next);
    }
    std::vector<FoundSpan> found;
    for (const Span& span : spans) {
      const double confidence = evidence(span, searcher.taken()) * match_of(similarities_, span, logit_scale_);
      found.push_back({span.begin, span.end - 1, confidence});
    }
    std::sort(found.begin(), found.end(), [](const FoundSpan& a, const FoundSpan& b) { return a.first < b.first; });
    return found;
  }

 private:
  double evidence(const Span& span, const std::vector<bool>& others) const {
    return 1 / (1 + std::exp(-config_.steepness * (t_of(curve_, span, others) - noise_)));
  }

  const WindowSimilarities& similarities_;
  const SpanSearchConfig& config_;
  double logit_scale_;
  Curve curve_;
  double noise_;
};

}  // namespace

std::vector<FoundSpan> find_spans(const WindowSimilarities& similarities, const SpanSearchConfig& config,
                                  double logit_scale, std::size_t most) {
  require_equal_lengths(similarities);
  const bool finite =
      is_finite(similarities.query) && std::all_of(similarities.generic.begin(), similarities.generic.end(), is_finite);
  if (!finite || similarities.query.size() < 2 * static_cast<std::size_t>(config.shortest)) return {};
  return Finder(similarities, config, logit_scale).find(most);
}

}  // namespace gvl::timeline
