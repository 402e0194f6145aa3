/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "evaluation/captions/meteor.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "evaluation/captions/english_stemmer.hpp"
#include "evaluation/captions/meteor_aligner.hpp"
#include "evaluation/captions/meteor_words.hpp"
#include "evaluation/captions/paraphrase_table.hpp"
#include "evaluation/captions/wordnet.hpp"
#include "evaluation/unicode.hpp"

namespace gvl::evaluation {
namespace {

constexpr double kAlpha = 0.85, kBeta = 0.2, kGamma = 0.6, kDelta = 0.75;
constexpr std::array<double, kMeteorModules> kWeights{1, 0.6, 0.8, 0.6};

constexpr std::size_t kExact = 0, kStem = 1, kSynonym = 2, kParaphrase = 3;

using Side = MeteorStatistics::Side;
using Synsets = std::vector<std::uint32_t>;

double weighted_words(const Side& side) {
  return kDelta * (side.words - side.function_words) + (1 - kDelta) * side.function_words;
}

// In METEOR's order, so that sums are the same to the last bit.
double weighted_matches(const Side& side) {
  double sum = 0;
  for (std::size_t i = 0; i < kMeteorModules; ++i) sum += side.content_matches[i] * kWeights[i] * kDelta;
  for (std::size_t i = 0; i < kMeteorModules; ++i) sum += side.function_matches[i] * kWeights[i] * (1 - kDelta);
  return sum;
}

/** A sentence, and what the modules compare of it. */
struct Sentence {
  std::vector<std::u32string> words;
  std::vector<std::string> bytes;  // the words in UTF-8
  std::vector<std::u32string> stems;
  std::vector<Synsets> synsets;
  ParaphraseTable::Words numbers;
};

/** As coco-caption hands a hypothesis to METEOR, whose protocol has "|||" between sentences. */
std::string without_separators(std::string_view text) { return encoded(replaced(decoded(text), U"|||", U"")); }

bool share_one(const Synsets& a, const Synsets& b) {
  for (auto i = a.begin(), j = b.begin(); i != a.end() && j != b.end();) {
    if (*i == *j) return true;
    *i < *j ? ++i : ++j;
  }
  return false;
}

/** Matches of single words: `fits(j, i)` says whether the reference's j and the hypothesis' i are one. */
template <typename Fits>
void add_word_matches(std::size_t module, std::size_t hypothesis_words, MeteorMatches& matches, Fits&& fits) {
  for (std::size_t j = 0; j < matches.size(); ++j) {
    for (std::size_t i = 0; i < hypothesis_words; ++i) {
      if (fits(j, i)) matches[j].push_back({j, 1, i, 1, module});
    }
  }
}

/** Calls `visit(start, length, other_start, other_length)` for phrases of `words` whose paraphrase is in `others`. */
template <typename Visit>
void for_each_paraphrase(const ParaphraseTable& table, const ParaphraseTable::Words& words,
                         const ParaphraseTable::Words& others, Visit&& visit) {
  for (std::size_t start = 0; start < words.size(); ++start) {
    for (const auto& [length, paraphrase] : table.paraphrases_at(words, start)) {
      auto found = others.begin();
      while ((found = std::search(found, others.end(), paraphrase->begin(), paraphrase->end())) != others.end()) {
        visit(start, length, static_cast<std::size_t>(found - others.begin()), paraphrase->size());
        ++found;
      }
    }
  }
}

class Meteor : public MeteorCounter {
 public:
  explicit Meteor(const MeteorResources& resources) : wordnet_(resources.wordnet) {
    if (resources.paraphrases) paraphrases_ = ParaphraseTable(*resources.paraphrases);
  }

  MeteorStatistics count(std::string_view hypothesis, std::string_view reference) override {
    const Sentence ours = read(without_separators(hypothesis)), theirs = read(reference);
    const MeteorAlignment alignment = align_for_meteor(matches_of(ours, theirs), ours.words.size());
    MeteorStatistics statistics;
    statistics.hypothesis.words = static_cast<double>(ours.words.size());
    statistics.reference.words = static_cast<double>(theirs.words.size());
    for (const auto& word : ours.words) statistics.hypothesis.function_words += is_function_word(word);
    for (const auto& word : theirs.words) statistics.reference.function_words += is_function_word(word);
    for (const MeteorMatch& match : alignment.matches) {
      add(ours, match.hypothesis_start, match.hypothesis_length, match.module, statistics.hypothesis);
      add(theirs, match.start, match.length, match.module, statistics.reference);
    }
    statistics.chunks = static_cast<double>(alignment.chunks);
    return statistics;
  }

 private:
  Sentence read(std::string_view text) const {
    Sentence sentence;
    sentence.words = meteor_words(text);
    for (const std::u32string& word : sentence.words) {
      sentence.bytes.push_back(encoded(word));
      sentence.stems.push_back(english_stem(word));
      sentence.synsets.push_back(wordnet_.synsets(sentence.bytes.back()));
    }
    sentence.numbers = paraphrases_.numbers_of(sentence.bytes);
    return sentence;
  }

  MeteorMatches matches_of(const Sentence& ours, const Sentence& theirs) const {
    MeteorMatches matches(theirs.words.size());
    const auto equal = [&](std::size_t j, std::size_t i) { return ours.words[i] == theirs.words[j]; };
    add_word_matches(kExact, ours.words.size(), matches, equal);
    if (ours.words == theirs.words) return matches;
    add_word_matches(kStem, ours.words.size(), matches,
                     [&](std::size_t j, std::size_t i) { return ours.stems[i] == theirs.stems[j] && !equal(j, i); });
    add_word_matches(kSynonym, ours.words.size(), matches, [&](std::size_t j, std::size_t i) {
      return !equal(j, i) && share_one(ours.synsets[i], theirs.synsets[j]);
    });
    for_each_paraphrase(paraphrases_, theirs.numbers, ours.numbers, [&](auto start, auto length, auto i, auto size) {
      matches[start].push_back({start, length, i, size, kParaphrase});
    });
    for_each_paraphrase(paraphrases_, ours.numbers, theirs.numbers, [&](auto i, auto size, auto start, auto length) {
      matches[start].push_back({start, length, i, size, kParaphrase});
    });
    return matches;
  }

  static void add(const Sentence& sentence, std::size_t start, std::size_t length, std::size_t module, Side& side) {
    for (std::size_t i = start; i < start + length; ++i) {
      (is_function_word(sentence.words[i]) ? side.function_matches : side.content_matches)[module] += 1;
    }
  }

  WordNet wordnet_;
  ParaphraseTable paraphrases_;
};

}  // namespace

double MeteorStatistics::Side::matches() const noexcept {
  double sum = 0;
  for (std::size_t i = 0; i < kMeteorModules; ++i) sum += content_matches[i] + function_matches[i];
  return sum;
}

bool MeteorStatistics::is_perfect() const noexcept {
  return hypothesis.matches() == hypothesis.words && reference.matches() == reference.words && chunks == 1;
}

void MeteorStatistics::add(const MeteorStatistics& other) noexcept {
  for (Side MeteorStatistics::*side : {&MeteorStatistics::hypothesis, &MeteorStatistics::reference}) {
    Side& to = this->*side;
    const Side& from = other.*side;
    to.words += from.words;
    to.function_words += from.function_words;
    for (std::size_t i = 0; i < kMeteorModules; ++i) {
      to.content_matches[i] += from.content_matches[i];
      to.function_matches[i] += from.function_matches[i];
    }
  }
  if (!other.is_perfect()) chunks += other.chunks;
}

double meteor_score(const MeteorStatistics& statistics) noexcept {
  const double precision = weighted_matches(statistics.hypothesis) / weighted_words(statistics.hypothesis);
  const double recall = weighted_matches(statistics.reference) / weighted_words(statistics.reference);
  const double mean = 1 / ((1 - kAlpha) / precision + kAlpha / recall);
  const double matches = (statistics.hypothesis.matches() + statistics.reference.matches()) / 2;
  const double fragmentation = statistics.is_perfect() ? 0 : statistics.chunks / matches;
  const double score = mean * (1 - kGamma * std::pow(fragmentation, kBeta));
  return std::isnan(score) ? 0 : std::max(score, 0.0);
}

std::unique_ptr<MeteorCounter> make_meteor(const MeteorResources& resources) {
  return std::make_unique<Meteor>(resources);
}

}  // namespace gvl::evaluation
