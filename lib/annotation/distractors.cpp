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

/** Questions from `begin` to `end`. */
struct Block {
  std::size_t begin, end;
};

/** Of each question of a block the other ones that are most like it, the most similar first. */
std::vector<Places> neighbours_of(const Embeddings& questions, const Block& block, std::size_t count) {
  using Others = std::vector<std::pair<float, std::size_t>>;  // by less similarity, then by place
  std::vector<Others> others(block.end - block.begin);
  // Each vector comes from memory once for all of the block.
  for (std::size_t i = 0; i < questions.size(); ++i) {
    for (std::size_t place = block.begin; place < block.end; ++place) {
      if (i != place) others[place - block.begin].emplace_back(-cosine(questions[place], questions[i]), i);
    }
  }
  std::vector<Places> neighbours;
  for (Others& of_one : others) {
    const std::size_t kept = std::min(count, of_one.size());
    std::partial_sort(of_one.begin(), of_one.begin() + static_cast<std::ptrdiff_t>(kept), of_one.end());
    Places& places = neighbours.emplace_back();
    for (std::size_t i = 0; i < kept; ++i) places.push_back(of_one[i].second);
  }
  return neighbours;
}

Places options_of(std::size_t place, const Places& neighbours, const Embeddings& answers,
                  const std::vector<std::string>& compared_answers, const DistractorOptions& options) {
  std::set<std::string> taken{compared_answers[place]};
  Places candidates;
  for (const std::size_t other : neighbours) {
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
  constexpr std::size_t kBlock = 16;
  std::vector<Places> drawn(questions.size());
  std::atomic<std::size_t> next{0};
  const auto work = [&] {
    for (Block block{}; (block.begin = next.fetch_add(kBlock)) < drawn.size();) {
      block.end = std::min(block.begin + kBlock, drawn.size());
      const auto neighbours = neighbours_of(questions, block, options.neighbours);
      for (std::size_t i = block.begin; i < block.end; ++i)
        drawn[i] = options_of(i, neighbours[i - block.begin], answers, compared_answers, options);
    }
  };
  std::vector<std::thread> threads;
  for (unsigned i = 1; i < std::max(std::thread::hardware_concurrency(), 1U); ++i) threads.emplace_back(work);
  work();
  for (std::thread& thread : threads) thread.join();
  return drawn;
}

}  // namespace gvl::annotation
