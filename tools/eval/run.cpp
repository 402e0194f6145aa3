/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "eval/run.hpp"

#include <glib.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <opencv2/core/utils/logger.hpp>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "common/interrupt.hpp"
#include "common/usage.hpp"
#include "common/version.hpp"
#include "eval/meteor-options.hpp"
#include "eval/shares.hpp"
#include "evaluation/format.hpp"
#include "evaluation/running/benchmark_run.hpp"
#include "evaluation/running/predictions.hpp"
#include "evaluation/running/run_report.hpp"
#include "gvl/error.hpp"
#include "io/atomic_file.hpp"

namespace {

namespace fs = std::filesystem;
using namespace gvl;
using namespace gvl::evaluation;

constexpr const char* kDescription =
    "BENCHMARK is charades-sta, activitynet-captions, activitynet-dense-captions, qvhighlights, next-gqa, mvbench or "
    "video-mme.\n"
    "ANNOTATIONS is its file, of next-gqa and mvbench the folder, of video-mme the empty output template. VIDEOS is a\n"
    "folder that has the videos somewhere in it. OUT gets predictions.jsonl, and the predictions in the benchmark's "
    "form.\n"
    "See docs/benchmarks.md.\n";

/** What the command line says. */
struct Arguments {
  char *model = nullptr, *json = nullptr, *markdown = nullptr, *shard = nullptr;
  gboolean resumes = FALSE, by_windows = FALSE;
  double temperature = 0, min_confidence = 0;
  gint64 seed = 0, max_new_tokens = GenerationOptions().max_new_tokens;
  MeteorOptions meteor;

  Arguments() = default;
  Arguments(const Arguments&) = delete;
  Arguments& operator=(const Arguments&) = delete;
  ~Arguments() {
    for (char* text : {model, json, markdown, shard}) g_free(text);
  }

  void parse(int& argc, char**& argv) {
    const GOptionEntry entries[] = {
        {"model", 0, 0, G_OPTION_ARG_FILENAME, &model,
         "Folder or name of the model (default, faults, things); else default", "MODEL"},
        {"json", 0, 0, G_OPTION_ARG_FILENAME, &json, "Write all numbers, too", "FILE"},
        {"markdown", 0, 0, G_OPTION_ARG_FILENAME, &markdown, "Write the table as Markdown, too", "FILE"},
        {"resume", 0, 0, G_OPTION_ARG_NONE, &resumes, "Go on with OUT's predictions, those of all shares", nullptr},
        {"shard", 0, 0, G_OPTION_ARG_STRING, &shard, "Only share I of N, for N processes; --resume then puts together",
         "I/N"},
        {"windows", 0, 0, G_OPTION_ARG_NONE, &by_windows, "Ask by windows and merge, as elements do", nullptr},
        {"min-confidence", 0, 0, G_OPTION_ARG_DOUBLE, &min_confidence, "With --windows: of events (0)", "0...1"},
        {"temperature", 0, 0, G_OPTION_ARG_DOUBLE, &temperature, "0: greedy; the authors' script has 0.2 (0)", "0...2"},
        {"seed", 0, 0, G_OPTION_ARG_INT64, &seed, "Of sampling (0)", "N"},
        {"max-new-tokens", 0, 0, G_OPTION_ARG_INT64, &max_new_tokens, "Longest answer (256)", "N"},
        {}};
    g_autoptr(GOptionContext) context = g_option_context_new("BENCHMARK ANNOTATIONS VIDEOS OUT");
    g_option_context_set_summary(context, "gvl-eval run: runs a model on a published benchmark.");
    g_option_context_set_description(context, kDescription);
    g_option_context_add_main_entries(context, entries, nullptr);
    meteor.add_to(context);
    add_version(context);
    g_autoptr(GError) error = nullptr;
    if (!g_option_context_parse(context, &argc, &argv, &error)) throw UsageError(error->message);
    meteor.check();
    if (argc != 5) throw UsageError("a benchmark, its annotations, its videos and a folder for results are needed");
    if (!(temperature >= 0 && temperature <= 2)) throw UsageError("--temperature: a number from 0 to 2 is needed");
    if (max_new_tokens < 1 || max_new_tokens > 4096) throw UsageError("--max-new-tokens: 1 to 4096 are possible");
    if (!(min_confidence >= 0 && min_confidence <= 1)) throw UsageError("--min-confidence: 0 to 1 is needed");
    if (min_confidence > 0 && !by_windows) throw UsageError("--min-confidence needs --windows");
    if (shard && (json || markdown)) throw UsageError("--shard scores nothing: it needs no --json and no --markdown");
  }

  AskOptions ask_options() const {
    AskOptions options{.by_windows = by_windows != FALSE, .min_confidence = min_confidence};
    options.generation.temperature = temperature;
    options.generation.seed = static_cast<std::uint64_t>(seed);
    options.generation.max_new_tokens = max_new_tokens;
    return options;
  }
};

RunBenchmark benchmark_named(const char* name) {
  try {
    return value_named(kRunBenchmarks, name);
  } catch (const Error& error) {
    throw UsageError(error.what());
  }
}

/** SHA-256 of all that is asked. */
std::string checksum_of(const std::vector<BenchmarkItem>& items) {
  std::string asked;
  const auto add = [&](const std::string& text) { asked += std::to_string(text.size()) + ":" + text; };
  for (const BenchmarkItem& item : items) {
    add(item.id);
    add(item.video);
    if (item.part) add(brief(item.part->start) + " " + brief(item.part->stop));
    for (const Query& query : item.queries) add(query.text);
    for (const std::string& option : item.options) add(option);
  }
  g_autofree char* sum =
      g_compute_checksum_for_data(G_CHECKSUM_SHA256, reinterpret_cast<const guchar*>(asked.data()), asked.size());
  return sum;
}

/** Sizes and times of a model's weights: of others in the same folder they differ. */
std::string weights_of(const fs::path& model) {
  std::vector<std::string> files;
  for (const fs::directory_entry& entry : fs::directory_iterator(model)) {
    if (entry.path().extension() != ".safetensors") continue;
    files.push_back(entry.path().filename().string() + " " + std::to_string(entry.file_size()) + " " +
                    std::to_string(entry.last_write_time().time_since_epoch().count()));
  }
  std::sort(files.begin(), files.end());
  std::string all;
  for (const std::string& file : files) all += (all.empty() ? "" : ", ") + file;
  return all;
}

/** What predictions depend on, so that only equal ones are put together. */
std::string settings_of(const Arguments& arguments, const std::string& benchmark, const std::string& model,
                        const std::vector<BenchmarkItem>& items) {
  return "{\"benchmark\": " + json_string(benchmark) + ", \"questions\": " + json_string(checksum_of(items)) +
         ", \"model\": " + json_string(model) + ", \"weights\": " + json_string(weights_of(model)) +
         ", \"temperature\": " + brief(arguments.temperature) + ", \"seed\": " + std::to_string(arguments.seed) +
         ", \"max_new_tokens\": " + std::to_string(arguments.max_new_tokens) +
         (arguments.by_windows ? ", \"windows\": true, \"min_confidence\": " + brief(arguments.min_confidence) : "") +
         "}\n";
}

bool show_progress(std::size_t done, std::size_t total) {
  if (isatty(STDERR_FILENO)) std::fprintf(stderr, "\r%zu of %zu%s", done, total, done == total ? "\n" : "");
  return !is_interrupted();
}

void write_report(const RunReport& report, const Arguments& arguments) {
  std::fputs(report.to_text().c_str(), stdout);
  if (arguments.json) io::write_atomically(arguments.json, report.to_json());
  if (arguments.markdown) io::write_atomically(arguments.markdown, report.to_markdown());
}

void make_folder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) throw Error(ErrorCode::kResource, folder.string() + ": cannot be created: " + error.message());
}

/** Whether it came to its end. */
bool run(const Arguments& arguments, char** argv) {
  const RunBenchmark benchmark = benchmark_named(argv[1]);
  const fs::path annotations = argv[2], out = argv[4];
  const auto share = arguments.shard ? std::optional(read_share(arguments.shard)) : std::nullopt;
  if (arguments.meteor.is_given() && benchmark != RunBenchmark::kDenseCaptions)
    throw UsageError(std::string(argv[1]) + " has no METEOR");
  const auto items = read_benchmark_items(benchmark, annotations);
  const VideoFolder videos(argv[3], VideoForm::kFileOrFrames);
  make_folder(out);
  const MeteorMaker meteor = [&] { return arguments.meteor.make(); };
  rehearse_scoring(benchmark, annotations, items, meteor);
  const auto model = Model::load(model_folder(arguments.model ? arguments.model : ""));
  const std::string settings = settings_of(arguments, argv[1], model->folder(), items);
  const auto ask = [&](const std::vector<BenchmarkItem>& some, PredictionLog& log) {
    return run_items(*model, benchmark, some, videos, arguments.ask_options(), log, show_progress);
  };
  if (share) {
    PredictionLog log(log_of(*share, out), settings, arguments.resumes);
    const auto some = share_of(items, share->number, share->count);
    const auto faults = ask(some, log);
    if (!is_interrupted()) tell_of_share(*share, some.size(), log.lines().size(), faults);
    return !is_interrupted();
  }
  PredictionLog log(out / "predictions.jsonl", settings, arguments.resumes);
  add_shares(out, settings, arguments.resumes, log);
  const auto faults = ask(items, log);
  if (is_interrupted()) return false;
  RunReport report{benchmark, model->folder(), items.size(), log.lines().size(), faults, {}};
  report.scores = score_predictions_of(benchmark, annotations, items, log.lines(), out, meteor);
  write_report(report, arguments);
  return true;
}

}  // namespace

int run_benchmark(int argc, char** argv) {
  g_set_prgname("gvl-eval run");
  const InterruptGuard guard;
  // OpenCV warns of what it does not need to know of a video.
  cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_ERROR);
  try {
    Arguments arguments;
    arguments.parse(argc, argv);
    if (run(arguments, argv)) return 0;
    std::fprintf(stderr, "gvl-eval: interrupted; the same command with --resume goes on from here\n");
    return 130;
  } catch (const UsageError& error) {
    std::fprintf(stderr,
                 "gvl-eval run: %s\nusage: gvl-eval run [OPTION...] BENCHMARK ANNOTATIONS VIDEOS OUT (--help says "
                 "more)\n",
                 error.what());
    return 1;
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "gvl-eval: %s\n", failure.what());
    return 2;
  }
}
