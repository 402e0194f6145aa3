/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "timeline/presence_search.hpp"

#include <algorithm>
#include <numeric>

namespace gvl::timeline {
namespace {

using Scores = std::vector<double>;

double mean(const Scores& scores, std::size_t begin, std::size_t end) {
  const auto at = [&](std::size_t i) { return scores.begin() + static_cast<std::ptrdiff_t>(i); };
  return begin == end ? 0 : std::accumulate(at(begin), at(end), 0.0) / static_cast<double>(end - begin);
}

Scores smoothed(const Scores& scores, std::size_t width) {
  const std::size_t reach = width / 2;
  Scores means;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    means.push_back(mean(scores, i - std::min(i, reach), std::min(i + reach + 1, scores.size())));
  }
  return means;
}

double highest(const Scores& scores) { return scores.empty() ? 0 : *std::max_element(scores.begin(), scores.end()); }

/** Where no more than `gap` samples lie lower than what is on both sides of them, they are as high: a closing. */
Scores without_gaps(const Scores& scores, std::size_t gap) {
  const std::size_t count = scores.size();
  Scores dilated(scores), closed(scores);
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t j = i - std::min(i, gap); j < i; ++j) dilated[i] = std::max(dilated[i], scores[j]);
  }
  for (std::size_t i = 0; i < count; ++i) {
    closed[i] = dilated[i];
    for (std::size_t j = i; j < std::min(i + gap + 1, count); ++j) closed[i] = std::min(closed[i], dilated[j]);
    closed[i] = std::max(closed[i], scores[i]);
  }
  return closed;
}

std::vector<FoundSpan> surest(std::vector<FoundSpan> spans, std::size_t most, bool by_length) {
  const auto weight = [&](const FoundSpan& span) {
    return span.confidence * (by_length ? static_cast<double>(span.last - span.first + 1) : 1);
  };
  std::stable_sort(spans.begin(), spans.end(), [&](const auto& a, const auto& b) { return weight(a) > weight(b); });
  spans.resize(std::min(spans.size(), most));
  std::sort(spans.begin(), spans.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  return spans;
}

}  // namespace

std::vector<FoundSpan> find_presence(const Scores& scores, const PresenceSearch& search, std::size_t most) {
  const Scores smooth = smoothed(scores, search.smoothing);
  const double top = highest(smooth);
  if (top <= 0) return {};
  std::vector<FoundSpan> spans;
  for (std::size_t i = 0; i < smooth.size(); ++i) {
    if (smooth[i] < search.part * top) continue;
    if (!spans.empty() && i - spans.back().last <= search.gap + 1) {
      spans.back().last = i;
    } else {
      spans.push_back({i, i});
    }
  }
  for (FoundSpan& span : spans) span.confidence = mean(smooth, span.first, span.last + 1);
  return surest(std::move(spans), most, true);
}

std::vector<FoundSpan> find_arrivals(const Scores& seen, const PresenceSearch& search, std::size_t most) {
  const Scores scores = without_gaps(seen, search.gap);
  const double least = search.part * highest(smoothed(scores, search.smoothing));
  if (least <= 0) return {};
  std::vector<FoundSpan> rises;
  for (std::size_t i = 1; i < scores.size(); ++i) {
    const double behind = mean(scores, i, std::min(i + search.change, scores.size()));
    const double before = mean(scores, i - std::min(i, search.change), i);
    const std::size_t first = i - std::min(i, search.change / 2);
    const std::size_t last = std::min(first + search.change, scores.size()) - 1;
    if (behind - before >= least) rises.push_back({first, last, behind - before});
  }
  std::stable_sort(rises.begin(), rises.end(),
                   [](const auto& a, const auto& b) { return a.confidence > b.confidence; });
  // Beside the sharpest of neighbouring rises the others are the same one.
  std::vector<FoundSpan> apart;
  for (const FoundSpan& rise : rises) {
    const auto touches = [&](const FoundSpan& other) { return rise.first <= other.last && other.first <= rise.last; };
    if (std::none_of(apart.begin(), apart.end(), touches)) apart.push_back(rise);
  }
  return surest(std::move(apart), most, false);
}

std::vector<FoundSpan> find_departures(Scores scores, const PresenceSearch& search, std::size_t most) {
  std::reverse(scores.begin(), scores.end());
  std::vector<FoundSpan> spans = find_arrivals(scores, search, most);
  for (FoundSpan& span : spans) {
    span = {scores.size() - 1 - span.last, scores.size() - 1 - span.first, span.confidence};
  }
  std::reverse(spans.begin(), spans.end());
  return spans;
}

}  // namespace gvl::timeline
