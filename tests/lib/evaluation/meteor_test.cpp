/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "evaluation/meteor.hpp"

#include "evaluation_test.hpp"

using namespace gvl;
using namespace gvl::evaluation;
using namespace gvl::evaluation::test;

namespace {

using Words = std::vector<std::string>;

std::string joined(const Words& words) {
  std::string text;
  for (const std::string& word : words) text += "[" + word + "]";
  return text;
}

bool better(const Alignment& a, const Alignment& b) {
  return a.matches != b.matches ? a.matches > b.matches : a.chunks < b.chunks;
}

/** Every alignment there is: candidate word `i` onwards, `previous` the match of the word before it, -1 for none. */
Alignment exhaustive(const Words& a, const Words& b, std::vector<bool>& used, std::size_t i, int previous,
                     Alignment so_far) {
  if (i == a.size()) return so_far;
  Alignment best = exhaustive(a, b, used, i + 1, -1, so_far);
  for (std::size_t j = 0; j < b.size(); ++j) {
    if (used[j] || a[i] != b[j]) continue;
    used[j] = true;
    const int match = static_cast<int>(j);
    const bool goes_on = previous >= 0 && previous + 1 == match;
    const Alignment other =
        exhaustive(a, b, used, i + 1, match, {so_far.matches + 1, so_far.chunks + (goes_on ? 0 : 1)});
    if (better(other, best)) best = other;
    used[j] = false;
  }
  return best;
}

Words random_words(Random& random) {
  Words words(random.below(8));
  for (std::string& word : words) word = std::string(1, static_cast<char>('a' + random.below(3)));
  return words;
}

}  // namespace

GVL_TEST(words) {
  expect_text(joined(words_of("A man's dog, 2 cats -- RUN!")), "[a][man][s][dog][2][cats][run]");
  expect_text(joined(words_of("one\xe2\x80\x94two \xe2\x80\x9cthree\xe2\x80\x9d")), "[one][two][three]");
  expect_text(joined(words_of("caf\xc3\xa9 \xe4\xb8\xad")), "[caf\xc3\xa9][\xe4\xb8\xad]");
  expect_text(joined(words_of("")), "");
  expect_text(joined(words_of(" .,\n")), "");
  ck_assert_uint_eq(words_of("\xe2\x80").size(), 1);
}

GVL_TEST(by_hand) {
  // All 6 words match, so P = R = Fmean = 1. Chunks: "the cat", "sat", "on the mat". Penalty 0.5 (3/6)^3 = 1/16.
  expect_near("order", meteor("The cat sat on the mat.", "On the mat sat the cat"), 15.0 / 16);
  // 3 matches in one chunk: P = 3/3, R = 3/5, Fmean = 10 * 0.6 / (0.6 + 9) = 0.625, penalty 0.5 / 27 = 1/54.
  expect_near("short", meteor("a man runs", "a man runs fast today"), 0.625 * 53 / 54);
  // The other way round P = 3/5, R = 1: Fmean = 6 / (1 + 5.4) = 0.9375.
  expect_near("long", meteor("a man runs fast today", "a man runs"), 0.9375 * 53 / 54);
  // "the" counts once: 1 match, P = 1/3, R = 1/2, Fmean = (10/6) / (1/2 + 3) = 10/21, penalty 0.5.
  expect_near("repeated", meteor("the the the", "the end"), 5.0 / 21);
  expect_near("identical", meteor("a man runs", "A man runs."), 53.0 / 54);
  expect_near("one word", meteor("man", "man"), 0.5);
}

GVL_TEST(nothing_in_common) {
  expect_near("other words", meteor("a b", "c d"), 0);
  expect_near("empty candidate", meteor("", "c d"), 0);
  expect_near("empty reference", meteor("a b", "..."), 0);
  expect_near("both empty", meteor("", ""), 0);
  ck_assert_uint_eq(align({"a"}, {"b"}).chunks, 0);
}

GVL_TEST(fewest_chunks_of_all_alignments) {
  Random random;
  for (int round = 0; round < 3000; ++round) {
    const Words a = random_words(random), b = random_words(random);
    std::vector<bool> used(b.size());
    const Alignment expected = exhaustive(a, b, used, 0, -1, {});
    const Alignment found = align(a, b);
    ck_assert_msg(found.matches == expected.matches && found.chunks == expected.chunks,
                  "%s %s: found %zu matches, %zu chunks, expected %zu, %zu", joined(a).c_str(), joined(b).c_str(),
                  found.matches, found.chunks, expected.matches, expected.chunks);
  }
}

GVL_TEST(long_repetitions_are_quick) {
  const Words many(1000, "the"), some(40, "the");
  const Alignment alignment = align(many, some);
  ck_assert_uint_eq(alignment.matches, 40);
  ck_assert_uint_eq(align(some, some).chunks, 1);
}
