/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "evaluation/benchmarks/temporal_grounding.hpp"

#include <map>

#include "benchmark_test.hpp"

using namespace gvl;
using namespace gvl::evaluation;
using namespace gvl::evaluation::test;

namespace {

namespace fs = std::filesystem;

fs::path data(const std::string& name) { return fixture("metrics/" + name); }
JsonValue charades(const std::string& name) { return JsonValue::load(data("charades_sta/" + name)); }

Interval window_of(const JsonValue& value) { return {value.at(0).as_number(), value.at(1).as_number()}; }

/** The windows answered to an item; none: it was not answered. */
std::optional<std::vector<Interval>> answered(const JsonValue& windows, const std::string& id) {
  const auto list = windows.find(id);
  if (!list) return std::nullopt;
  std::vector<Interval> found;
  for (const JsonValue& window : list->elements()) found.push_back(window_of(window));
  return found;
}

void expect_iou(const JsonValue& expected, const Interval& truth, const Interval& window, IouRule rule) {
  const std::string label = expected.path();
  if (expected.is_object() && expected.has("exception")) {
    expect_text(expected.string("exception"), "ZeroDivisionError");
    expect_error(label, ErrorCode::kMalformed, {"divides"}, [&] { published_iou(truth, window, rule); });
    return;
  }
  const double found = published_iou(truth, window, rule);
  if (expected.is_object()) {
    expect_text(expected.string("nonfinite"), "nan");
    ck_assert_msg(std::isnan(found), "%s: found %.17g, expected NaN", label.c_str(), found);
    return;
  }
  if (rule == IouRule::kNncore) {
    ck_assert_msg(found == expected.as_number(), "%s: found %.17g, a float", label.c_str(), found);
  }
  expect_relative(label, found, expected.as_number());
  ck_assert_msg(std::signbit(found) == std::signbit(expected.as_number()), "%s: the sign", label.c_str());
}

/** The score of a report that has this name. */
/** The number behind `label` in one of the lines that a script printed. */
double printed(const JsonValue& lines, const std::string& label) {
  for (const JsonValue& line : lines.elements()) {
    const std::string text = line.as_string();
    if (const std::size_t at = text.find(label); at != text.npos) return std::stod(text.substr(at + label.size()));
  }
  ck_abort_msg("no line has %s", label.c_str());
  return kNaN;
}

std::string answer_line(const std::string& id, const std::vector<Interval>& windows) {
  std::string list;
  for (const Interval& window : windows) {
    char text[80];
    std::snprintf(text, sizeof text, "%s[%.17g, %.17g]", list.empty() ? "" : ", ", window.start, window.stop);
    list += text;
  }
  return "{\"id\": " + id + ", \"windows\": [" + list + "]}\n";
}

std::string quoted(const std::string& text) {
  std::string result = "\"";
  for (const char c : text) result += c == '\n' ? std::string("\\n") : std::string(1, c);
  return result + "\"";
}

/** The 46 answers in words, each to a video of its own: some items have two. */
struct TextFiles {
  TemporaryFolder folder;
  fs::path annotations = folder / "val.json", predictions = folder / "answers.jsonl";

  TextFiles() {
    std::string videos, answers;
    for (const JsonValue& record : charades("expected.json").array("texts").elements()) {
      const std::string video = "v" + std::to_string(record.integer("id"));
      const Interval gt = window_of(record.array("gt"));
      char text[200];
      std::snprintf(text, sizeof text, "\"%s\": {\"duration\": %.17g, \"timestamps\": [[%.17g, %.17g]], ",
                    video.c_str(), record.number("duration"), gt.start, gt.stop);
      videos += (videos.empty() ? "{" : ",\n") + std::string(text) + "\"sentences\": [\"it\"]}";
      answers += "{\"id\": " + quoted(video + "#0") + ", \"text\": " + quoted(record.string("answer")) + "}\n";
    }
    write_file(annotations, videos + "}\n");
    write_file(predictions, answers);
  }

  ScoreReport score(GroundingRules rules) const { return score_temporal_grounding(annotations, predictions, rules); }
};

/** The annotation's lines without some of them, and answers to the others, by index in what is left. */
struct WindowFiles {
  TemporaryFolder folder;
  fs::path annotations = folder / "charades_sta_test.txt", predictions = folder / "answers.jsonl";

  WindowFiles(std::int64_t left_out, bool with_missing) {
    const JsonValue windows = charades("predictions.json").at("windows");
    std::ifstream lines(data("charades_sta/charades_sta_test.txt"));
    std::string kept, answers, line;
    std::size_t index = 0;
    for (const JsonValue& item : charades("input.json").elements()) {
      ck_assert(static_cast<bool>(std::getline(lines, line)));
      const std::int64_t id = item.integer("id");
      if (id == left_out) continue;
      kept += line + "\n";
      auto found = answered(windows, std::to_string(id));
      if (!found && with_missing) found.emplace();
      if (found) answers += answer_line(std::to_string(index), *found);
      ++index;
    }
    write_file(annotations, kept);
    write_file(predictions, answers);
  }

  ScoreReport score(GroundingRules rules) const { return score_temporal_grounding(annotations, predictions, rules); }
};

void expect_timechat(const JsonValue& expected) {
  ck_assert_uint_eq(expected.size(), 3);
  const auto left_out = expected.array("ids_left_out_because_it_divides_by_zero").elements();
  ck_assert_uint_eq(left_out.size(), 1);
  const ScoreReport report = WindowFiles(left_out[0].as_integer(), true).score(GroundingRules::kTimeChat);
  const JsonValue lines = expected.array("stdout");
  ck_assert_uint_eq(lines.size(), 4);
  expect_text(expected.string("stderr"), "");
  expect_relative("counted", static_cast<double>(report.counted), printed(lines, "# pred video timestamps "));
  expect_relative("counted", static_cast<double>(report.counted), printed(lines, "# gt video timestamps "));
  for (const std::string threshold : {"0.3", "0.5", "0.7"}) {
    expect_relative(threshold, score_of(report, "R@1, IoU=" + threshold), printed(lines, "IOU " + threshold + ": "));
  }
}

void expect_etbench(const JsonValue& lines) {
  const ScoreReport report = WindowFiles(-1, false).score(GroundingRules::kEtBench);
  ck_assert_uint_eq(lines.size(), 4);
  expect_text(lines.at(0).as_string(), "Total number of files: 1");
  for (const std::string threshold : {"0.3", "0.5", "0.7"}) {
    expect_relative(threshold, score_of(report, "R@1, IoU=" + threshold), printed(lines, "R@" + threshold + ": "));
  }
  expect_relative("mIoU", score_of(report, "mIoU"), printed(lines, "mIoU: "));
  const double failed = score_of(report, "without a window");
  expect_relative("failed", failed, printed(lines, "Failed: "));
  expect_relative("failed", 100 * failed / static_cast<double>(report.counted), printed(lines, " samples ("));
}

/** Four scores in percent by other names. */
void expect_scores(const JsonValue& expected, GroundingRules rules, const std::map<std::string, std::string>& names) {
  const ScoreReport report = TextFiles().score(rules);
  ck_assert_int_eq(report.counted, 46);
  ck_assert_uint_eq(expected.size(), names.size());
  for (const auto& [name, ours] : names) expect_relative(name, score_of(report, ours), expected.number(name));
}

}  // namespace

GVL_TEST(published_ious) {
  const std::map<std::string, IouRule> rules{{"TALL.calculate_IoU(gt,pred)", IouRule::kTall},
                                             {"TimeChat.eval_tvg.iou(gt,pred)", IouRule::kTimeChat},
                                             {"lmms-eval.charades_sta.utils.iou(gt,pred)", IouRule::kLmms},
                                             {"nncore.temporal_iou (true union)", IouRule::kNncore},
                                             {"moment_detr paired (hull)", IouRule::kMomentDetr},
                                             {"moment_detr cross (true union)", IouRule::kMomentCross}};
  const auto items = charades("input.json").elements();
  const auto expected = charades("expected.json").array("per_item").elements();
  const JsonValue windows = charades("predictions.json").at("windows");
  ck_assert_uint_eq(items.size(), 60);
  ck_assert_uint_eq(expected.size(), 60);
  int compared = 0;
  for (std::size_t i = 0; i < items.size(); ++i) {
    ck_assert_int_eq(items[i].integer("id"), expected[i].integer("id"));
    expect_text(items[i].string("kind"), expected[i].string("kind"));
    const auto found = answered(windows, std::to_string(items[i].integer("id")));
    const bool has_window = found && !found->empty();
    ck_assert_uint_eq(expected[i].size(), has_window ? 2 + rules.size() : 2);
    if (!has_window) continue;
    for (const auto& [name, rule] : rules) {
      expect_iou(expected[i].at(name), window_of(items[i].array("gt")), found->front(), rule);
      ++compared;
    }
  }
  ck_assert_int_eq(compared, 58 * 6);
}

GVL_TEST(published_scores) {
  int compared = 0;
  const std::map<std::string, std::string> lmms{
      {"IOU@3", "R@1, IoU=0.3"}, {"IOU@5", "R@1, IoU=0.5"}, {"IOU@7", "R@1, IoU=0.7"}, {"mIOU", "mIoU"}};
  const std::map<std::string, std::string> vtimellm{
      {"R1@0.3", "R@1, IoU=0.3"}, {"R1@0.5", "R@1, IoU=0.5"}, {"R1@0.7", "R@1, IoU=0.7"}, {"mIoU", "mIoU"}};
  for (const auto& [name, value] : charades("expected.json").at("aggregate").members()) {
    if (name.starts_with("TimeChat metrics/tvg/eval_tvg.py")) {
      expect_timechat(value);
    } else if (name.starts_with("ETBench eval_grounding.py")) {
      expect_etbench(value);
    } else if (name.starts_with("lmms-eval charades_sta utils.")) {
      expect_scores(value, GroundingRules::kLmms, lmms);
    } else if (name.starts_with("lmms-eval timelens utils.")) {
      expect_scores(value, GroundingRules::kTimeLens, lmms);
    } else if (name.starts_with("VTimeLLM metric.grounding_metrics")) {
      expect_scores(value, GroundingRules::kVTimeLlm, vtimellm);
    } else {
      ck_abort_msg("nothing is compared with %s", value.path().c_str());
    }
    ++compared;
  }
  ck_assert_int_eq(compared, 5);
  ck_assert_uint_eq(charades("expected.json").size(), 4);
}

GVL_TEST(charades_annotation) {
  const auto items = charades("input.json").elements();
  const auto queries = read_grounding_queries(data("charades_sta/charades_sta_test.txt"));
  ck_assert_uint_eq(queries.size(), items.size());
  std::map<std::string, int> counts;
  for (std::size_t i = 0; i < items.size(); ++i) {
    const Interval truth = window_of(items[i].array("gt"));
    ck_assert(queries[i].truth.start == truth.start && queries[i].truth.stop == truth.stop);
    expect_text(queries[i].text, items[i].string("sentence"));
    const std::string video = items[i].string("video");
    expect_text(queries[i].id, video + "#" + std::to_string(counts[video]++));
    ck_assert(!queries[i].duration);
  }
}

GVL_TEST(activitynet_annotation) {
  std::map<std::string, std::vector<JsonValue>> of_video;
  for (const JsonValue& item : JsonValue::load(data("activitynet_grounding/input.json")).elements()) {
    of_video[item.string("video")].push_back(item);
  }
  const auto queries = read_grounding_queries(data("activitynet_grounding/val_2.json"));
  ck_assert_uint_eq(queries.size(), 54);
  for (const GroundingQuery& query : queries) {
    const std::size_t mark = query.id.find('#');
    const std::string video = query.id.substr(0, mark);
    const auto& items = of_video[video.starts_with("v_") ? video.substr(2) : video];
    const std::size_t number = std::stoul(query.id.substr(mark + 1));
    ck_assert_msg(number < items.size(), "%s is not in the input", query.id.c_str());
    const Interval truth = window_of(items[number].array("gt"));
    ck_assert(query.truth.start == truth.start && query.truth.stop == truth.stop);
    ck_assert(query.duration == items[number].number("duration"));
    const std::string sentence = items[number].string("sentence");
    expect_text(query.text, sentence.substr(sentence.find_first_not_of(' ')));
  }
}

// TimeLens-Bench calls the same things "spans" and "queries".
GVL_TEST(timelens_annotation) {
  TemporaryFolder folder;
  std::string text = read_file(data("activitynet_grounding/val_2.json"));
  for (const auto& [from, to] : {std::pair("\"timestamps\"", "\"spans\""), std::pair("\"sentences\"", "\"queries\"")}) {
    for (std::size_t at = text.find(from); at != text.npos; at = text.find(from, at))
      text.replace(at, std::string(from).size(), to);
  }
  write_file(folder / "charades-timelens.json", text);
  const auto queries = read_grounding_queries(data("activitynet_grounding/val_2.json"));
  const auto renamed = read_grounding_queries(folder / "charades-timelens.json");
  ck_assert_uint_eq(queries.size(), renamed.size());
  for (std::size_t i = 0; i < queries.size(); ++i) {
    expect_text(renamed[i].id + renamed[i].text, queries[i].id + queries[i].text);
    ck_assert(renamed[i].truth.start == queries[i].truth.start && renamed[i].truth.stop == queries[i].truth.stop);
  }
}

GVL_TEST(unanswered_queries) {
  TemporaryFolder folder;
  write_file(folder / "a.txt", "A 0 10##one.\nA 10 20##two.\n");
  write_file(folder / "p.jsonl", "{\"id\": \"A#1\", \"windows\": [[10, 20]]}\n");
  const auto report = [&](GroundingRules rules) {
    return score_temporal_grounding(folder / "a.txt", folder / "p.jsonl", rules);
  };
  for (const auto rules : {GroundingRules::kTall, GroundingRules::kTimeChat})
    expect_error("missing", ErrorCode::kMalformed, {"p.jsonl", "A#0"}, [&] { report(rules); });
  for (const GroundingRules rules : {GroundingRules::kLmms, GroundingRules::kLmmsEvalTvg, GroundingRules::kTimeLens}) {
    ck_assert_int_eq(report(rules).counted, 1);
    expect_near("left out", score_of(report(rules), "R@1, IoU=0.7"), 100);
    ck_assert_uint_eq(report(rules).notes.size(), 1);
  }
  for (const GroundingRules rules : {GroundingRules::kEtBench, GroundingRules::kGvl}) {
    ck_assert_int_eq(report(rules).counted, 2);
    expect_near("a miss", score_of(report(rules), "mIoU"), rules == GroundingRules::kGvl ? 50 : 0.5);
  }
  // Shares of a video need its duration, which the answer may bring.
  expect_error("no duration", ErrorCode::kInvalidArgument, {"p.jsonl: line 1", "A#1", "duration"},
               [&] { report(GroundingRules::kVTimeLlm); });
  write_file(folder / "p.jsonl", "{\"id\": 1, \"text\": \"From <100> to <200>.\", \"duration\": 30}\n");
  expect_near("tokens", score_of(report(GroundingRules::kGvl), "R@1, IoU=0.7"), 50);
  expect_text(report(GroundingRules::kGvl).benchmark + " " + report(GroundingRules::kGvl).rules, "charades-sta gvl");
  write_file(folder / "p.jsonl", "{\"id\": 1, \"text\": \"From <100> to <200>.\"}\n");
  expect_error("no duration", ErrorCode::kInvalidArgument, {"line 1", "A#1", "duration"},
               [&] { report(GroundingRules::kGvl); });
  expect_error("text", ErrorCode::kInvalidArgument, {"line 1", "A#1", "text"},
               [&] { report(GroundingRules::kEtBench); });
  write_file(folder / "p.jsonl", "{\"id\": 1, \"text\": \"From 10 seconds to 20 seconds.\"}\n");
  expect_near("seconds", score_of(report(GroundingRules::kGvl), "R@1, IoU=0.7"), 50);
}

GVL_TEST(names) { expect_names(kGroundingRules); }

GVL_TEST(where_scripts_raise) {
  TemporaryFolder folder;
  write_file(folder / "a.txt", "A 5 5##nothing.\n");
  write_file(folder / "p.jsonl", "{\"id\": 0, \"windows\": [[5, 5]], \"duration\": 9}\n");
  for (const auto& [rules, name] : kGroundingRules) {
    const bool raises = rules == GroundingRules::kTall || rules == GroundingRules::kTimeChat ||
                        rules == GroundingRules::kLmmsEvalTvg || rules == GroundingRules::kVTimeLlm;
    const auto run = [&, which = rules] {
      return score_temporal_grounding(folder / "a.txt", folder / "p.jsonl", which);
    };
    if (raises) {
      expect_error("a hull of 0", ErrorCode::kMalformed, {"p.jsonl: line 1", "A#0"}, run);
    } else {
      expect_near("a hull of 0", score_of(run(), "mIoU"), 0);
    }
  }
  write_file(folder / "p.jsonl", "{\"id\": 0, \"text\": \"1..5 - 2\"}\n");
  expect_error("dots", ErrorCode::kMalformed, {"p.jsonl: line 1", "A#0", "dot"},
               [&] { score_temporal_grounding(folder / "a.txt", folder / "p.jsonl"); });
}

GVL_TEST(hostile_annotations) {
  TemporaryFolder folder;
  for (const char* line : {"A 1##x", "A 1 2 3##x", "A 1 2#x", "##", "A 1 2", "A -1 2##x", "A nan 2##x", "A 1 inf##x",
                           "A 1 1e10##x", "A 1 1e999##x", "A 0x1 2##x", "A 1s 2##x", "A 1,5 2##x", "\xff\xfe"}) {
    write_file(folder / "a.txt", "A 0 1##good.\n\n" + std::string(line) + "\nA 0 1##good.\n");
    expect_error(line, ErrorCode::kMalformed, {"a.txt: line 3"}, [&] { read_grounding_queries(folder / "a.txt"); });
  }
  write_file(folder / "a.txt", "A 0 1##" + std::string(std::size_t{2} << 20, 'x'));
  expect_error("long", ErrorCode::kMalformed, {"a.txt: line 1"}, [&] { read_grounding_queries(folder / "a.txt"); });
  for (const char* file : {"", "\n\n"}) {
    write_file(folder / "a.txt", file);
    expect_error("empty", ErrorCode::kMalformed, {"a.txt"}, [&] { read_grounding_queries(folder / "a.txt"); });
  }
  expect_error("missing", ErrorCode::kNotFound, {"b.txt"}, [&] { read_grounding_queries(folder / "b.txt"); });
}

GVL_TEST(hostile_activitynet) {
  TemporaryFolder folder;
  const auto refuses = [&](const std::string& video, const std::string& part) {
    write_file(folder / "v.json", video);
    expect_error(video, ErrorCode::kMalformed, {"v.json", part}, [&] { read_grounding_queries(folder / "v.json"); });
  };
  for (const char* record :
       {"[]", "7", "{}", R"({"timestamps": [[0, 1]], "sentences": ["x"]})",
        R"({"duration": 0, "timestamps": [[0, 1]], "sentences": ["x"]})",
        R"({"duration": -3, "timestamps": [[0, 1]], "sentences": ["x"]})",
        R"({"duration": "3", "timestamps": [[0, 1]], "sentences": ["x"]})",
        R"({"duration": 3, "timestamps": [[0, 1]]})", R"({"duration": 3, "timestamps": [[0, 1]], "sentences": []})",
        R"({"duration": 3, "timestamps": [[0]], "sentences": ["x"]})",
        R"({"duration": 3, "timestamps": [[0, 1, 2]], "sentences": ["x"]})",
        R"({"duration": 3, "timestamps": [[-1, 1]], "sentences": ["x"]})",
        R"({"duration": 3, "timestamps": [[0, 1e999]], "sentences": ["x"]})",
        R"({"duration": 3, "timestamps": [[0, 1e10]], "sentences": ["x"]})",
        R"({"duration": 3, "timestamps": [["0", 1]], "sentences": ["x"]})",
        R"({"duration": 3, "timestamps": [[0, null]], "sentences": ["x"]})",
        R"({"duration": 3, "timestamps": {"0": 1}, "sentences": ["x"]})",
        R"({"duration": 3, "timestamps": [[0, 1]], "sentences": [7]})"}) {
    refuses(
        "{\"good\": {\"duration\": 9, \"timestamps\": [], \"sentences\": []}, \"v_x\": " + std::string(record) + "}",
        "v_x");
  }
  for (const char* file : {"", "{}", "[]", "7", "{", R"({"v": {"duration": NaN}})"}) refuses(file, "");
  const std::string record = R"({"duration": 3, "timestamps": [[0, 1]], "sentences": ["x"]})";
  refuses("{\"v_x\": " + record + ", \"v_x\": " + record + "}", "v_x");
}

GVL_TEST(hostile_predictions) {
  TemporaryFolder folder;
  write_file(folder / "a.txt", "A 0 10##one.\nA 10 20##two.\n");
  const auto queries = read_grounding_queries(folder / "a.txt");
  const auto refuses = [&](const std::string& line) {
    write_file(folder / "p.jsonl", "{\"id\": 0, \"windows\": []}\n\n" + line + "\n");
    expect_error(line.substr(0, 60), ErrorCode::kMalformed, {"p.jsonl: line 3"},
                 [&] { read_grounding_answers(folder / "p.jsonl", queries); });
  };
  for (const char* line : {"7",
                           "[]",
                           "{",
                           "{}",
                           R"({"id": 1})",
                           R"({"windows": []})",
                           R"({"id": 2, "text": ""})",
                           R"({"id": -1, "text": ""})",
                           R"({"id": 1.0, "text": ""})",
                           R"({"id": "A#2", "text": ""})",
                           R"({"id": "1", "text": ""})",
                           R"({"id": null, "text": ""})",
                           R"({"id": [1], "text": ""})",
                           R"({"id": 0, "text": ""})",
                           R"({"id": "A#0", "text": ""})",
                           R"({"id": 99999999999999999999, "text": ""})",
                           R"({"id": 1, "text": 7})",
                           R"({"id": 1, "text": "", "windows": []})",
                           R"({"id": 1, "windows": 7})",
                           R"({"id": 1, "windows": [7]})",
                           R"({"id": 1, "windows": [[1]]})",
                           R"({"id": 1, "windows": [[1, 2, 3]]})",
                           R"({"id": 1, "windows": [[1, "2"]]})",
                           R"({"id": 1, "windows": [[1, null]]})",
                           R"({"id": 1, "windows": [[1, NaN]]})",
                           R"({"id": 1, "windows": [[1, 1e999]]})",
                           R"({"id": 1, "windows": [[1, 1e10]]})",
                           R"({"id": 1, "windows": [[-1e10, 1]]})",
                           R"({"id": 1, "windows": [], "duration": 0})",
                           R"({"id": 1, "windows": [], "duration": "1"})",
                           "\xff\xfe\xfd"}) {
    refuses(line);
  }
  refuses("{\"id\": 1, \"text\": \"" + std::string(std::size_t{1} << 20, 'x') + "\"}");
}

GVL_TEST(no_predictions) {
  TemporaryFolder folder;
  write_file(folder / "a.txt", "A 0 10##one.\nA 10 20##two.\n");
  write_file(folder / "p.jsonl", "");
  for (const auto& [rules, name] : kGroundingRules) {
    const bool is_miss = rules == GroundingRules::kEtBench || rules == GroundingRules::kGvl;
    const auto run = [&, which = rules] {
      return score_temporal_grounding(folder / "a.txt", folder / "p.jsonl", which);
    };
    if (!is_miss) expect_error(std::string(name), ErrorCode::kMalformed, {"p.jsonl"}, run);
    if (is_miss) expect_near("all missed", score_of(run(), "mIoU"), 0);
  }
}

GVL_TEST(damaged_files) {
  TemporaryFolder folder;
  Random random;
  const std::string annotation = R"({"v": {"duration": 3, "timestamps": [[0, 1], [1, 2]], "sentences": ["x", "y"]}})";
  const std::string answers = "{\"id\": \"v#0\", \"text\": \"0.1 - 0.9\"}\n{\"id\": 1, \"windows\": [[1, 2]]}\n";
  for (int round = 0; round < 300; ++round) {
    write_file(folder / "v.json", io::test::mutate(annotation, random));
    write_file(folder / "w.json", annotation);
    write_file(folder / "p.jsonl", io::test::mutate(answers, random));
    io::test::loads_or_throws("v.json", [&] { read_grounding_queries(folder / "v.json"); });
    io::test::loads_or_throws("p.jsonl", [&] { score_temporal_grounding(folder / "w.json", folder / "p.jsonl"); });
  }
}
