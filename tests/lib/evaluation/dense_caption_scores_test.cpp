/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "evaluation/captions/dense_caption_scores.hpp"

#include <cmath>
#include <map>
#include <set>

#include "benchmark_test.hpp"
#include "evaluation/captions/sequence_ratio.hpp"
#include "evaluation/captions/soda_pairs.hpp"
#include "evaluation/captions/timechat_answer.hpp"
#include "evaluation/captions/vtimellm_log.hpp"
#include "evaluation/captions/wordnet.hpp"
#include "evaluation/unicode.hpp"

using namespace gvl;
using namespace gvl::evaluation;
using namespace gvl::evaluation::test;

namespace {

namespace fs = std::filesystem;
using Files = std::vector<fs::path>;

const std::vector<std::string> kVariants{"empty", "mini"};

fs::path data(const std::string& name) { return fixture("metrics/dense_captioning/" + name); }
JsonValue load(const std::string& name) { return JsonValue::load(data(name)); }

/** METEOR with the table of paraphrases of a variant. Needs Debian's wordnet-base. */
MeteorCounter& meteor_of(const std::string& variant) {
  static std::map<std::string, std::unique_ptr<MeteorCounter>> made;
  auto& meteor = made[variant];
  MeteorResources resources{kWordNetFolder, std::nullopt};
  if (variant == "mini") resources.paraphrases = fixture("metrics/text/paraphrase-mini.txt");
  if (!meteor) meteor = make_meteor(resources);
  return *meteor;
}

ScoreReport score(const Files& annotations, DenseCaptionRules rules, const std::string& variant) {
  return score_dense_captions(annotations, data("predictions.json"), rules, meteor_of(variant));
}

/** All numbers of an object that the report has by the same names. The number compared. */
int expect_scores(const JsonValue& expected, const ScoreReport& report) {
  for (const auto& [name, value] : expected.members()) expect_score(report, name, value.as_number());
  return static_cast<int>(expected.size());
}

const std::map<std::string, Files> kAnnotations{{"val_1", {data("val_1.json")}},
                                                {"val_1+val_2", {data("val_1.json"), data("val_2.json")}}};

}  // namespace

GVL_TEST(names) { expect_names(kDenseCaptionRules); }

GVL_TEST(published_vtimellm) {
  for (const std::string& variant : kVariants) {
    const JsonValue expected = load("expected_vtimellm_" + variant + ".json");
    for (const auto& [name, files] : kAnnotations) {
      const ScoreReport report = score(files, DenseCaptionRules::kVTimeLlm, variant);
      ck_assert_int_eq(report.counted, 34);
      ck_assert_uint_eq(report.notes.size(), 2);
      expect_score(report, "SODA_c", expected.at(name).number("eval_soda"));
      ck_assert_int_eq(expect_scores(expected.at(name).object("eval_dvc"), report), 22);
    }
  }
}

GVL_TEST(published_videos) {
  const CaptionFile submission = read_caption_submission(data("predictions.json"));
  for (const std::string& variant : kVariants) {
    const JsonValue expected = load("expected_vtimellm_" + variant + ".json");
    int compared = 0;
    for (const auto& [name, files] : kAnnotations) {
      std::vector<CaptionFile> annotations;
      for (const fs::path& file : files) annotations.push_back(read_caption_annotation(file));
      for (const auto& [video, numbers] : expected.at(name).object("per_video_caption").members()) {
        std::vector<Captions> references;
        for (const CaptionFile& file : annotations)
          if (file.videos.contains(video)) references.push_back(file.videos.at(video));
        DenseCaptionScorer scorer(DenseCaptionRules::kVTimeLlm, meteor_of(variant));
        const auto scores = scorer.pairs(submission.videos.at(video), references);
        for (const auto& [metric, value] : numbers.members()) {
          expect_number(value, scores.at(metric));
          ++compared;
        }
      }
    }
    ck_assert_int_eq(compared, 2 * 34 * 8);
  }
}

GVL_TEST(published_soda_videos) {
  const CaptionFile submission = read_caption_submission(data("predictions.json"));
  for (const std::string& variant : kVariants) {
    for (const std::string name : {"val_1", "val_2"}) {
      const JsonValue expected = load("expected_vtimellm_" + variant + ".json").at("soda_" + name).object("per_video");
      const CaptionFile annotation = read_caption_annotation(data(name + ".json"));
      for (const auto& [video, numbers] : expected.members()) {
        DenseCaptionScorer scorer(DenseCaptionRules::kVTimeLlm, meteor_of(variant));
        const auto scores = scorer.soda(submission.videos.at(video), annotation.videos.at(video));
        expect_number(numbers.at("precision"), scores.at("SODA_c precision"));
        expect_number(numbers.at("recall"), scores.at("SODA_c recall"));
        expect_number(numbers.at("f1"), scores.at("SODA_c"));
      }
      ck_assert_uint_ge(expected.size(), 17);
    }
  }
}

GVL_TEST(published_densevid) {
  for (const std::string& variant : kVariants) {
    const JsonValue expected = load("expected_densevid_eval_" + variant + ".json");
    for (const auto& [name, files] : kAnnotations) {
      const ScoreReport report = score(files, DenseCaptionRules::kDensevid, variant);
      ck_assert_int_eq(report.counted, 35);
      expect_score(report, "METEOR", expected.at(name).number("METEOR"));
      expect_score(report, "CIDEr", expected.at(name).number("CIDEr"));
      for (const auto& [threshold, numbers] : expected.at(name).object("per_tiou").members()) {
        expect_score(report, "METEOR@" + threshold, numbers.number("METEOR"));
        expect_score(report, "CIDEr@" + threshold, numbers.number("CIDEr"));
      }
      for (const auto& [threshold, numbers] : expected.at(name).object("detection_without_the_empty_list").members()) {
        expect_score(report, "Precision@" + threshold, numbers.number("precision"));
        expect_score(report, "Recall@" + threshold, numbers.number("recall"));
      }
    }
  }
}

/** The submission without the video whose list is empty, on which SODA's script raises. */
void write_without_empty(const fs::path& file) {
  std::string text = read_file(data("predictions.json"));
  const std::string empty = "\"v_awk_empty\": [],\n";
  ck_assert_uint_ne(text.find(empty), text.npos);
  write_file(file, text.erase(text.find(empty), empty.size()));
}

GVL_TEST(published_soda) {
  TemporaryFolder folder;
  write_without_empty(folder / "p.json");
  const Files both = kAnnotations.at("val_1+val_2");
  for (const std::string& variant : kVariants) {
    const JsonValue expected = load("expected_soda_" + variant + ".json");
    const auto expect_soda = [&](const std::string& name, const Files& files, DenseCaptionRules rules) {
      const auto report = score_dense_captions(files, folder / "p.json", rules, meteor_of(variant));
      ck_assert_int_eq(report.counted, expected.at(name).integer("videos"));
      for (const std::string type : {"a", "b", "c", "d"}) {
        const JsonValue numbers = expected.at(name).object("soda_" + type);
        expect_score(report, "SODA_" + type + " precision", numbers.number("precision"));
        expect_score(report, "SODA_" + type + " recall", numbers.number("recall"));
        expect_score(report, "SODA_" + type, numbers.number("f1"));
      }
    };
    expect_soda("val_1", kAnnotations.at("val_1"), DenseCaptionRules::kSoda);
    expect_soda("both_merged (no -mr)", both, DenseCaptionRules::kSoda);
    expect_soda("both_multi_reference (-mr)", both, DenseCaptionRules::kSodaBest);
  }
  expect_error("an empty list", ErrorCode::kMalformed, {"predictions.json", "v_awk_empty", "raises"},
               [&] { score(both, DenseCaptionRules::kSoda, "empty"); });
}

GVL_TEST(published_vtimellm_log) {
  const JsonValue expected = load("expected_vtimellm_log_empty.json");
  const CaptionFile log = read_vtimellm_log(data("vtimellm_log.txt"), data("vtimellm_log_gt.json"));
  const JsonValue parsed = expected.object("pred_after_parsing").object("results");
  ck_assert_uint_eq(log.videos.size(), parsed.size());
  for (const auto& [video, list] : parsed.members()) {
    const Captions& captions = log.videos.at(video);
    ck_assert_uint_eq(captions.size(), list.size());
    for (std::size_t i = 0; i < captions.size(); ++i) {
      const JsonValue caption = list.at(i), times = caption.at("timestamp");
      expect_text(captions[i].sentence, caption.string("sentence"));
      expect_number(times.at(std::size_t{0}), captions[i].interval.start);
      expect_number(times.at(std::size_t{1}), captions[i].interval.stop);
    }
  }
  const ScoreReport report = score_dense_captions({data("vtimellm_log_gt.json")}, data("vtimellm_log.txt"),
                                                  DenseCaptionRules::kVTimeLlmLog, meteor_of("empty"));
  const JsonValue numbers = expected.object("metrics (times 100)");
  expect_number(numbers.at("soda_c"), 100 * score_of(report, "SODA_c"));
  expect_number(numbers.at("METEOR"), 100 * score_of(report, "METEOR"));
  expect_number(numbers.at("CIDEr"), 100 * score_of(report, "CIDEr"));
}

GVL_TEST(answers_of_vtimellm) {
  TemporaryFolder folder;
  write_file(folder / "a.json", R"({"v": {"duration": 100, "timestamps": [[0, 5]], "sentences": ["a"]}})");
  const auto read = [&](const std::string& answer) {
    write_file(folder / "log", R"({"task": "captioning", "video_id": "v", "answer": ")" + answer + "\"}");
    std::string text;
    const CaptionFile log = read_vtimellm_log(folder / "log", folder / "a.json");
    for (const Caption& caption : log.videos.at("v"))
      text += caption.sentence + " " + std::to_string(std::lround(caption.interval.start)) + "-" +
              std::to_string(std::lround(caption.interval.stop)) + ";";
    return text;
  };
  const auto item = [](const std::string& event, const std::string& times) {
    return R"({\"event\": \")" + event + R"(\", \"timestamps\": \")" + times + R"(\"})";
  };
  const std::string first = item("a", "from 05 to 40");
  expect_text(read("[" + first + "]"), "a 5-41;");
  expect_text(read("[ one\\n[" + first + "] and ]"), "");
  expect_text(read("[ one\\nso: [" + first + "]\\n]"), "a 5-41;");
  // What comes before the first fault counts.
  expect_text(read("[" + first + ", " + item("b", "from x5 to 40") + ", " + first + "]"), "a 5-41;");
  expect_text(read("[" + first + ", 7]"), "a 5-41;");
  expect_text(read("[" + first + ", {}]"), "a 5-41;");
  expect_text(read("[" + first + ", "), "");
  expect_text(read("[" + first + item("b", "from 41 to 50") + "]"), "");
  expect_text(read("[" + item("b", "from -5 to +7") + "]"), "b -5-8;");
  expect_text(read("[" + item("b", "5") + "]"), "");
  expect_text(read("[" + first + ", " + item("a", "from 41 to 50") + "]"), "a 5-51;");
  expect_text(read("[" + first + ", " + item("a", "from 39 to 50") + "]"), "a 5-51;");
  expect_text(read("[" + first + ", " + item("a", "from 42 to 50") + "]"), "a 5-41;a 42-51;");
  expect_text(read("[" + first + ", " + item("b", "from 41 to 50") + "]"), "a 5-41;b 41-51;");
  for (const auto& [line, part] : std::vector<std::pair<std::string, std::string>>{
           {"no JSON", "line 1"},
           {R"({"video_id": "v", "answer": ""})", "line 1: task: is missing"},
           {R"({"task": "captioning", "video_id": "v"})", "line 1: answer: is missing"},
           {R"({"task": "captioning", "video_id": "w", "answer": ""})", "line 1: video_id: 'w' is not in"}}) {
    write_file(folder / "log", line);
    expect_malformed("log", {part}, [&] { read_vtimellm_log(folder / "log", folder / "a.json"); });
  }
}

GVL_TEST(published_timechat_answers) {
  const JsonValue cases = load("timechat_format_dvc_cases.json");
  ck_assert_uint_eq(cases.size(), 11);
  // Times that the script leaves as texts.
  const auto number = [](const JsonValue& time) {
    return time.is_string() ? std::stod(time.as_string()) : time.as_number();
  };
  for (const JsonValue& each : cases.elements()) {
    const Captions found = timechat_answer_captions(each.string("text"));
    const JsonValue expected = each.object("format_dvc_output"), times = expected.array("timestamps");
    ck_assert_msg(found.size() == times.size(), "%s", each.string("text").c_str());
    for (std::size_t i = 0; i < found.size(); ++i) {
      expect_text(found[i].sentence, expected.array("captions").at(i).as_string());
      expect_near(each.string("text"), found[i].interval.start, number(times.at(i).at(std::size_t{0})));
      expect_near(each.string("text"), found[i].interval.stop, number(times.at(i).at(std::size_t{1})));
    }
  }
}

GVL_TEST(answers_in_a_submission) {
  TemporaryFolder folder;
  write_file(
      folder / "p.json",
      R"([{"vname": "a", "generated_cap": "old"}, {"vname": "a", "generated_cap": "1 - 2 seconds, a dog runs"}])");
  const CaptionFile read = read_caption_submission(folder / "p.json");
  expect_text(read.videos.at("a").at(0).sentence, "a dog runs");
  for (const auto& [content, part] : std::vector<std::pair<std::string, std::string>>{
           {R"([{"vname": "a", "generated_cap": "1..5 - 2 seconds, a dog runs"}])",
            "[0].generated_cap: '1..5' is no number"},
           {R"([{"vname": "a"}])", "[0].generated_cap: is missing"},
           {R"([{"generated_cap": ""}])", "[0].vname: is missing"},
           {R"([{"vname": "a", "generated_cap": ")" + std::string(70000, '1') + "\"}]", "is longer than 64 KiB"}}) {
    write_file(folder / "p.json", content);
    expect_malformed("p.json", {part}, [&] { read_caption_submission(folder / "p.json"); });
  }
  // Digits and points without an end take a moment, not hours.
  write_file(folder / "p.json", R"([{"vname": "a", "generated_cap": ")" + std::string(60000, '1') + "\"}]");
  loads_or_throws("p.json", [&] { read_caption_submission(folder / "p.json"); });
}

GVL_TEST(likeness_of_texts) {
  const JsonValue cases = JsonValue::load(fixture("metrics/text/sequence_ratios.json"));
  ck_assert_uint_eq(cases.size(), 35);
  for (const JsonValue& each : cases.elements()) {
    const std::u32string a = decoded(each.at(std::size_t{0}).as_string()),
                         b = decoded(each.at(std::size_t{1}).as_string());
    expect_number(each.at(std::size_t{2}), sequence_ratio(a, b));
  }
}

GVL_TEST(pairs_that_soda_reads) {
  // Each pair that is read adds a power of ten of its own.
  const auto read = [](const SodaMatrix& ious, double threshold) {
    return sum_over_soda_pairs(ious, threshold, [](std::size_t row, std::size_t column) {
      return std::pow(10, static_cast<double>(row * 2 + column));
    });
  };
  expect_near("in order", read({{0.5, 0}, {0, 0.5}}, 0), 1 + 1000);
  expect_near("crossed", read({{0, 0.5}, {0.6, 0}}, 0), 100);
  expect_near("below the threshold", read({{0.5, 0}, {0, 0.4}}, 0.5), 1);
  // Where nothing overlaps the first of both is a pair.
  expect_near("apart", read({{0, 0}, {0, 0}}, 0), 1);
}

GVL_TEST(published_timechat) {
  const std::map<std::string, std::string> names{
      {"CIDER", "CIDEr"},     {"METEOR", "METEOR"},      {"Precision_Mean", "Precision"},
      {"SODA_c_2", "SODA_c"}, {"Recall_Mean", "Recall"}, {"F1_Score", "F1"}};
  for (const std::string& variant : kVariants) {
    const JsonValue expected = load("expected_timechat_" + variant + ".json");
    const ScoreReport report =
        score_dense_captions({data("timechat_val.caption_coco_format.json")}, data("timechat_predictions.json"),
                             DenseCaptionRules::kTimeChat, meteor_of(variant));
    ck_assert_int_eq(report.counted, expected.integer("videos"));
    int compared = 0;
    for (const auto& [name, value] : expected.object("means").members()) {
      // How many predictions there are is no score, and the other split has no video.
      if (name == "n_preds" || name == "SODA_c_1") continue;
      expect_score(report, names.contains(name) ? names.at(name) : name, value.as_number());
      ++compared;
    }
    ck_assert_int_eq(compared, 14);
  }
}

GVL_TEST(intervals) {
  // An exact tie with a threshold is below it.
  ck_assert(dense_caption_iou({0, 10}, {0, 5}) < 0.5);
  expect_near("touching", dense_caption_iou({0, 10}, {10, 20}), 0);
  expect_near("reversed", dense_caption_iou({25, 5}, {5, 25}), 0);
  expect_near("points", dense_caption_iou({5, 5}, {5, 5}), 0);
}

GVL_TEST(hostile_files) {
  TemporaryFolder folder;
  const std::string good = R"({"v": {"timestamps": [[0, 5]], "sentences": ["A dog runs."]}})";
  const std::string answer = R"({"results": {"v": [{"sentence": "A dog runs.", "timestamp": [0, 5]}]}})";
  const auto run = [&](const std::string& annotation, const std::string& submission) {
    write_file(folder / "a.json", annotation);
    write_file(folder / "p.json", submission);
    return score_dense_captions({folder / "a.json"}, folder / "p.json", DenseCaptionRules::kVTimeLlm,
                                meteor_of("empty"));
  };
  expect_near("good", score_of(run(good, answer), "METEOR"), 1);
  for (const char* annotation :
       {"7", "[]", "{}", R"({"v": 7})", R"({"v": {}})", R"({"v": {"timestamps": [], "sentences": []}})",
        R"({"v": {"timestamps": [[0, 5]], "sentences": []}})", R"({"v": {"timestamps": [[0]], "sentences": ["a"]}})",
        R"({"v": {"timestamps": [[0, "5"]], "sentences": ["a"]}})", R"({"annotations": [{}]})",
        R"({"v": {"timestamps": [[0, 1e10]], "sentences": ["a"]}})", R"({"annotations": []})",
        R"({"v": {"timestamps": [[-1, 5]], "sentences": ["a"]}})",
        R"({"v": {"timestamps": [[0, 5]], "sentences": [7]}})",
        R"({"annotations": [{"image_id": "v", "caption": "A dog runs. A cat runs.", "segments": [[0, 5]]}]})"}) {
    expect_malformed("a.json", {}, [&] { run(annotation, answer); });
  }
  expect_malformed("a.json", {"second time"},
                   [&] { run(good.substr(0, good.size() - 1) + ", " + good.substr(1), answer); });
  for (const char* submission :
       {"7", "[]", "{}", R"({"results": 7})", R"({"results": {"w": []}})", R"({"results": {"v": 7}})",
        R"({"results": {"v": [7]}})", R"({"results": {"v": [{"timestamp": [0, 5]}]}})",
        R"({"results": {"v": [{"sentence": 7, "timestamp": [0, 5]}]}})",
        R"({"results": {"v": [{"sentence": "a", "timestamp": [0, NaN]}]}})",
        R"({"results": {"v": [{"sentence": "a", "timestamp": [0, 1e999]}]}})",
        R"({"v": [{"sentence": "a", "timestamp": [0, 5]}]})"}) {
    expect_malformed("p.json", {}, [&] { run(good, submission); });
  }
  const std::string longest = std::string(kLongestSentence + 1, 'x');
  expect_malformed("p.json", {"8 KiB"}, [&] {
    run(good, R"({"results": {"v": [{"timestamp": [0, 5], "sentence": ")" + longest + "\"}]}}");
  });
}
