/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scenes/watch/spans.hpp"

#include <algorithm>
#include <utility>

namespace gvl::scenes {

Spans merged(Spans spans, double gap) {
  std::erase_if(spans, [](const TimeRange& span) { return span.stop <= span.start; });
  std::sort(spans.begin(), spans.end(), [](const TimeRange& a, const TimeRange& b) { return a.start < b.start; });
  Spans result;
  for (const TimeRange& span : spans) {
    const bool joins = !result.empty() && (span.start <= result.back().stop || span.start - result.back().stop < gap);
    if (joins) {
      result.back().stop = std::max(result.back().stop, span.stop);
    } else {
      result.push_back(span);
    }
  }
  return result;
}

Spans intersection(const Spans& a, const Spans& b) {
  Spans result;
  for (auto one = a.begin(), other = b.begin(); one != a.end() && other != b.end();) {
    const TimeRange shared{std::max(one->start, other->start), std::min(one->stop, other->stop)};
    if (shared.stop > shared.start) result.push_back(shared);
    one->stop < other->stop ? void(++one) : void(++other);
  }
  return result;
}

Spans complement(const Spans& spans, double start, double stop) {
  Spans result;
  for (const TimeRange& span : spans) {
    if (span.start > start) result.push_back({start, std::min(span.start, stop)});
    start = std::max(start, span.stop);
  }
  result.push_back({start, stop});
  return merged(std::move(result));
}

Spans covered(const std::vector<const Spans*>& sets, std::size_t count) {
  std::vector<std::pair<double, int>> steps;
  for (const Spans* spans : sets) {
    for (const TimeRange& span : *spans) {
      steps.emplace_back(span.start, 1);
      steps.emplace_back(span.stop, -1);
    }
  }
  std::sort(steps.begin(), steps.end());
  Spans result;
  int depth = 0;
  for (const auto& [time, step] : steps) {
    const int needed = static_cast<int>(count);
    if (step > 0 && depth + 1 == needed) result.push_back({time, time});
    if (step < 0 && depth == needed) result.back().stop = time;
    depth += step;
  }
  return merged(std::move(result));
}

double length(const TimeRange& span) noexcept { return span.stop - span.start; }

double total_length(const Spans& spans) noexcept {
  double sum = 0;
  for (const TimeRange& span : spans) sum += length(span);
  return sum;
}

double overlap_ratio(const TimeRange& a, const TimeRange& b) noexcept {
  const double shared = std::min(a.stop, b.stop) - std::max(a.start, b.start);
  const double either = std::max(a.stop, b.stop) - std::min(a.start, b.start);
  return either > 0 ? std::max(0.0, shared) / either : 1;
}

}  // namespace gvl::scenes
