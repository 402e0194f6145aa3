/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace gvl::annotation {

/** Vectors of length 1, all of one width, as the rows of a matrix. */
class Embeddings {
 public:
  /** Throws Error(kInvalidArgument) naming `text` when its vector has another width than those before it. */
  void add(std::span<const float> vector, const std::string& text);

  std::size_t size() const noexcept { return width_ == 0 ? 0 : values_.size() / width_; }
  std::span<const float> operator[](std::size_t row) const { return {values_.data() + row * width_, width_}; }

 private:
  std::size_t width_ = 0;
  std::vector<float> values_;
};

/** Of two vectors of length 1: -1 to 1. The same on every machine. */
float cosine(std::span<const float> a, std::span<const float> b);

struct DistractorOptions {
  std::size_t neighbours = 50;         ///< the most similar questions, whose answers are candidates
  std::size_t count = 4;               ///< wrong options of a question
  float lowest = 0.2F, highest = 0.9F; /**< similarity of a wrong option to the right one, both included */
  std::uint64_t seed = 0;
};

/**
 * Wrong options of questions, as the paper draws them: of each question the answers of the most similar other ones,
 * less those that are too unlike the right answer or too like it, and of these `count` at random. Row i of both
 * embeddings is of question i. Answers that are equal when `compared` are one option, and none that is equal to the
 * right answer. Returns the places of the questions whose answers are the options; none where there are not enough. Of
 * equally similar questions the earlier ones count. The same arguments give the same options; uses all processors.
 */
std::vector<std::vector<std::size_t>> draw_distractors(const Embeddings& questions, const Embeddings& answers,
                                                       const std::vector<std::string>& compared_answers,
                                                       const DistractorOptions& options);

}  // namespace gvl::annotation
