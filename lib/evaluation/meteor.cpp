/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "evaluation/meteor.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <utility>

namespace gvl::evaluation {
namespace {

constexpr std::size_t kWidest = 1024;
constexpr std::size_t kNarrowest = 40;
constexpr std::size_t kWork = std::size_t{1} << 20;  // words of both sentences times the beam's width
constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();

/** Bytes at `i` that are no part of a word; 0 when a word goes on. */
std::size_t separator_at(std::string_view text, std::size_t i) {
  const auto byte = [&](std::size_t at) { return at < text.size() ? static_cast<unsigned char>(text[at]) : 0U; };
  const unsigned char c = static_cast<unsigned char>(text[i]);
  if (c == 0xE2 && (byte(i + 1) == 0x80 || byte(i + 1) == 0x81) && byte(i + 2) != 0) return 3;  // U+2000 ... U+207F
  const bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c >= 0x80;
  return word ? 0 : 1;
}

/** How often a word occurs in each sentence, and where in the reference. */
struct Occurrences {
  std::size_t in_candidate = 0;
  std::vector<std::size_t> in_reference;
};

/** What of the candidate's words read so far matters for the rest. */
struct State {
  std::string used;              // of each word of the reference: matched already?
  std::size_t previous = kNone;  // the match of the candidate's previous word
  auto operator<=>(const State&) const = default;
};

using Beam = std::map<State, std::size_t>;  // to the fewest chunks

void keep(Beam& beam, State state, std::size_t chunks) {
  const auto [entry, added] = beam.try_emplace(std::move(state), chunks);
  if (!added) entry->second = std::min(entry->second, chunks);
}

void prune(Beam& beam, std::size_t width) {
  if (beam.size() <= width) return;
  std::vector<std::pair<std::size_t, State>> all;
  for (const auto& [state, chunks] : beam) all.emplace_back(chunks, state);
  std::nth_element(all.begin(), all.begin() + width, all.end());
  beam.clear();
  for (std::size_t i = 0; i < width; ++i) beam.emplace(std::move(all[i].second), all[i].first);
}

/** The beam after one more word; `left` of it are still to come in the candidate. */
Beam advance(const Beam& beam, const Occurrences& word, std::size_t left, std::size_t width) {
  Beam next;
  for (const auto& [state, chunks] : beam) {
    std::size_t used = 0;
    for (const std::size_t j : word.in_reference) used += state.used[j] == '1';
    const std::size_t wanted = std::min(word.in_candidate, word.in_reference.size()) - used;
    // Passing a word over must leave enough of its kind for as many matches as there can be.
    if (left >= wanted) keep(next, {state.used, kNone}, chunks);
    for (const std::size_t j : word.in_reference) {
      if (state.used[j] == '1') continue;
      State matched{state.used, j};
      matched.used[j] = '1';
      keep(next, std::move(matched), chunks + (state.previous == kNone || state.previous + 1 != j));
    }
  }
  prune(next, width);
  return next;
}

}  // namespace

std::vector<std::string> words_of(std::string_view sentence) {
  std::vector<std::string> words;
  bool open = false;
  for (std::size_t i = 0; i < sentence.size();) {
    if (const std::size_t separator = separator_at(sentence, i)) {
      open = false;
      i += separator;
      continue;
    }
    if (!open) words.emplace_back();
    open = true;
    const char c = sentence[i++];
    words.back() += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return words;
}

// Most matches as in Banerjee and Lavie (2005); of several such alignments the one with the fewest chunks, as in METEOR
// 1.x (Denkowski and Lavie, "Meteor Universal", WMT 2014), where the paper of 2005 takes the one with fewest crossings.
Alignment align(const std::vector<std::string>& candidate, const std::vector<std::string>& reference) {
  std::map<std::string, Occurrences> words;
  for (const std::string& word : candidate) ++words[word].in_candidate;
  for (std::size_t j = 0; j < reference.size(); ++j) {
    const auto word = words.find(reference[j]);
    if (word != words.end()) word->second.in_reference.push_back(j);
  }
  Alignment alignment;
  std::map<std::string, std::size_t> left;
  for (const auto& [word, where] : words) {
    alignment.matches += std::min(where.in_candidate, where.in_reference.size());
    left[word] = where.in_candidate;
  }
  const std::size_t pairs = std::max<std::size_t>(1, candidate.size() * reference.size());
  const std::size_t width = std::clamp(kWork / pairs, kNarrowest, kWidest);
  Beam beam{{State{std::string(reference.size(), '0')}, 0}};
  for (const std::string& word : candidate) beam = advance(beam, words[word], --left[word], width);
  alignment.chunks = kNone;
  for (const auto& [state, chunks] : beam) alignment.chunks = std::min(alignment.chunks, chunks);
  return alignment;
}

// Banerjee and Lavie, "METEOR: An Automatic Metric for MT Evaluation with Improved Correlation with Human Judgments",
// 2005: Fmean = 10 P R / (R + 9 P), penalty = 0.5 (chunks / matches)^3, score = Fmean (1 - penalty). In METEOR 1.x's
// terms alpha = 0.9, beta = 3, gamma = 0.5.
double meteor(const Alignment& alignment, std::size_t candidate_words, std::size_t reference_words) {
  if (alignment.matches == 0) return 0;
  const auto matches = static_cast<double>(alignment.matches);
  const double precision = matches / static_cast<double>(candidate_words);
  const double recall = matches / static_cast<double>(reference_words);
  const double mean = 10 * precision * recall / (recall + 9 * precision);
  const double fragmentation = static_cast<double>(alignment.chunks) / matches;
  return mean * (1 - 0.5 * fragmentation * fragmentation * fragmentation);
}

double meteor(std::string_view candidate, std::string_view reference) {
  const std::vector<std::string> candidate_words = words_of(candidate);
  const std::vector<std::string> reference_words = words_of(reference);
  return meteor(align(candidate_words, reference_words), candidate_words.size(), reference_words.size());
}

}  // namespace gvl::evaluation
