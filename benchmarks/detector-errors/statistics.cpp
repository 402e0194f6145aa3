/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "detector-errors/statistics.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "detector.hpp"

namespace gvl::benchmarks {
namespace {

constexpr float kMissed = 0.1F;

struct SizeRange {
  const char* name;
  float least, most;
};
constexpr SizeRange kSizes[] = {{"not seen", 0, 1e-6F},  {"< 0.1", 1e-6F, 0.1F}, {"0.1-0.2", 0.1F, 0.2F},
                                {"0.2-0.4", 0.2F, 0.4F}, {"> 0.4", 0.4F, 2},     {"all", 0, 2}};

bool is_missed(float score) { return score < kMissed; }

int count_classes(const vision::Detection& seen) {
  return static_cast<int>(
      std::count_if(seen.scores.begin(), seen.scores.end(), [](float score) { return score >= kMissed; }));
}

}  // namespace

std::string deciles(std::vector<float> values) {
  if (values.empty()) return "-";
  std::sort(values.begin(), values.end());
  std::string text;
  for (std::size_t i = 0; i <= 10; ++i) {
    char number[32];
    std::snprintf(number, sizeof(number), "%s%.3f", i > 0 ? " " : "", values[(values.size() - 1) * i / 10]);
    text += number;
  }
  return text;
}

double mean(const std::vector<float>& values) {
  double sum = 0;
  for (const float value : values) sum += value;
  return values.empty() ? 0 : sum / static_cast<double>(values.size());
}

double deviation(const std::vector<float>& values) {
  const double middle = mean(values);
  double sum = 0;
  for (const float value : values) sum += (value - middle) * (value - middle);
  return values.empty() ? 0 : std::sqrt(sum / static_cast<double>(values.size()));
}

double median(std::vector<float> values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + std::ssize(values) / 2;
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

float size_of(const vision::Box& box) { return std::sqrt(box.area()); }

void Sightings::add(const Sighting& sighting) { all_.push_back(sighting); }

void Sightings::print() const {
  print_scores();
  print_kinds();
  print_confusion();
}

void Sightings::print_scores() const {
  std::printf("size | things | score of the true class, deciles | missed (< 0.1) | place seen as another class\n");
  for (const SizeRange& range : kSizes) {
    std::vector<float> scores, others;
    for (const Sighting& sighting : all_) {
      if (sighting.size < range.least || sighting.size >= range.most) continue;
      scores.push_back(sighting.score());
      others.push_back(sighting.seen && sighting.seen->best_class() != sighting.kind ? sighting.seen->best_score() : 0);
    }
    if (scores.empty()) continue;
    std::printf("%s | %zu | %s | %.3f | %.3f\n", range.name, scores.size(), deciles(scores).c_str(),
                part(scores, is_missed), part(others, [](float score) { return score >= kMissed; }));
  }
}

void Sightings::print_kinds() const {
  std::map<std::size_t, std::vector<float>> by_kind;
  for (const Sighting& sighting : all_) by_kind[sighting.kind].push_back(sighting.score());
  std::printf("\nclass | things | score of the true class, deciles | missed (< 0.1)\n");
  for (const auto& [kind, scores] : by_kind) {
    std::printf("%s | %zu | %s | %.3f\n", kClassNames[kind].data(), scores.size(), deciles(scores).c_str(),
                part(scores, is_missed));
  }
}

void Sightings::print_confusion() const {
  constexpr std::size_t kMostPairs = 20, kFewest = 10;
  std::map<std::pair<std::size_t, std::size_t>, std::vector<float>> ratios;
  std::vector<float> counts, seconds;
  for (const Sighting& sighting : all_) {
    if (is_missed(sighting.score())) continue;
    float second = 0;
    for (std::size_t other = 0; other < kClassNames.size(); ++other) {
      if (other == sighting.kind) continue;
      const float ratio = sighting.seen->scores[other] / sighting.score();
      ratios[{sighting.kind, other}].push_back(ratio);
      second = std::max(second, ratio);
    }
    seconds.push_back(second);
    counts.push_back(static_cast<float>(count_classes(*sighting.seen)));
  }
  std::vector<std::pair<double, std::pair<std::size_t, std::size_t>>> ranked;
  for (const auto& [pair, values] : ratios) {
    if (values.size() >= kFewest) ranked.emplace_back(mean(values), pair);
  }
  std::sort(ranked.rbegin(), ranked.rend());
  if (ranked.size() > kMostPairs) ranked.resize(kMostPairs);
  std::printf("\nOf what is not missed: classes >= 0.1 at its place, median %.0f, deciles %s\n", median(counts),
              deciles(counts).c_str());
  std::printf("strongest other class / true class, deciles %s\n", deciles(seconds).c_str());
  std::printf("\ntrue class | other class | things | other / true, mean | deciles\n");
  for (const auto& [ratio, pair] : ranked) {
    const std::vector<float>& values = ratios[pair];
    std::printf("%s | %s | %zu | %.3f | %s\n", kClassNames[pair.first].data(), kClassNames[pair.second].data(),
                values.size(), ratio, deciles(values).c_str());
  }
}

}  // namespace gvl::benchmarks
