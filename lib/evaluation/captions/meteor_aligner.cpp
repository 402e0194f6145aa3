/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "evaluation/captions/meteor_aligner.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>
#include <optional>
#include <tuple>
#include <utility>

namespace gvl::evaluation {
namespace {

constexpr std::size_t kBeam = 40;
constexpr std::array<double, 4> kSearchWeights{1, 0.5, 0.5, 0.5};

/** A match that was chosen, and those before it. */
struct Taken {
  MeteorMatch match;
  std::shared_ptr<const Taken> before;
};

/** An alignment of the reference's words up to some place. */
struct Path {
  std::shared_ptr<const Taken> last;
  std::vector<bool> used, hypothesis_used;         // words
  int weight = 0, hypothesis_weight = 0;           // of the words matched, in each sentence
  int chunks = 0;                                  // that are complete
  std::size_t next = 0;                            // the reference's word that the next match may begin at
  std::optional<std::size_t> hypothesis_position;  // behind the last match, while a chunk goes on
  long distance = 0;

  bool can_take(const MeteorMatch& match) const {
    for (std::size_t i = 0; i < match.length; ++i)
      if (used[match.start + i]) return false;
    for (std::size_t i = 0; i < match.hypothesis_length; ++i)
      if (hypothesis_used[match.hypothesis_start + i]) return false;
    return true;
  }

  void reserve(const MeteorMatch& match) {
    for (std::size_t i = 0; i < match.length; ++i) used[match.start + i] = true;
    for (std::size_t i = 0; i < match.hypothesis_length; ++i) hypothesis_used[match.hypothesis_start + i] = true;
  }

  /** Weights are cut to whole numbers at each addition, as METEOR's are. */
  void take(const MeteorMatch& match) {
    last = std::make_shared<const Taken>(Taken{match, std::move(last)});
    weight = static_cast<int>(weight + static_cast<double>(match.length) * kSearchWeights[match.module]);
    hypothesis_weight = static_cast<int>(hypothesis_weight +
                                         static_cast<double>(match.hypothesis_length) * kSearchWeights[match.module]);
    if (hypothesis_position && match.hypothesis_start != *hypothesis_position) ++chunks;
    next = match.start + match.length;
    hypothesis_position = match.hypothesis_start + match.hypothesis_length;
  }

  void end_chunk() {
    if (hypothesis_position) ++chunks;
    hypothesis_position.reset();
  }

  auto rank() const { return std::tuple(-weight - hypothesis_weight, chunks, distance); }
};

long distance_of(const MeteorMatch& match) {
  return std::labs(static_cast<long>(match.start) - static_cast<long>(match.hypothesis_start));
}

void keep_best(std::vector<Path>& paths) {
  std::stable_sort(paths.begin(), paths.end(), [](const Path& a, const Path& b) { return a.rank() < b.rank(); });
  paths.erase(paths.begin() + static_cast<std::ptrdiff_t>(std::min(paths.size(), kBeam)), paths.end());
}

/** The matches that are certain, by where they begin: alone there, and of words that nothing else matches. */
using CertainMatches = std::vector<std::optional<MeteorMatch>>;

CertainMatches certain_matches(const MeteorMatches& matches, std::size_t hypothesis_words) {
  std::vector<int> covered(matches.size()), hypothesis_covered(hypothesis_words);
  for (const auto& here : matches) {
    for (const MeteorMatch& match : here) {
      for (std::size_t i = 0; i < match.length; ++i) ++covered[match.start + i];
      for (std::size_t i = 0; i < match.hypothesis_length; ++i) ++hypothesis_covered[match.hypothesis_start + i];
    }
  }
  const auto are_alone = [](const std::vector<int>& counts, std::size_t start, std::size_t length) {
    const auto first = counts.begin() + static_cast<std::ptrdiff_t>(start);
    return std::all_of(first, first + static_cast<std::ptrdiff_t>(length), [](int count) { return count == 1; });
  };
  CertainMatches certain(matches.size());
  for (const auto& here : matches) {
    if (here.size() != 1) continue;
    const MeteorMatch& match = here.front();
    if (are_alone(covered, match.start, match.length) &&
        are_alone(hypothesis_covered, match.hypothesis_start, match.hypothesis_length)) {
      certain[match.start] = match;
    }
  }
  return certain;
}

/** What becomes of a path at a word of the reference, added to `to`. */
void advance(Path path, std::size_t word, const std::vector<MeteorMatch>& here, const CertainMatches& certain,
             std::vector<Path>& to) {
  if (path.used[word]) {
    if (word >= path.next) {
      const std::optional<MeteorMatch>& match = certain[path.next];
      if (!match) return;
      path.take(*match);
      path.distance += distance_of(*match);
    }
    return to.push_back(std::move(path));
  }
  for (const MeteorMatch& match : here) {
    if (!path.can_take(match)) continue;
    Path taken = path;
    taken.reserve(match);
    taken.take(match);
    to.push_back(std::move(taken));
    // METEOR adds the distance here, to the path that goes on without this match, not to the one that takes it.
    path.distance += distance_of(match);
  }
  path.end_chunk();
  ++path.next;
  to.push_back(std::move(path));
}

std::size_t chunks_of(const std::vector<MeteorMatch>& matches) {
  std::size_t chunks = 0;
  for (std::size_t i = 0; i < matches.size(); ++i) {
    const bool adjoins =
        i > 0 && matches[i].start == matches[i - 1].start + matches[i - 1].length &&
        matches[i].hypothesis_start == matches[i - 1].hypothesis_start + matches[i - 1].hypothesis_length;
    chunks += !adjoins;
  }
  return chunks;
}

}  // namespace

MeteorAlignment align_for_meteor(const MeteorMatches& matches, std::size_t hypothesis_words) {
  const CertainMatches certain = certain_matches(matches, hypothesis_words);
  std::vector<Path> paths(1);
  paths[0].used.resize(matches.size());
  paths[0].hypothesis_used.resize(hypothesis_words);
  for (const auto& match : certain) {
    if (match) paths[0].reserve(*match);
  }
  for (std::size_t word = 0; word < matches.size(); ++word) {
    keep_best(paths);
    std::vector<Path> next;
    for (const Path& path : paths) advance(path, word, matches[word], certain, next);
    if (next.empty()) next.push_back(std::move(paths.front()));
    paths = std::move(next);
  }
  keep_best(paths);
  for (Path& path : paths) path.end_chunk();
  keep_best(paths);
  MeteorAlignment alignment;
  for (const Taken* taken = paths.front().last.get(); taken; taken = taken->before.get())
    alignment.matches.push_back(taken->match);
  std::reverse(alignment.matches.begin(), alignment.matches.end());
  alignment.chunks = chunks_of(alignment.matches);
  return alignment;
}

}  // namespace gvl::evaluation
