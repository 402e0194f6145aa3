/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gvl::evaluation {

/** METEOR's modules, in the order in which they look for matches. */
inline constexpr std::size_t kMeteorModules = 4;  // exact, stem, synonym, paraphrase

/** What METEOR counts in a hypothesis and a reference, in words. Sums of these are what its corpus score is of. */
struct MeteorStatistics {
  /** Of one of the two sentences. */
  struct Side {
    double words = 0;
    double function_words = 0;
    std::array<double, kMeteorModules> content_matches{};
    std::array<double, kMeteorModules> function_matches{};

    double matches() const noexcept;
  };

  Side hypothesis, reference;
  double chunks = 0;

  /** Whether the two are equal as far as METEOR sees. */
  bool is_perfect() const noexcept;
  /** As METEOR adds them: a pair that is perfect adds no chunk. */
  void add(const MeteorStatistics& other) noexcept;
};

/**
 * METEOR 1.5 of counts, in [0, 1], with the parameters of `-l en`: alpha 0.85, beta 0.2, gamma 0.6, delta 0.75 and
 * module weights 1, 0.6, 0.8, 0.6 (Denkowski and Lavie, "Meteor Universal", WMT 2014). 0 where nothing matches.
 */
double meteor_score(const MeteorStatistics& statistics) noexcept;

/** Says what METEOR counts. */
class MeteorCounter {
 public:
  virtual ~MeteorCounter() = default;
  /** Of two sentences in UTF-8. */
  virtual MeteorStatistics count(std::string_view hypothesis, std::string_view reference) = 0;
};

/** Where METEOR's resources are. */
struct MeteorResources {
  std::filesystem::path wordnet;                     ///< WordNet's folder
  std::optional<std::filesystem::path> paraphrases;  ///< METEOR's table; none: the module finds nothing
};

/**
 * METEOR 1.5 with `-l en -norm` as edu.cmu.meteor computes it, its beam search included: weights of the modules are
 * truncated to whole numbers there, so that a match of single words that is none of equal words counts nothing against
 * a chunk more. Throws what WordNet and ParaphraseTable throw.
 */
std::unique_ptr<MeteorCounter> make_meteor(const MeteorResources& resources);

}  // namespace gvl::evaluation
