/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "annotation/distractors.hpp"

#include <algorithm>
#include <cmath>
#include <set>
#include <string>
#include <vector>

#include "annotation/templates.hpp"
#include "annotation_test.hpp"

using namespace gvl;
using namespace gvl::annotation;
using namespace gvl::annotation::test;

namespace {

std::vector<float> unit(std::vector<float> vector) {
  float squares = 0;
  for (const float value : vector) squares += value * value;
  for (float& value : vector) value /= std::sqrt(squares);
  return vector;
}

/** A vector at this cosine to (1, 0). */
std::vector<float> at(float cosine) { return {cosine, std::sqrt(1 - cosine * cosine)}; }

Embeddings random_vectors(std::size_t count, std::size_t width, io::test::Random& random) {
  Embeddings embeddings;
  for (std::size_t i = 0; i < count; ++i) {
    std::vector<float> vector(width);
    for (float& value : vector) value = static_cast<float>(random.below(1000)) / 500.0F - 0.6F;
    embeddings.add(unit(vector), "text");
  }
  return embeddings;
}

std::vector<std::string> names(std::size_t count) {
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < count; ++i) texts.push_back(std::to_string(i));
  return texts;
}

/** Which answers may be an option of a question, the slow way. */
std::set<std::size_t> candidates(std::size_t place, const Embeddings& questions, const Embeddings& answers,
                                 const DistractorOptions& options) {
  std::set<std::size_t> kept;
  for (std::size_t other = 0; other < questions.size(); ++other) {
    if (other == place) continue;
    std::size_t nearer = 0;
    for (std::size_t i = 0; i < questions.size(); ++i) {
      const float a = cosine(questions[place], questions[i]), b = cosine(questions[place], questions[other]);
      nearer += i != place && i != other && (a > b || (a == b && i < other)) ? 1 : 0;
    }
    const float likeness = cosine(answers[place], answers[other]);
    if (nearer < options.neighbours && likeness >= options.lowest && likeness <= options.highest) kept.insert(other);
  }
  return kept;
}

}  // namespace

GVL_TEST(cosines) {
  io::test::Random random;
  const Embeddings vectors = random_vectors(4, 37, random);
  double sum = 0;
  for (std::size_t i = 0; i < 37; ++i) sum += static_cast<double>(vectors[0][i]) * vectors[1][i];
  ck_assert(std::abs(cosine(vectors[0], vectors[1]) - sum) < 1e-6);
  ck_assert(cosine(vectors[2], vectors[2]) > 0.9999F);
  Embeddings other;
  other.add(at(0.5F), "a");
  expect_error("another width", ErrorCode::kInvalidArgument, {"'b' has 3 dimensions, others have 2"},
               [&] { other.add(std::vector<float>(3, 1), "b"); });
}

GVL_TEST(options_are_answers_of_similar_questions) {
  io::test::Random random;
  const Embeddings questions = random_vectors(90, 6, random), answers = random_vectors(90, 6, random);
  DistractorOptions options;
  options.neighbours = 20;
  std::size_t drawn_at_all = 0;
  const auto drawn = draw_distractors(questions, answers, names(90), options);
  for (std::size_t i = 0; i < 90; ++i) {
    const auto allowed = candidates(i, questions, answers, options);
    ck_assert_uint_eq(drawn[i].size(), allowed.size() < 4 ? 0 : 4);
    ck_assert_uint_eq(std::set(drawn[i].begin(), drawn[i].end()).size(), drawn[i].size());
    for (const std::size_t place : drawn[i]) ck_assert(allowed.contains(place));
    drawn_at_all += drawn[i].size();
  }
  ck_assert(drawn_at_all > 100);
  ck_assert(drawn == draw_distractors(questions, answers, names(90), options));
  options.seed = 1;
  ck_assert(drawn != draw_distractors(questions, answers, names(90), options));
}

GVL_TEST(all_candidates_are_drawn) {
  Embeddings questions, answers;
  for (int i = 0; i < 9; ++i) {
    questions.add(at(1), "q");
    answers.add(at(i == 0 ? 1 : 0.5F), "a");
  }
  std::set<std::size_t> seen;
  DistractorOptions options;
  // The question itself is none of them.
  options.neighbours = 8;
  for (options.seed = 0; options.seed < 40; ++options.seed) {
    const auto drawn = draw_distractors(questions, answers, names(9), options)[0];
    seen.insert(drawn.begin(), drawn.end());
  }
  ck_assert_uint_eq(seen.size(), 8);
}

GVL_TEST(bounds_of_likeness) {
  Embeddings questions, answers;
  for (const float likeness : {1.0F, 0.19F, 0.21F, 0.5F, 0.89F, 0.91F, 0.6F, -0.5F}) {
    questions.add(at(1), "q");
    answers.add(at(likeness), "a");
  }
  auto drawn = draw_distractors(questions, answers, names(8), {})[0];
  std::sort(drawn.begin(), drawn.end());
  ck_assert(drawn == std::vector<std::size_t>({2, 3, 4, 6}));
}

GVL_TEST(equal_answers_are_one_option) {
  Embeddings questions, answers;
  for (int i = 0; i < 7; ++i) {
    questions.add(at(1), "q");
    answers.add(at(i == 0 ? 1 : 0.5F), "a");
  }
  ck_assert(draw_distractors(questions, answers, {"x", "a", "b", "c", "c", "b", "x"}, {})[0].empty());
  auto drawn = draw_distractors(questions, answers, {"x", "a", "b", "c", "c", "d", "x"}, {})[0];
  std::sort(drawn.begin(), drawn.end());
  ck_assert(drawn == std::vector<std::size_t>({1, 2, 3, 5}));
}

GVL_TEST(hashed_words) {
  const auto likeness = [](const std::string& a, const std::string& b) {
    return cosine(hashed_embedding(a), hashed_embedding(b));
  };
  ck_assert(likeness("A man peels an apple.", "a MAN peels an apple") > 0.999F);
  const float near = likeness("A man peels an apple.", "A man peels a pear.");
  const float far = likeness("A man peels an apple.", "Two dogs run over the beach.");
  ck_assert_msg(near > 0.4F && near < 0.95F && far < 0.2F && near > far + 0.3F, "%g %g", near, far);
  // In another order the words are the same, but not the pairs.
  const float turned = likeness("a dog bites a man", "a man bites a dog");
  ck_assert_msg(turned > 0.7F && turned < 0.999F, "%g", turned);
  ck_assert(likeness("?", "!") == 1);
}
