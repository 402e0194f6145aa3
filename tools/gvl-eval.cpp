/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * gvl-eval [--model DIR] [--min-confidence N] [--json FILE] CONFIG.json: measures a model by the events that a user
 * sees. CONFIG.json has either the member `scenes` of a training run's data, with the number of `videos`, or `queries`:
 * videos in files and what is to be found in them, when (docs/training.md). Prints a table; with --json also writes all
 * numbers. Exits 0 when it has measured, 1 on wrong usage, 2 when it could not.
 */
#include <glib.h>
#include <unistd.h>

#include <opencv2/core/utils/logger.hpp>

#include <cstdio>
#include <filesystem>
#include <string>

#include "evaluation/measure.hpp"
#include "gvl/error.hpp"
#include "io/atomic_file.hpp"

namespace {

namespace fs = std::filesystem;
using namespace gvl;

int usage(const char* reason) {
  std::fprintf(stderr, "gvl-eval: %s\nusage: gvl-eval [--model DIR] [--min-confidence N] [--json FILE] CONFIG.json\n",
               reason);
  return 1;
}

void show_progress(std::int64_t done, std::int64_t total) {
  if (!isatty(STDERR_FILENO)) return;
  std::fprintf(stderr, "\r%lld of %lld videos%s", static_cast<long long>(done), static_cast<long long>(total),
               done == total ? "\n" : "");
}

int evaluate(const fs::path& model_folder, const std::string& file, double min_confidence, const char* json) {
  const std::shared_ptr<Model> model = Model::load(model_folder);
  const auto report = evaluation::measure(*model, io::JsonValue::load(file),
                                          {.min_confidence = min_confidence, .progress = show_progress});
  std::fputs(report.to_table().c_str(), stdout);
  if (json != nullptr) io::write_atomically(json, report.to_json());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  g_autofree char* model = nullptr;
  g_autofree char* json = nullptr;
  double min_confidence = 0;
  const GOptionEntry entries[] = {
      {"model", 0, 0, G_OPTION_ARG_FILENAME, &model, "Folder of the model; else the default model", "DIR"},
      {"min-confidence", 0, 0, G_OPTION_ARG_DOUBLE, &min_confidence, "Intervals that are less sure are no events (0)",
       "N"},
      {"json", 0, 0, G_OPTION_ARG_FILENAME, &json, "Write the numbers, too", "FILE"},
      {}};
  g_autoptr(GOptionContext) context = g_option_context_new("CONFIG.json");
  g_option_context_set_summary(context,
                               "Measures a model on generated videos, or on those of a file, with known events.");
  g_option_context_add_main_entries(context, entries, nullptr);
  g_autoptr(GError) error = nullptr;
  if (!g_option_context_parse(context, &argc, &argv, &error)) return usage(error->message);
  if (argc != 2) return usage("one configuration is needed");
  if (!(min_confidence >= 0 && min_confidence <= 1)) return usage("--min-confidence is not within 0 and 1");
  // OpenCV warns of what it does not need to know of a video.
  cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_ERROR);
  try {
    return evaluate(model != nullptr ? fs::path(model) : default_model_folder(), argv[1], min_confidence, json);
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "gvl-eval: %s\n", failure.what());
    return 2;
  }
}
