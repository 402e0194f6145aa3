/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib.h>

#include <map>

#include "benchmark_test.hpp"
#include "evaluation/captions/american_spelling.hpp"
#include "evaluation/captions/caption_metrics.hpp"
#include "evaluation/captions/english_stemmer.hpp"
#include "evaluation/captions/ptb_tokenizer.hpp"
#include "evaluation/unicode.hpp"

using namespace gvl;
using namespace gvl::evaluation;
using namespace gvl::evaluation::test;

namespace {

JsonValue expected() { return JsonValue::load(fixture("metrics/text/expected_empty_paraphrase.json")); }

std::string stem(const std::string& word) { return encoded(english_stem(decoded(word))); }

/** The pairs of sentences, whose words have blanks between them. */
std::vector<CaptionPair> all_pairs() {
  std::vector<CaptionPair> pairs;
  for (const JsonValue& pair : JsonValue::load(fixture("metrics/text/input.json")).array("meteor_pairs").elements())
    pairs.push_back({pair.at(0).as_string(), pair.at(1).as_string()});
  return pairs;
}

}  // namespace

GVL_TEST(published_tokens) {
  const JsonValue cases = expected().array("ptb");
  ck_assert_uint_eq(cases.size(), 32);
  for (const JsonValue& one : cases.elements()) {
    const std::string caption = one.string("caption");
    expect_text(ptb_tokenized(caption), one.string("tokenized_raw"));
    expect_text(ptb_tokenized(without_non_ascii(caption)), one.string("tokenized_after_remove_nonascii"));
  }
}

GVL_TEST(published_cider) {
  const auto pairs = all_pairs();
  const JsonValue groups = expected().array("cider_groups");
  ck_assert_uint_eq(groups.size(), 9);
  for (const JsonValue& group : groups.elements()) {
    std::vector<CaptionPair> chosen;
    for (const JsonValue& index : group.array("pair_indices").elements())
      chosen.push_back(pairs.at(static_cast<std::size_t>(index.as_integer())));
    const auto scores = cider(chosen);
    const JsonValue wanted = group.array("scores");
    ck_assert_uint_eq(scores.size(), wanted.size());
    double sum = 0;
    for (std::size_t i = 0; i < scores.size(); ++i) {
      expect_number(wanted.at(i), scores[i]);
      sum += scores[i];
    }
    expect_number(group.at("score"), sum / static_cast<double>(scores.size()));
  }
}

GVL_TEST(american_spellings) {
  const std::map<std::string, std::string> words{{"colour", "color"},
                                                 {"colours", "colors"},
                                                 {"coloured", "colored"},
                                                 {"grey", "gray"},
                                                 {"greyhound", "greyhound"},
                                                 {"centre", "center"},
                                                 {"Colour", "Colour"},
                                                 {"contour", "contour"},
                                                 {"four", "four"},
                                                 {"hour", "hour"},
                                                 {"pours", "pours"},
                                                 {"flour", "flour"},
                                                 {"flavour", "flavor"},
                                                 {"harbour", "harbor"},
                                                 {"programmes", "programs"},
                                                 {"learnt", "learned"},
                                                 {"kerb", "curb"},
                                                 {"velour", "velour"},
                                                 {"", ""},
                                                 {"our", "our"}};
  for (const auto& [word, american] : words) expect_text(american_spelling(word), american);
}

// Made by Snowball's own package for Python, 2.2.0, of words with all of the algorithm's endings.
GVL_TEST(published_stems) {
  std::ifstream lines(fixture("metrics/text/stems.txt"));
  int compared = 0;
  for (std::string word, wanted; lines >> word >> wanted; ++compared)
    expect_text(word + " " + stem(word), word + " " + wanted);
  ck_assert_int_eq(compared, 900);
}

GVL_TEST(any_text) {
  Random random;
  for (int round = 0; round < 400; ++round) {
    std::string text = "Mr. O'Neil's dog can't read <b>5 o'clock</b>, e.g. at http://a.b/c; d@e.org \xc3\xa9 ...";
    for (int i = 0; i < 3; ++i) text = mutate(text, random);
    const std::string tokens = ptb_tokenized(text);
    ck_assert_msg(g_utf8_validate(tokens.c_str(), static_cast<gssize>(tokens.size()), nullptr), "%s", tokens.c_str());
    stem(tokens);
  }
  expect_text(ptb_tokenized(""), "");
  expect_text(ptb_tokenized(std::string("a\0b", 3)), "a b");
  ck_assert_uint_eq(ptb_tokenized(std::string(8192, 'x')).size(), 8192);
}
