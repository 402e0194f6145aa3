/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * gvl-eval [--model DIR] [--json FILE] [--answers FILE] [--min-confidence N | --calibrate [--iou N] [--false-per-hour
 * N]] CONFIG.json: measures a model by the events that a user sees. CONFIG.json has either the member `scenes` or
 * `watched` of a training run's data, with the number of `videos`, or `queries`: videos in files and what is to be
 * found in them, when (docs/training.md). `gvl-eval run` runs a model on published benchmarks, `gvl-eval score` scores
 * predictions on them (docs/benchmarks.md). Prints a table; with --json also writes all numbers. With --calibrate it
 * counts the events that are right and wrong at each min-confidence, and proposes which to set. Exits 0 when it has
 * measured, 1 on wrong usage, 2 when it could not.
 */
#include <glib.h>
#include <unistd.h>

#include <opencv2/core/utils/logger.hpp>

#include <cstdio>
#include <filesystem>
#include <initializer_list>
#include <string>

#include "common/version.hpp"
#include "eval/run.hpp"
#include "eval/score.hpp"
#include "evaluation/calibration_report.hpp"
#include "evaluation/measure.hpp"
#include "gvl/error.hpp"
#include "io/atomic_file.hpp"

namespace {

namespace fs = std::filesystem;
using namespace gvl;

constexpr const char* kSummary =
    "Measures a model on generated videos, or on those of a file, with known events.\n"
    "`gvl-eval run --help`: on published benchmarks; `gvl-eval score --help`: predictions alone.";
constexpr const char* kDescription =
    "CONFIG.json is {\"queries\": {\"files\": [\"queries.json\"], \"videos\": \"FOLDER\"}}, and queries.json a list "
    "of\n"
    "{\"video\": \"a.mkv\", \"query\": \"the picture freezes\", \"start\": 3.5, \"stop\": 8}, times in seconds; what "
    "happens\n"
    "several times has an entry for each, and what never happens one without times. Generated videos:\n"
    "{\"scenes\": {\"videos\": 100}}, or simulated everyday things, {\"watched\": {\"videos\": 100}}. Exits 0 when it "
    "has measured, 1 on wrong usage, 2 when it could not.\n";

int usage(const std::string& reason) {
  std::fprintf(
      stderr,
      "gvl-eval: %s\nusage: gvl-eval [OPTION...] CONFIG.json | gvl-eval run ... | gvl-eval score ... (--help says "
      "more)\n",
      reason.c_str());
  return 1;
}

/** An option whose value is a number. */
struct Number {
  const char* name;
  double least;
  double most;
  double value;          ///< until it is read, the default
  char* text = nullptr;  ///< as it is given

  Number(const char* name, double least, double most, double value)
      : name(name), least(least), most(most), value(value) {}
  Number(const Number&) = delete;
  Number& operator=(const Number&) = delete;
  ~Number() { g_free(text); }
};

struct Options {
  char* model = nullptr;
  char* json = nullptr;
  char* answers = nullptr;
  gboolean calibrate = FALSE;
  Number min_confidence{"--min-confidence", 0, 1, 0};
  Number iou{"--iou", 0.01, 1, 0.5};
  Number false_per_hour{"--false-per-hour", 0.001, 1e6, 2};

  Options() = default;
  Options(const Options&) = delete;
  Options& operator=(const Options&) = delete;
  ~Options() {
    g_free(model);
    g_free(json);
    g_free(answers);
  }
};

/** Why its text is no such number, or an empty string. */
std::string read(Number& number) {
  if (number.text == nullptr) return {};
  char* end = nullptr;
  number.value = g_ascii_strtod(number.text, &end);
  if (end != number.text && *end == '\0' && number.value >= number.least && number.value <= number.most) return {};
  char range[64];
  g_snprintf(range, sizeof range, "a number from %g to %g is needed", number.least, number.most);
  return std::string(number.name) + " " + number.text + ": " + range;
}

std::string read_numbers(Options& options) {
  for (Number* number : {&options.min_confidence, &options.iou, &options.false_per_hour})
    if (std::string fault = read(*number); !fault.empty()) return fault;
  if (options.calibrate && options.min_confidence.text != nullptr) {
    return "--calibrate tries every --min-confidence: give one of them";
  }
  if (options.calibrate && options.answers != nullptr) return "--calibrate writes no --answers: give one of them";
  for (const Number* number : {&options.iou, &options.false_per_hour})
    if (!options.calibrate && number->text != nullptr) return std::string(number->name) + " needs --calibrate";
  return {};
}

bool parse(int& argc, char**& argv, Options& options, std::string& fault) {
  const GOptionEntry entries[] = {
      {"model", 0, 0, G_OPTION_ARG_FILENAME, &options.model,
       "Folder or name of the model (default, faults, things); else default", "MODEL"},
      {"json", 0, 0, G_OPTION_ARG_FILENAME, &options.json, "Write all numbers, too", "FILE"},
      {"answers", 0, 0, G_OPTION_ARG_FILENAME, &options.answers,
       "Write what was found for each question of grounding, as lines of JSON", "FILE"},
      {"min-confidence", 0, 0, G_OPTION_ARG_STRING, &options.min_confidence.text,
       "Intervals that are less sure are no events; default: 0", "0...1"},
      {"calibrate", 0, 0, G_OPTION_ARG_NONE, &options.calibrate,
       "Count right and wrong events at each min-confidence, and propose which to set", nullptr},
      {"iou", 0, 0, G_OPTION_ARG_STRING, &options.iou.text,
       "With --calibrate: the overlap (IoU) from which on an event is right; default: 0.5", "0.01...1"},
      {"false-per-hour", 0, 0, G_OPTION_ARG_STRING, &options.false_per_hour.text,
       "With --calibrate: how many wrong events an hour are bearable; default: 2", "N"},
      {}};
  g_autoptr(GOptionContext) context = g_option_context_new("CONFIG.json");
  g_option_context_set_summary(context, kSummary);
  g_option_context_set_description(context, kDescription);
  g_option_context_add_main_entries(context, entries, nullptr);
  add_version(context);
  g_autoptr(GError) error = nullptr;
  if (!g_option_context_parse(context, &argc, &argv, &error)) {
    fault = error->message;
  } else {
    fault = argc == 2 ? read_numbers(options) : "one configuration is needed";
  }
  return fault.empty();
}

void show_progress(std::int64_t done, std::int64_t total) {
  if (!isatty(STDERR_FILENO)) return;
  std::fprintf(stderr, "\r%lld of %lld videos%s", static_cast<long long>(done), static_cast<long long>(total),
               done == total ? "\n" : "");
}

void tell(const std::string& table, const std::string& numbers, const char* json) {
  std::fputs(table.c_str(), stdout);
  if (json != nullptr) io::write_atomically(json, numbers);
}

void evaluate(const Options& options, const std::string& file) {
  const auto configuration = io::JsonValue::load(file);
  const auto model = Model::load(model_folder(options.model != nullptr ? options.model : ""));
  if (options.calibrate) {
    const auto counted = evaluation::calibrate(*model, configuration, options.iou.value, show_progress);
    const double most = options.false_per_hour.value;
    return tell(evaluation::to_table(counted, most), evaluation::to_json(counted, most), options.json);
  }
  std::string answers;
  const auto report = evaluation::measure(*model, configuration, options.min_confidence.value, show_progress, &answers);
  tell(report.to_table(), report.to_json(), options.json);
  if (options.answers != nullptr) io::write_atomically(options.answers, answers);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1 && std::string(argv[1]) == "score") return score_predictions(argc - 1, argv + 1);
  if (argc > 1 && std::string(argv[1]) == "run") return run_benchmark(argc - 1, argv + 1);
  Options options;
  std::string fault;
  if (!parse(argc, argv, options, fault)) return usage(fault);
  // OpenCV warns of what it does not need to know of a video.
  cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_ERROR);
  try {
    evaluate(options, argv[1]);
    return 0;
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "gvl-eval: %s\n", failure.what());
    return 2;
  }
}
