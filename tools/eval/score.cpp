/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "eval/score.hpp"

#include <glib.h>
#include <json-glib/json-glib.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/usage.hpp"
#include "common/version.hpp"
#include "eval/meteor-options.hpp"
#include "evaluation/benchmarks/grounded_qa.hpp"
#include "evaluation/benchmarks/highlight_detection.hpp"
#include "evaluation/benchmarks/mvbench.hpp"
#include "evaluation/benchmarks/rextime.hpp"
#include "evaluation/benchmarks/temporal_grounding.hpp"
#include "evaluation/benchmarks/videomme.hpp"
#include "evaluation/captions/dense_caption_scores.hpp"
#include "io/atomic_file.hpp"
#include "io/json.hpp"

namespace {

namespace fs = std::filesystem;
using namespace gvl::evaluation;

/** What the rules of a benchmark are called, the default first. */
using Names = std::vector<std::string>;

/** A benchmark, the files that its scorers read, and how they are called. */
struct Benchmark {
  const char* name;
  const char* files;  ///< in usage
  std::size_t fewest, most;
  Names rules;
  std::function<ScoreReport(std::span<const fs::path> files, const std::string& rules, const MeteorOptions& meteor)>
      score;
};

/** Scorers of grounding, of which the first name is the default's. */
Benchmark grounding(const char* name, const char* files, GroundingRules usual) {
  Names names = names_in(kGroundingRules);
  const auto first = std::find(names.begin(), names.end(), name_of(kGroundingRules, usual));
  std::rotate(names.begin(), first, first + 1);
  return {name,
          files,
          2,
          2,
          names,
          [name = std::string(name)](std::span<const fs::path> files, const std::string& rules, const MeteorOptions&) {
            return score_temporal_grounding(files[0], files[1], value_named(kGroundingRules, rules), name);
          }};
}

ScoreReport score_highlights(std::span<const fs::path> files, const std::string& rules, const MeteorOptions&) {
  return score_qvhighlights(files[0], files[1], {.rounded = rules == "rounded"});
}

ScoreReport score_nextgqa(std::span<const fs::path> files, const std::string& rules, const MeteorOptions&) {
  GroundedQaPredictions predictions{files[1], {}};
  if (files.size() > 2) predictions.answers = files[2];
  return score_grounded_qa(files[0], predictions, {.unit = value_named(kSpanUnits, rules)});
}

ScoreReport score_captions(std::span<const fs::path> files, const std::string& rules, const MeteorOptions& meteor) {
  const std::vector<fs::path> annotations(files.begin(), files.end() - 1);
  const auto counter = meteor.make();
  return score_dense_captions(annotations, files.back(), value_named(kDenseCaptionRules, rules), *counter);
}

constexpr const char* kDenseCaptions = "activitynet-dense-captions";

const std::vector<Benchmark>& benchmarks() {
  static const std::vector<Benchmark> all{
      grounding("charades-sta", "charades_sta_test.txt PREDICTIONS.jsonl", GroundingRules::kTimeChat),
      grounding("activitynet-captions", "val_2.json PREDICTIONS.jsonl", GroundingRules::kTimeChat),
      grounding("timelens-bench", "charades-timelens.json PREDICTIONS.jsonl", GroundingRules::kTimeLens),
      {kDenseCaptions, "val_1.json [val_2.json] SUBMISSION.json", 2, 3, names_in(kDenseCaptionRules), score_captions},
      {"qvhighlights",
       "highlight_val_release.jsonl SUBMISSION.jsonl",
       2,
       2,
       {"rounded", "unrounded"},
       score_highlights},
      {"rextime",
       "rextime_val.jsonl SUBMISSION.jsonl",
       2,
       2,
       {"rextime_eval"},
       [](std::span<const fs::path> files, const std::string&, const MeteorOptions&) {
         return score_rextime(files[0], files[1]);
       }},
      {"next-gqa", "FOLDER test_ground.json [test-res.json]", 2, 3, names_in(kSpanUnits), score_nextgqa},
      {"mvbench", "FOLDER PREDICTIONS.jsonl", 2, 2, names_in(kMvbenchRules),
       [](std::span<const fs::path> files, const std::string& rules, const MeteorOptions&) {
         return score_mvbench(files[0], files[1], value_named(kMvbenchRules, rules));
       }},
      {"video-mme", "FILLED_TEMPLATE.json", 1, 1, names_in(kVideoMmeRules),
       [](std::span<const fs::path> files, const std::string& rules, const MeteorOptions&) {
         return score_videomme(files[0], value_named(kVideoMmeRules, rules));
       }},
  };
  return all;
}

const Benchmark& benchmark_named(const std::string& name) {
  std::string known;
  for (const Benchmark& benchmark : benchmarks()) {
    if (name == benchmark.name) return benchmark;
    known += (known.empty() ? "" : ", ") + std::string(benchmark.name);
  }
  throw UsageError(name + ": no benchmark (there are " + known + ")");
}

std::string joined(const Names& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

std::string rules_named(const Benchmark& benchmark, const char* name) {
  if (!name) return benchmark.rules.front();
  for (const std::string& rules : benchmark.rules) {
    if (rules == name) return rules;
  }
  throw UsageError("--rules " + std::string(name) + ": " + benchmark.name + " has " + joined(benchmark.rules));
}

void print(const ScoreReport& report) {
  std::printf("%s by the rules of %s: %" G_GINT64_FORMAT " counted\n", report.benchmark.c_str(), report.rules.c_str(),
              static_cast<gint64>(report.counted));
  std::size_t width = 0;
  for (const Score& score : report.scores) width = std::max(width, score.name.size());
  for (const Score& score : report.scores)
    std::printf("%-*s  %.4f\n", static_cast<int>(width), score.name.c_str(), score.value);
  for (const std::string& note : report.notes) std::printf("%s\n", note.c_str());
}

std::string json_of(const ScoreReport& report) {
  g_autoptr(JsonBuilder) builder = json_builder_new();
  const auto add = [&](const char* name, const std::string& value) {
    json_builder_set_member_name(builder, name);
    json_builder_add_string_value(builder, value.c_str());
  };
  json_builder_begin_object(builder);
  add("benchmark", report.benchmark);
  add("rules", report.rules);
  json_builder_set_member_name(builder, "counted");
  json_builder_add_int_value(builder, report.counted);
  json_builder_set_member_name(builder, "scores");
  json_builder_begin_object(builder);
  for (const Score& score : report.scores) {
    json_builder_set_member_name(builder, score.name.c_str());
    json_builder_add_double_value(builder, score.value);
  }
  json_builder_end_object(builder);
  json_builder_set_member_name(builder, "notes");
  json_builder_begin_array(builder);
  for (const std::string& note : report.notes) json_builder_add_string_value(builder, note.c_str());
  json_builder_end_array(builder);
  json_builder_end_object(builder);
  return gvl::io::json_text(builder);
}

std::string description() {
  std::string text;
  for (const Benchmark& benchmark : benchmarks()) {
    text += std::string(benchmark.name) + " " + benchmark.files + "\n    --rules " + joined(benchmark.rules) + "\n";
  }
  return text + "The first rules are the default. docs/benchmarks.md says what they are, and how files look.\n";
}

/** What the command line says. */
struct Arguments {
  char *rules = nullptr, *json = nullptr;
  MeteorOptions meteor;

  Arguments() = default;
  Arguments(const Arguments&) = delete;
  Arguments& operator=(const Arguments&) = delete;
  ~Arguments() {
    g_free(rules);
    g_free(json);
  }

  void parse(int& argc, char**& argv) {
    const GOptionEntry entries[] = {
        {"rules", 0, 0, G_OPTION_ARG_STRING, &rules, "Whose scorer, where published ones disagree", "NAME"},
        {"json", 0, 0, G_OPTION_ARG_FILENAME, &json, "Write all numbers, too", "FILE"},
        {}};
    g_autoptr(GOptionContext) context = g_option_context_new("BENCHMARK ANNOTATIONS PREDICTIONS");
    g_option_context_set_summary(context, "gvl-eval score: scores predictions as a benchmark's published scorer does.");
    g_option_context_set_description(context, description().c_str());
    g_option_context_add_main_entries(context, entries, nullptr);
    meteor.add_to(context);
    add_version(context);
    g_autoptr(GError) error = nullptr;
    if (!g_option_context_parse(context, &argc, &argv, &error)) throw UsageError(error->message);
    meteor.check();
  }
};

void score(int argc, char** argv) {
  Arguments arguments;
  arguments.parse(argc, argv);
  if (argc < 2) throw UsageError("a benchmark and its files are needed");
  const Benchmark& benchmark = benchmark_named(argv[1]);
  const std::vector<fs::path> files(argv + 2, argv + argc);
  if (files.size() < benchmark.fewest || files.size() > benchmark.most)
    throw UsageError(std::string(benchmark.name) + " needs " + benchmark.files);
  if (arguments.meteor.is_given() && benchmark.name != std::string_view(kDenseCaptions))
    throw UsageError(std::string(benchmark.name) + " has no METEOR");
  const ScoreReport report = benchmark.score(files, rules_named(benchmark, arguments.rules), arguments.meteor);
  print(report);
  if (arguments.json) gvl::io::write_atomically(arguments.json, json_of(report));
}

}  // namespace

int score_predictions(int argc, char** argv) {
  g_set_prgname("gvl-eval score");
  try {
    score(argc, argv);
    return 0;
  } catch (const UsageError& error) {
    std::fprintf(stderr, "gvl-eval score: %s\nusage: gvl-eval score [OPTION...] BENCHMARK FILE... (--help says more)\n",
                 error.what());
    return 1;
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "gvl-eval: %s\n", failure.what());
    return 2;
  }
}
