/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "detector-errors/clean.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>
#include <string>

#include "detector-errors/statistics.hpp"
#include "gvl/error.hpp"

namespace gvl::benchmarks {
namespace {

constexpr std::array kLevels{0.1F, 0.2F, 0.3F, 0.5F};
constexpr float kSameThing = 0.3F;

struct Level {
  std::size_t objects = 0;
  std::size_t pictures = 0;  ///< with such an object
  std::size_t followed = 0;  ///< objects whose next keyframe has the same class at their place
  std::size_t not_last = 0;  ///< objects that have a next keyframe
  std::vector<float> sizes;
  std::array<std::size_t, vision::kCocoClasses> classes{};
};

bool is_there_again(const vision::Detection& object, const vision::SeenPicture& next) {
  return std::any_of(next.objects.begin(), next.objects.end(), [&](const vision::Detection& other) {
    return other.best_class() == object.best_class() && other.best_score() >= kLevels.front() &&
           vision::overlap(other.box, object.box) >= kSameThing;
  });
}

void count(const vision::SeenPicture& picture, const vision::SeenPicture* next, float least, Level& level) {
  bool any = false;
  for (const vision::Detection& object : picture.objects) {
    if (object.best_score() < least) continue;
    any = true;
    ++level.objects;
    ++level.classes[object.best_class()];
    level.sizes.push_back(size_of(object.box));
    if (next == nullptr) continue;
    ++level.not_last;
    level.followed += is_there_again(object, *next) ? 1 : 0;
  }
  level.pictures += any ? 1 : 0;
}

double ratio(std::size_t a, std::size_t b) { return b == 0 ? 0 : static_cast<double>(a) / static_cast<double>(b); }

std::string ranked_classes(const Level& level) {
  constexpr std::size_t kMost = 20;
  std::vector<std::pair<std::size_t, std::size_t>> ranked;
  for (std::size_t i = 0; i < level.classes.size(); ++i) {
    if (level.classes[i] > 0) ranked.emplace_back(level.classes[i], i);
  }
  std::sort(ranked.rbegin(), ranked.rend());
  std::string text;
  for (std::size_t i = 0; i < std::min(ranked.size(), kMost); ++i) {
    text += (i > 0 ? ", " : "") + std::string(kClassNames[ranked[i].second]) + " " + std::to_string(ranked[i].first);
  }
  return text;
}

}  // namespace

std::vector<std::filesystem::path> read_list(const std::filesystem::path& list) {
  std::ifstream stream(list);
  if (!stream) throw Error(ErrorCode::kNotFound, list.string() + ": cannot be read");
  std::vector<std::filesystem::path> files;
  for (std::string line; std::getline(stream, line);) {
    if (!line.empty()) files.push_back(list.parent_path() / line);
  }
  if (files.empty()) throw Error(ErrorCode::kMalformed, list.string() + ": names no file");
  return files;
}

void print_false_positives(const Detector& detector, const std::filesystem::path& list, std::int64_t keyframes,
                           std::int64_t objects) {
  const auto files = read_list(list);
  std::array<Level, kLevels.size()> levels;
  std::vector<float> strongest;
  std::printf("Nothing there\n\nfilm | pictures | objects >= 0.1 a picture | strongest, deciles\n");
  for (const auto& file : files) {
    const auto seen = detector.look(read_keyframes(file, keyframes).pictures, objects);
    const std::size_t before = levels[0].objects, first = strongest.size();
    for (std::size_t i = 0; i < seen.size(); ++i) {
      strongest.push_back(seen[i].objects.empty() ? 0 : seen[i].objects[0].best_score());
      const vision::SeenPicture* next = i + 1 < seen.size() ? &seen[i + 1] : nullptr;
      for (std::size_t j = 0; j < kLevels.size(); ++j) count(seen[i], next, kLevels[j], levels[j]);
    }
    const std::vector<float> own(strongest.begin() + static_cast<std::ptrdiff_t>(first), strongest.end());
    std::printf("%s | %zu | %.2f | %s\n", file.filename().c_str(), seen.size(),
                ratio(levels[0].objects - before, seen.size()), deciles(own).c_str());
  }
  std::printf("all | %zu | %.2f | %s\n\n", strongest.size(), ratio(levels[0].objects, strongest.size()),
              deciles(strongest).c_str());
  std::printf("score | objects a picture | pictures with one | there again (>= 0.1) | size, deciles | classes\n");
  for (std::size_t j = 0; j < kLevels.size(); ++j) {
    const Level& level = levels[j];
    std::printf(">= %.1f | %.3f | %.3f | %.3f | %s | %s\n", kLevels[j], ratio(level.objects, strongest.size()),
                ratio(level.pictures, strongest.size()), ratio(level.followed, level.not_last),
                deciles(level.sizes).c_str(), ranked_classes(level).c_str());
  }
}

}  // namespace gvl::benchmarks
