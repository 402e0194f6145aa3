/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "evaluation/captions/caption_metrics.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <sstream>
#include <string_view>

namespace gvl::evaluation {
namespace {

constexpr std::size_t kLongest = 4;  // words of an n-gram

using Words = std::vector<std::string>;
using Counts = std::map<Words, double>;

Words split(const std::string& text) {
  std::istringstream stream(text);
  Words words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

Counts counts_of(const Words& words, std::size_t n) {
  Counts counts;
  for (auto start = words.begin(); words.end() - start >= static_cast<std::ptrdiff_t>(n); ++start)
    counts[Words(start, start + static_cast<std::ptrdiff_t>(n))] += 1;
  return counts;
}

/** The n-grams of a sentence with their weights, for each n. */
struct Vector {
  std::array<Counts, kLongest> weights;
  std::array<double, kLongest> norms{};
  double length = 0;  // bigrams
};

Vector vector_of(const std::string& text, const Counts& documents, double log_pairs) {
  const Words words = split(text);
  Vector vector;
  for (std::size_t n = 0; n < kLongest; ++n) {
    for (const auto& [gram, count] : counts_of(words, n + 1)) {
      const auto found = documents.find(gram);
      const double weight = count * (log_pairs - std::log(std::max(1.0, found == documents.end() ? 0 : found->second)));
      vector.weights[n].emplace(gram, weight);
      vector.norms[n] += weight * weight;
      if (n == 1) vector.length += count;
    }
    vector.norms[n] = std::sqrt(vector.norms[n]);
  }
  return vector;
}

double cider_of(const Vector& caption, const Vector& reference) {
  constexpr double kSigma = 6;
  const double difference = caption.length - reference.length;
  double sum = 0;
  for (std::size_t n = 0; n < kLongest; ++n) {
    double similarity = 0;
    for (const auto& [gram, weight] : caption.weights[n]) {
      const auto found = reference.weights[n].find(gram);
      if (found != reference.weights[n].end()) similarity += std::min(weight, found->second) * found->second;
    }
    if (caption.norms[n] != 0 && reference.norms[n] != 0) similarity /= caption.norms[n] * reference.norms[n];
    sum += similarity * std::exp(-difference * difference / (2 * kSigma * kSigma));
  }
  return 10 * sum / kLongest;
}

/** As Python splits at single blanks: nothing is one empty word. */
std::vector<std::string_view> split_at_blanks(std::string_view text) {
  std::vector<std::string_view> words;
  for (std::size_t end = 0; end != text.npos; text.remove_prefix(std::min(end, text.size() - 1) + 1)) {
    end = text.find(' ');
    words.push_back(text.substr(0, end));
    if (end == text.npos) break;
  }
  return words;
}

}  // namespace

std::vector<double> cider(const std::vector<CaptionPair>& pairs) {
  Counts documents;
  for (const CaptionPair& pair : pairs) {
    const Words words = split(pair.reference);
    for (std::size_t n = 1; n <= kLongest; ++n) {
      for (const auto& [gram, count] : counts_of(words, n)) documents[gram] += 1;
    }
  }
  const double log_pairs = std::log(static_cast<double>(pairs.size()));
  std::vector<double> scores;
  for (const CaptionPair& pair : pairs) {
    scores.push_back(
        cider_of(vector_of(pair.caption, documents, log_pairs), vector_of(pair.reference, documents, log_pairs)));
  }
  return scores;
}

std::array<double, 4> bleu(const std::vector<CaptionPair>& pairs) {
  constexpr double kSmall = 1e-9, kTiny = 1e-15;
  std::array<double, kLongest> correct{}, guessed{};
  double length = 0, reference_length = 0;
  for (const CaptionPair& pair : pairs) {
    const Words words = split(pair.caption), reference = split(pair.reference);
    length += static_cast<double>(words.size());
    reference_length += static_cast<double>(reference.size());
    for (std::size_t n = 0; n < kLongest; ++n) {
      const Counts theirs = counts_of(reference, n + 1);
      for (const auto& [gram, count] : counts_of(words, n + 1)) {
        const auto found = theirs.find(gram);
        guessed[n] += count;
        if (found != theirs.end()) correct[n] += std::min(count, found->second);
      }
    }
  }
  const double ratio = (length + kTiny) / (reference_length + kSmall);
  std::array<double, kLongest> scores{};
  double product = 1;
  for (std::size_t n = 0; n < kLongest; ++n) {
    product *= (correct[n] + kTiny) / (guessed[n] + kSmall);
    scores[n] = std::pow(product, 1.0 / static_cast<double>(n + 1)) * (ratio < 1 ? std::exp(1 - 1 / ratio) : 1);
  }
  return scores;
}

double rouge_l(const CaptionPair& pair) {
  constexpr double kBeta = 1.2;
  const auto words = split_at_blanks(pair.caption), reference = split_at_blanks(pair.reference);
  std::vector<std::size_t> common(reference.size() + 1);  // the longest common subsequence's length
  for (const std::string_view word : words) {
    std::size_t diagonal = 0;
    for (std::size_t j = 0; j < reference.size(); ++j) {
      const std::size_t above = common[j + 1];
      common[j + 1] = word == reference[j] ? diagonal + 1 : std::max(above, common[j]);
      diagonal = above;
    }
  }
  const double precision = static_cast<double>(common.back()) / static_cast<double>(words.size());
  const double recall = static_cast<double>(common.back()) / static_cast<double>(reference.size());
  if (precision == 0 || recall == 0) return 0;
  return (1 + kBeta * kBeta) * precision * recall / (recall + kBeta * kBeta * precision);
}

}  // namespace gvl::evaluation
