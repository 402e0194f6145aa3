/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "evaluation/benchmarks/moment_retrieval.hpp"

#include <map>
#include <set>

#include "benchmark_test.hpp"
#include "evaluation/benchmarks/temporal_grounding.hpp"
#include "gvl/json_line.hpp"

using namespace gvl;
using namespace gvl::evaluation;
using namespace gvl::evaluation::test;

namespace {

namespace fs = std::filesystem;

fs::path data(const std::string& name) { return fixture("metrics/qvhighlights/" + name); }
JsonValue expected() { return JsonValue::load(data("expected.json")); }
std::vector<MomentQuery> moments() { return read_moments(data("gt.jsonl"), data("submission.jsonl")); }

MomentQuery query_of(const std::vector<Interval>& truths, const std::vector<ScoredWindow>& predictions) {
  return {"1", truths, predictions, "p.jsonl: line 1", "gt.jsonl: line 1"};
}

/** A threshold as the script names it. */
std::string name_of(double threshold) {
  char text[16];
  std::snprintf(text, sizeof text, "%g", threshold);
  return text;
}

/** What the script prints of a share. */
double percent(double share) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2f", 100 * share);
  return std::stod(text);
}

/** mAP and R@1 of a length as the script gives them: 21 numbers. */
void expect_length(const JsonValue& expected, const MomentScore& found) {
  ck_assert_uint_eq(expected.size(), 2);
  const JsonValue precision = expected.at("MR-mAP"), recall = expected.at("MR-R1");
  ck_assert_uint_eq(precision.size(), kMomentThresholds.size() + 1);
  ck_assert_uint_eq(recall.size(), kMomentThresholds.size());
  for (std::size_t t = 0; t < kMomentThresholds.size(); ++t) {
    const std::string threshold = name_of(kMomentThresholds[t]);
    expect_number(precision.at(threshold), percent(found.average_precision[t]));
    expect_number(recall.at(threshold), percent(found.recall[t]));
  }
  expect_number(precision.at("average"), percent(found.mean_average_precision));
}

bool is_highlight(const std::string& name) { return name.starts_with("HL-min-"); }

/** The scores that the script puts first, 8 of which are of moments and 6 of highlights. */
void expect_brief(const JsonValue& expected, const ScoreReport& report) {
  int compared = 0;
  for (const auto& [name, value] : expected.members()) {
    if (is_highlight(name)) continue;
    expect_number(value, score_of(report, name));
    ++compared;
  }
  ck_assert_int_eq(compared, 8);
  ck_assert_uint_eq(expected.size(), 8 + 6);
}

/** The submission without a query's line, or with no windows in it. */
std::string submission_without(const std::string& id, bool keeps_line) {
  std::string kept;
  JsonLines lines(data("submission.jsonl"));
  for (std::string line; lines.next(line);) {
    const bool is_it = std::to_string(JsonValue::parse(line, "line").integer("qid")) == id;
    if (!is_it) kept += line + "\n";
    if (is_it && keeps_line) kept += "{\"qid\": " + id + ", \"pred_relevant_windows\": []}\n";
  }
  return kept;
}

}  // namespace

GVL_TEST(published_scores) {
  const auto scores = moment_scores(moments());
  std::map<std::string, MomentScore> by_name;
  for (const MomentScore& one : scores) by_name[one.name] = one;
  std::set<std::string> compared;
  for (const auto& [name, value] : expected().at("eval_submission").members()) {
    if (is_highlight(name)) continue;
    if (name == "brief") {
      expect_brief(value, score_moment_retrieval(data("gt.jsonl"), data("submission.jsonl")));
    } else {
      expect_length(value, by_name.at(name));
    }
    compared.insert(name);
  }
  ck_assert(compared == std::set<std::string>({"brief", "full", "long", "middle", "short"}));
  ck_assert_uint_eq(expected().at("eval_submission").size(), 5 + 3);
  ck_assert_uint_eq(expected().size(), 6);
}

GVL_TEST(published_counts) {
  std::set<std::string> lines;
  const std::map<std::string, std::string> ranges{
      {"short", "[0, 10]"}, {"middle", "[10, 30]"}, {"long", "[30, 150]"}, {"full", "[0, 150]"}};
  const auto queries = moments();
  for (const MomentScore& one : moment_scores(queries)) {
    char line[100];
    std::snprintf(line, sizeof line, "%s: %s, %zu/%zu=%.2f examples.", one.name.c_str(), ranges.at(one.name).c_str(),
                  one.count, queries.size(),
                  100.0 * static_cast<double>(one.count) / static_cast<double>(queries.size()));
    lines.insert(line);
  }
  const auto printed = expected().array("stdout").elements();
  ck_assert_uint_eq(printed.size(), lines.size());
  for (const JsonValue& line : printed) ck_assert_msg(lines.contains(line.as_string()), "%s", line.as_string().c_str());
}

GVL_TEST(full_precision) {
  const JsonValue full = expected().at("full_precision");
  const ScoreReport report = score_moment_retrieval(data("gt.jsonl"), data("submission.jsonl"), {.rounded = false});
  ck_assert_int_eq(report.counted, 49);
  ck_assert_uint_eq(report.scores.size(), 4 * 13);
  ck_assert_uint_eq(report.notes.size(), 4);
  ck_assert_uint_eq(full.size(), 4);
  ck_assert_uint_eq(full.at("mAP").size(), 10);
  ck_assert_uint_eq(full.at("R1").size(), 2);
  for (const auto& [name, value] : full.at("mAP").members())
    expect_number(value, score_of(report, "MR-full-mAP@" + name));
  for (const auto& [name, value] : full.at("R1").members())
    expect_number(value, score_of(report, "MR-full-R1@" + name));
  expect_number(full.at("mAP_average"), score_of(report, "MR-full-mAP"));
  expect_number(full.at("mIoU_r1"), 100 * moment_scores(moments()).front().mean_iou);
}

GVL_TEST(published_queries) {
  std::map<std::string, MomentQuery> by_id;
  for (const MomentQuery& query : moments()) by_id[query.id] = query;
  const JsonValue queries = expected().at("per_query");
  ck_assert_uint_eq(queries.size(), 49);
  for (const auto& [id, record] : queries.members()) {
    ck_assert_msg(by_id.contains(id), "no query %s", id.c_str());
    ck_assert_uint_eq(record.size(), 4);
    const AtThresholds areas = moment_average_precision(by_id[id]);
    const FirstMoment first = first_moment(by_id[id]);
    const JsonValue precision = record.array("AP_at_0.5..0.95"), recall = record.at("R1");
    ck_assert_uint_eq(precision.size(), areas.size());
    ck_assert_uint_eq(recall.size(), areas.size());
    for (std::size_t t = 0; t < areas.size(); ++t) {
      expect_number(precision.at(t), areas[t]);
      expect_number(recall.at(name_of(kMomentThresholds[t])), first.iou >= kMomentThresholds[t] ? 100 : 0);
    }
    ck_assert_int_eq(record.integer("gt_window_chosen"), static_cast<std::int64_t>(first.truth));
    expect_number(record.at("iou_r1_hull"), first.iou);
  }
}

GVL_TEST(query_without_windows) {
  const JsonValue edge = expected().at("edge");
  ck_assert_uint_eq(edge.size(), 4);
  ck_assert(edge.string("empty prediction list").starts_with("IndexError"));
  TemporaryFolder folder;
  write_file(folder / "p.jsonl", submission_without("103", true));
  const auto queries = read_moments(data("gt.jsonl"), folder / "p.jsonl");
  ck_assert_uint_eq(queries.size(), 49);
  expect_error("no window", ErrorCode::kMalformed, {"p.jsonl: line 4", "103", "IndexError"},
               [&] { moment_scores(queries); });
  const JsonValue alone = edge.at("compute_mr_ap alone with one empty list (query silently dropped from the mean)");
  ck_assert_uint_eq(alone.size(), kMomentThresholds.size() + 1);
  const AtThresholds found = mean_moment_precision(queries);
  double sum = 0;
  for (std::size_t t = 0; t < found.size(); ++t) {
    expect_number(alone.at(name_of(kMomentThresholds[t])), percent(found[t]));
    sum += found[t];
  }
  expect_number(alone.at("average"), percent(sum / static_cast<double>(found.size())));
}

GVL_TEST(missing_query) {
  const JsonValue edge = expected().at("edge");
  ck_assert(edge.string("missing query").starts_with("AssertionError"));
  TemporaryFolder folder;
  write_file(folder / "p.jsonl", submission_without("214", false));
  expect_error("missing", ErrorCode::kMalformed, {"p.jsonl", "214"},
               [&] { score_moment_retrieval(data("gt.jsonl"), folder / "p.jsonl"); });
  expect_brief(edge.at("missing query, match_number=False"),
               score_moment_retrieval(data("gt.jsonl"), folder / "p.jsonl", {.match_number = false}));
  // The other way round.
  write_file(folder / "q.jsonl", read_file(data("submission.jsonl")) + "{\"qid\": 7, \"pred_relevant_windows\": []}\n");
  expect_error("unknown", ErrorCode::kMalformed, {"q.jsonl: line 50", "7", "gt.jsonl"},
               [&] { score_moment_retrieval(data("gt.jsonl"), folder / "q.jsonl"); });
  expect_brief(expected().at("eval_submission").at("brief"),
               score_moment_retrieval(data("gt.jsonl"), folder / "q.jsonl", {.match_number = false}));
}

GVL_TEST(traps) {
  // The true window reversed has a union of 0: a hit for mAP at every threshold, none for R@1.
  const MomentQuery mirrored = query_of({{40, 60}}, {{{60, 40}, 1}});
  for (const double area : moment_average_precision(mirrored)) expect_near("mirrored", area, 1);
  expect_near("mirrored", first_moment(mirrored).iou, 0);
  // A later window has the better score; of equal scores the first listed is the first.
  const MomentQuery second = query_of({{0, 10}}, {{{50, 60}, 0.5}, {{0, 10}, 0.9}});
  expect_near("by score", moment_average_precision(second)[0], 1);
  expect_near("as listed", first_moment(second).iou, 0);
  expect_near("ties", moment_average_precision(query_of({{0, 10}}, {{{50, 60}, 1}, {{0, 10}, 1}}))[0], 0.5);
  // The eleventh does not count.
  std::vector<ScoredWindow> many(10, {{50, 60}, 0});
  many.push_back({{0, 10}, 1});
  expect_near("eleventh", moment_average_precision(query_of({{0, 10}}, many))[0], 0);
  // What is taken falls to the next best.
  const MomentQuery twice = query_of({{0, 10}, {0, 12}}, {{{0, 10}, 1}, {{0, 10}, 0.5}});
  expect_near("taken", moment_average_precision(twice)[0], 1);
  expect_near("not taken", moment_average_precision(twice)[9], 0.5);
  for (const double area : moment_average_precision(query_of({{0, 1}}, {}))) expect_near("none", area, 0);
  expect_error("none", ErrorCode::kInvalidArgument, {"predictions"}, [] {
    mean_moment_precision({query_of({{0, 1}}, {})});
  });
  expect_error("no truth", ErrorCode::kMalformed, {"gt.jsonl: line 1", "relevant_windows"}, [] {
    first_moment(query_of({}, {{{0, 1}, 1}}));
  });
  expect_error("no long one", ErrorCode::kMalformed, {"gt.jsonl", "short"}, [] {
    moment_scores({query_of({{0, 50}}, {{{0, 1}, 1}})});
  });
}

GVL_TEST(rounding) {
  // 0.125 is a tie, 2.675 and 1.005 are not.
  for (const auto& [value, expected] : std::map<double, double>{
           {0.125, 0.12}, {0.375, 0.38}, {2.675, 2.67}, {1.005, 1.0}, {64.955, 64.95}, {-0.126, -0.13}, {1e9, 1e9}}) {
    ck_assert_msg(rounded_to_hundredths(value) == expected, "%.17g", value);
  }
}

GVL_TEST(hostile_annotations) {
  TemporaryFolder folder;
  write_file(folder / "p.jsonl", "{\"qid\": 1, \"pred_relevant_windows\": [[0, 1, 1]]}\n");
  const auto refuses = [&](const std::string& line) {
    write_file(folder / "g.jsonl", "{\"qid\": 1, \"relevant_windows\": [[0, 1]]}\n\n" + line + "\n");
    expect_error(line.substr(0, 60), ErrorCode::kMalformed, {"g.jsonl: line 3"},
                 [&] { read_moments(folder / "g.jsonl", folder / "p.jsonl", false); });
  };
  for (const char* line : {"7",
                           "[]",
                           "{",
                           "{}",
                           R"({"qid": 2})",
                           R"({"relevant_windows": []})",
                           R"({"qid": 2, "relevant_windows": {}})",
                           R"({"qid": 2, "relevant_windows": [7]})",
                           R"({"qid": 2, "relevant_windows": [[1]]})",
                           R"({"qid": 2, "relevant_windows": [[1, 2, 3]]})",
                           R"({"qid": 2, "relevant_windows": [["1", 2]]})",
                           R"({"qid": 2, "relevant_windows": [[-1, 2]]})",
                           R"({"qid": 2, "relevant_windows": [[1, NaN]]})",
                           R"({"qid": 2, "relevant_windows": [[1, 1e10]]})",
                           R"({"qid": 2, "relevant_windows": [[1, 1e999]]})",
                           R"({"qid": 1, "relevant_windows": [[1, 2]]})",
                           R"({"qid": 1.5, "relevant_windows": [[1, 2]]})",
                           R"({"qid": null, "relevant_windows": [[1, 2]]})",
                           R"({"qid": [], "relevant_windows": [[1, 2]]})",
                           "\xff"}) {
    refuses(line);
  }
  refuses("{\"qid\": 2, \"query\": \"" + std::string(std::size_t{1} << 20, 'x') + "\"}");
  write_file(folder / "g.jsonl", "\n");
  expect_error("empty", ErrorCode::kMalformed, {"g.jsonl"},
               [&] { read_moments(folder / "g.jsonl", folder / "p.jsonl"); });
  expect_error("missing", ErrorCode::kNotFound, {"h.jsonl"},
               [&] { read_moments(folder / "h.jsonl", folder / "p.jsonl"); });
}

GVL_TEST(hostile_submissions) {
  TemporaryFolder folder;
  std::string truths;
  for (const char* id : {"1", "2", "\"2\""}) {
    truths += "{\"qid\": " + std::string(id) + ", \"relevant_windows\": [[0, 10]]}\n";
  }
  write_file(folder / "g.jsonl", truths);
  const auto refuses = [&](const std::string& line) {
    write_file(folder / "p.jsonl", "{\"qid\": 1, \"pred_relevant_windows\": [[0, 1, 1]]}\n" + line + "\n");
    expect_error(line.substr(0, 60), ErrorCode::kMalformed, {"p.jsonl: line 2"},
                 [&] { read_moments(folder / "g.jsonl", folder / "p.jsonl"); });
  };
  for (const char* line :
       {"7", "[]", "{", "{}", R"({"qid": 2})", R"({"pred_relevant_windows": []})",
        R"({"qid": 1, "pred_relevant_windows": []})", R"({"qid": 3, "pred_relevant_windows": []})",
        R"({"qid": "1", "pred_relevant_windows": []})", R"({"qid": 2, "pred_relevant_windows": 7})",
        R"({"qid": 2, "pred_relevant_windows": [7]})", R"({"qid": 2, "pred_relevant_windows": [[1, 2]]})",
        R"({"qid": 2, "pred_relevant_windows": [[1, 2, 3, 4]]})",
        R"({"qid": 2, "pred_relevant_windows": [["1", 2, 3]]})",
        R"({"qid": 2, "pred_relevant_windows": [[1, 2, null]]})",
        R"({"qid": 2, "pred_relevant_windows": [[1, 2, NaN]]})",
        R"({"qid": 2, "pred_relevant_windows": [[1, 1e10, 1]]})",
        R"({"qid": 2, "pred_relevant_windows": [[-1e10, 1, 1]]})",
        R"({"qid": 2, "pred_relevant_windows": [[1, 2, 1e999]]})"}) {
    refuses(line);
  }
  refuses("{\"qid\": 2, \"query\": \"" + std::string(std::size_t{1} << 20, 'x') + "\"}");
  write_file(folder / "p.jsonl", "");
  expect_error("empty", ErrorCode::kMalformed, {"p.jsonl"},
               [&] { read_moments(folder / "g.jsonl", folder / "p.jsonl", false); });
  // Nothing in common; and a number is not a string.
  write_file(folder / "p.jsonl", R"({"qid": "1", "pred_relevant_windows": [[0, 1, 1]]})");
  expect_error("none in common", ErrorCode::kMalformed, {"p.jsonl"},
               [&] { read_moments(folder / "g.jsonl", folder / "p.jsonl", false); });
}

GVL_TEST(damaged_files) {
  TemporaryFolder folder;
  Random random;
  const std::string truths = "{\"qid\": 1, \"relevant_windows\": [[0, 5], [10, 25], [30, 90]]}\n";
  const std::string answers = "{\"qid\": 1, \"pred_relevant_windows\": [[0, 5.5, 0.25], [30, 80, 0.5]]}\n";
  write_file(folder / "g.jsonl", truths);
  for (int round = 0; round < 300; ++round) {
    write_file(folder / "h.jsonl", io::test::mutate(truths, random));
    write_file(folder / "p.jsonl", io::test::mutate(answers, random));
    io::test::loads_or_throws(".jsonl", [&] { score_moment_retrieval(folder / "g.jsonl", folder / "p.jsonl"); });
    io::test::loads_or_throws(".jsonl", [&] { score_moment_retrieval(folder / "h.jsonl", folder / "p.jsonl"); });
  }
}
