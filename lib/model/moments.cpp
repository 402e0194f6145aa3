/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/moments.hpp"

#include <algorithm>
#include <cstddef>
#include <numeric>

namespace gvl::model {
namespace {

constexpr double kLeastShare = 0.25;  // of the highest peak's mass
constexpr double kLeastMass = 0.05;

}  // namespace

std::vector<StartPeak> start_peaks(std::span<const float> first, std::int64_t radius, std::size_t most) {
  std::vector<float> left(first.begin(), first.end());
  std::vector<StartPeak> peaks;
  while (peaks.size() < most) {
    const auto highest = std::max_element(left.begin(), left.end());
    const std::int64_t token = highest - left.begin();
    const std::int64_t low = std::max<std::int64_t>(token - radius, 0);
    const std::int64_t high = std::min<std::int64_t>(token + radius, static_cast<std::int64_t>(left.size()) - 1);
    const auto begin = left.begin() + low, end = left.begin() + high + 1;
    const StartPeak peak{token, low, high, std::accumulate(begin, end, 0.0)};
    if (peak.mass < kLeastMass || (!peaks.empty() && peak.mass < kLeastShare * peaks.front().mass)) break;
    peaks.push_back(peak);
    std::fill(begin, end, 0.0F);
  }
  return peaks;
}

std::vector<float> within(std::span<const float> all, std::int64_t low, std::int64_t high) {
  const auto part = all.subspan(static_cast<std::size_t>(low), static_cast<std::size_t>(high - low + 1));
  const double mass = std::accumulate(part.begin(), part.end(), 0.0);
  if (mass < kLeastMass) return {};
  std::vector<float> alone(all.size(), 0);
  std::transform(part.begin(), part.end(), alone.begin() + low,
                 [mass](float probability) { return static_cast<float>(probability / mass); });
  return alone;
}

std::int64_t last_stop(const StartPeak& peak, std::span<const StartPeak> peaks, std::int64_t last) {
  for (const StartPeak& other : peaks)
    if (other.token > peak.token) last = std::min(last, other.token - 1);
  return last;
}

}  // namespace gvl::model
