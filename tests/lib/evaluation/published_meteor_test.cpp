/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "evaluation/captions/meteor.hpp"

#include <glib.h>

#include <sstream>

#include "benchmark_test.hpp"
#include "evaluation/captions/meteor_jar.hpp"
#include "evaluation/captions/meteor_words.hpp"
#include "evaluation/captions/paraphrase_table.hpp"
#include "evaluation/captions/wordnet.hpp"
#include "evaluation/unicode.hpp"

using namespace gvl;
using namespace gvl::evaluation;
using namespace gvl::evaluation::test;

namespace {

namespace fs = std::filesystem;

const std::vector<std::string> kVariants{"empty", "mini"};

/** METEOR with the table of paraphrases of a variant. Needs Debian's wordnet-base. */
std::unique_ptr<MeteorCounter> meteor_of(const std::string& variant) {
  MeteorResources resources{kWordNetFolder, std::nullopt};
  if (variant == "mini") resources.paraphrases = fixture("metrics/text/paraphrase-mini.txt");
  return make_meteor(resources);
}

JsonValue expected_of(const std::string& variant) {
  return JsonValue::load(fixture("metrics/text/expected_" + variant + "_paraphrase.json"));
}

/** In the order in which METEOR writes them. */
std::vector<double> numbers_of(const MeteorStatistics& statistics) {
  const auto &ours = statistics.hypothesis, &theirs = statistics.reference;
  std::vector<double> numbers{ours.words, theirs.words, ours.function_words, theirs.function_words};
  for (std::size_t i = 0; i < kMeteorModules; ++i) {
    for (const double number :
         {ours.content_matches[i], theirs.content_matches[i], ours.function_matches[i], theirs.function_matches[i]}) {
      numbers.push_back(number);
    }
  }
  numbers.insert(numbers.end(), {statistics.chunks, ours.matches(), theirs.matches()});
  return numbers;
}

void expect_statistics(const std::string& label, const std::string& expected, const MeteorStatistics& statistics) {
  std::istringstream stream(expected);
  for (const double found : numbers_of(statistics)) {
    double number = -1;
    stream >> number;
    ck_assert_msg(found == number, "%s: found %g, expected %g", label.c_str(), found, number);
  }
}

void expect_statistics(const JsonValue& expected, const MeteorStatistics& statistics) {
  expect_statistics(expected.path(), expected.as_string(), statistics);
}

/** A table's lines, each as what is before its last tab and what is behind. */
std::vector<std::pair<std::string, std::string>> table(const std::string& name) {
  std::vector<std::pair<std::string, std::string>> rows;
  std::ifstream lines(fixture("metrics/text/" + name));
  for (std::string line; std::getline(lines, line);)
    rows.emplace_back(line.substr(0, line.rfind('\t')), line.substr(line.rfind('\t') + 1));
  return rows;
}

std::string joined(const std::vector<std::u32string>& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : " ") + encoded(word);
  return text;
}

}  // namespace

GVL_TEST(published_pairs) {
  for (const std::string& variant : kVariants) {
    const auto meteor = meteor_of(variant);
    const JsonValue pairs = expected_of(variant).array("meteor_pairs");
    ck_assert_uint_eq(pairs.size(), 32);
    MeteorStatistics sum;
    for (const JsonValue& pair : pairs.elements()) {
      const std::string hypothesis = pair.string("hypothesis");
      ck_assert_uint_eq(pair.array("references").size(), 1);
      const std::string reference = pair.array("references").at(0).as_string();
      const MeteorStatistics statistics = meteor->count(hypothesis, reference);
      expect_statistics(pair.at("stats"), statistics);
      expect_number(pair.at("segment_score"), meteor_score(statistics));
      expect_number(pair.at("swapped_segment_score"), meteor_score(meteor->count(reference, hypothesis)));
      sum.add(statistics);
    }
    expect_number(expected_of(variant).at("meteor_corpus").at("aggregate"), meteor_score(sum));
  }
}

GVL_TEST(published_groups) {
  const JsonValue pairs = JsonValue::load(fixture("metrics/text/input.json")).array("meteor_pairs");
  for (const std::string& variant : kVariants) {
    const auto meteor = meteor_of(variant);
    const JsonValue groups = expected_of(variant).array("meteor_groups");
    ck_assert_uint_eq(groups.size(), 8);
    for (const JsonValue& group : groups.elements()) {
      MeteorStatistics sum;
      for (const JsonValue& index : group.array("pair_indices").elements()) {
        const JsonValue pair = pairs.at(static_cast<std::size_t>(index.as_integer()));
        sum.add(meteor->count(pair.at(0).as_string(), pair.at(1).as_string()));
      }
      expect_number(group.at("aggregate"), meteor_score(sum));
    }
  }
}

GVL_TEST(published_edges) {
  const auto meteor = meteor_of("empty");
  const JsonValue edges = expected_of("empty").array("meteor_edges");
  ck_assert_uint_eq(edges.size(), 5);
  for (const JsonValue& edge : edges.elements())
    expect_statistics(edge.at("stats_line"), meteor->count(edge.string("hypothesis"), edge.string("reference")));
}

// Of METEOR 1.5's own Normalizer (cmu-mtlab/meteor, commit 57a9ec5): sentences with marks thrown in.
GVL_TEST(published_words) {
  int compared = 0;
  for (const auto& [sentence, words] : table("meteor_words.tsv")) {
    expect_text(joined(meteor_words(sentence)), words);
    ++compared;
  }
  ck_assert_int_eq(compared, 160);
}

// Of METEOR 1.5 with the small table of paraphrases (same commit): examples of WordNet and what chance made of them.
GVL_TEST(more_pairs) {
  const auto meteor = meteor_of("mini");
  int compared = 0;
  for (const auto& [pair, numbers] : table("meteor_pairs.tsv")) {
    const std::size_t tab = pair.find('\t');
    expect_statistics(pair, numbers, meteor->count(pair.substr(0, tab), pair.substr(tab + 1)));
    ++compared;
  }
  ck_assert_int_eq(compared, 400);
}

GVL_TEST(synonyms) {
  const WordNet wordnet(kWordNetFolder);
  const auto share = [&](const std::string& a, const std::string& b) {
    for (const std::uint32_t set : wordnet.synsets(a)) {
      const auto others = wordnet.synsets(b);
      if (std::find(others.begin(), others.end(), set) != others.end()) return true;
    }
    return false;
  };
  ck_assert(share("kid", "children"));  // an irregular form
  ck_assert(share("autos", "car"));     // a regular one
  ck_assert(!share("dog", "cat"));
  ck_assert(wordnet.synsets("qzxjvk").empty());
}

GVL_TEST(damaged_resources) {
  TemporaryFolder folder;
  expect_error("none", ErrorCode::kNotFound, {"index.noun", "wordnet-base"}, [&] { WordNet(folder.path()); });
  for (const char* part : {"noun", "verb", "adj", "adv"}) {
    write_file(folder / (std::string("index.") + part), "  1 licence\ndog n 1 1 @ 1 0 02084071\n");
    write_file(folder / (std::string(part) + ".exc"), "geese goose\n");
  }
  ck_assert_uint_eq(WordNet(folder.path()).synsets("dog").size(), 1);
  for (const char* line : {"dog", "dog n", "dog n x 1 @ 1 0 1", "dog n 0 1 @ 1 0 1", "dog n 9 1 @ 1 0 1",
                           "dog n 1 1 @ 1 0 99999999999", "dog n 1 1 @ 1 0 -1"}) {
    write_file(folder / "index.verb", std::string("cat n 1 1 @ 1 0 1\n") + line + "\n");
    expect_malformed("index.verb: line 2", {}, [&] { WordNet(folder.path()); });
  }
  write_file(folder / "index.verb", "cat n 1 1 @ 1 0 1\n");
  write_file(folder / "verb.exc", "went\n");
  expect_malformed("verb.exc: line 1", {}, [&] { WordNet(folder.path()); });
  for (const char* table : {"0.5\n", "0.5\na\n", "0.5\na\n\n", "0.5\n\nb\n"}) {
    write_file(folder / "table", std::string("0.5\na b\nc\n") + table);
    expect_malformed("table: line 4", {}, [&] { ParaphraseTable(folder / "table"); });
  }
  write_file(folder / "table", "\x1f\x8b\x08" + std::string(40, 'x'));
  expect_malformed("table: line 1", {}, [&] { ParaphraseTable(folder / "table"); });
  expect_error("none", ErrorCode::kNotFound, {"nowhere"}, [&] { ParaphraseTable(folder / "nowhere"); });
}

// A program that answers as METEOR does stands for Java: what is asked of it is in a file.
GVL_TEST(its_own_program) {
  TemporaryFolder folder;
  write_file(folder / "meteor-1.5.jar", "jar");
  expect_error("no jar", ErrorCode::kNotFound, {"nowhere.jar"}, [&] { run_meteor(folder / "nowhere.jar"); });
  g_setenv("PATH", folder.path().c_str(), TRUE);
  expect_error("no java", ErrorCode::kNotFound, {"java", "default-jre-headless"},
               [&] { run_meteor(folder / "meteor-1.5.jar"); });
  const auto with_java = [&](const std::string& answer) {
    write_file(folder / "java",
               "#!/bin/sh\nread line\necho \"$* $line\" > " + (folder / "asked").string() + "\n" + answer);
    fs::permissions(folder / "java", fs::perms::owner_all);
    return run_meteor(folder / "meteor-1.5.jar");
  };
  const JsonValue pair = expected_of("empty").array("meteor_pairs").at(2);
  const std::string numbers = pair.string("stats");
  expect_statistics(pair.at("stats"), with_java("echo '" + numbers + "'\n")->count("a\nb", "c ||| d"));
  expect_text(read_file(folder / "asked"), "-Xmx2G -jar " + (folder / "meteor-1.5.jar").string() +
                                               " - - -stdio -l en -norm SCORE ||| c  d ||| a b\n");
  for (const std::string& answer :
       std::vector<std::string>{"", "echo", "echo hello", "echo 1 2 3", "echo '" + numbers + " 1'",
                                "echo '-" + numbers + "'", "echo '" + numbers + "nan'"}) {
    expect_error(answer, ErrorCode::kResource, {"meteor-1.5.jar"}, [&] { with_java(answer + "\n")->count("a", "b"); });
  }
}

// Sentences as long as they may be, of one word: what a model that repeats itself says.
GVL_TEST(long_sentences) {
  const auto meteor = meteor_of("empty");
  std::string repeated;
  while (repeated.size() < 1024) repeated += "the ";
  const MeteorStatistics statistics = meteor->count(repeated, "the cat sat on the mat");
  ck_assert(statistics.reference.matches() == 2);
  ck_assert(statistics.hypothesis.words == 256);
}
