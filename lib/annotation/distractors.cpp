/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "annotation/distractors.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <set>
#include <thread>
#include <utility>

#include "gvl/error.hpp"
#include "io/quote.hpp"
#include "scenes/random.hpp"

namespace gvl::annotation {
namespace {

using Places = std::vector<std::size_t>;

/** The other questions that are most like one, the most similar first. */
Places neighbours_of(const Embeddings& questions, std::size_t place, std::size_t count) {
  std::vector<std::pair<float, std::size_t>> others;  // by less similarity, then by place
  others.reserve(questions.size());
  for (std::size_t i = 0; i < questions.size(); ++i) {
    if (i != place) others.emplace_back(-cosine(questions[place], questions[i]), i);
  }
  const std::size_t kept = std::min(count, others.size());
  std::partial_sort(others.begin(), others.begin() + static_cast<std::ptrdiff_t>(kept), others.end());
  Places places;
  for (std::size_t i = 0; i < kept; ++i) places.push_back(others[i].second);
  return places;
}

Places options_of(std::size_t place, const Embeddings& questions, const Embeddings& answers,
                  const std::vector<std::string>& compared_answers, const DistractorOptions& options) {
  std::set<std::string> taken{compared_answers[place]};
  Places candidates;
  for (const std::size_t other : neighbours_of(questions, place, options.neighbours)) {
    const float likeness = cosine(answers[place], answers[other]);
    if (likeness < options.lowest || likeness > options.highest) continue;
    if (taken.insert(compared_answers[other]).second) candidates.push_back(other);
  }
  if (candidates.size() < options.count) return {};
  scenes::Random(options.seed).fork(place).shuffle(candidates);
  candidates.resize(options.count);
  return candidates;
}

}  // namespace

void Embeddings::add(std::span<const float> vector, const std::string& text) {
  if (width_ == 0) width_ = vector.size();
  if (vector.size() != width_ || width_ == 0) {
    throw Error(ErrorCode::kInvalidArgument, "the embedding of " + io::quote(text) + " has " +
                                                 std::to_string(vector.size()) + " dimensions, others have " +
                                                 std::to_string(width_));
  }
  values_.insert(values_.end(), vector.begin(), vector.end());
}

float cosine(std::span<const float> a, std::span<const float> b) {
  // Sums side by side are what a compiler makes vector instructions of, without leave to reorder them.
  constexpr std::size_t kSums = 16;
  std::array<float, kSums> sums{};
  std::size_t i = 0;
  for (; i + kSums <= a.size(); i += kSums) {
    for (std::size_t k = 0; k < kSums; ++k) sums[k] += a[i + k] * b[i + k];
  }
  float total = 0;
  for (; i < a.size(); ++i) total += a[i] * b[i];
  for (const float sum : sums) total += sum;
  return std::clamp(total, -1.0F, 1.0F);
}

std::vector<Places> draw_distractors(const Embeddings& questions, const Embeddings& answers,
                                     const std::vector<std::string>& compared_answers,
                                     const DistractorOptions& options) {
  std::vector<Places> drawn(questions.size());
  std::atomic<std::size_t> next{0};
  const auto work = [&] {
    for (std::size_t place; (place = next++) < drawn.size();)
      drawn[place] = options_of(place, questions, answers, compared_answers, options);
  };
  std::vector<std::thread> threads;
  for (unsigned i = 1; i < std::max(std::thread::hardware_concurrency(), 1U); ++i) threads.emplace_back(work);
  work();
  for (std::thread& thread : threads) thread.join();
  return drawn;
}

}  // namespace gvl::annotation
