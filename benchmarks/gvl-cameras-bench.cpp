/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * gvl-cameras-bench [OPTION]... [QUERY...]: how many cameras one model serves in one process.
 *
 * So many live streams of 1080p25, each with elements of its own, are asked two queries about each window, all of one
 * model. What they show is made once and shared, so that only what the elements need counts; with --decode it comes as
 * H.264. One stream plays first, alone: what a further one needs in memory is told by both. --most looks for the
 * largest number of which no segment is dropped and 95 % of all windows are answered within three seconds.
 *
 * Printed are, for each camera, segments, dropped ones, windows, events, how often an overload began, and the time from
 * a window's end to its event or the answer that there is none; the processor time that each needs, and what the model
 * alone would need; and memory. --json has the same. Exits 0 when it has measured, 1 on wrong usage, 2 when it could
 * not.
 */
#include <gst/gst.h>

#include <cstdio>
#include <exception>
#include <fstream>
#include <stdexcept>
#include <string>

#include "cameras-bench/alone.hpp"
#include "cameras-bench/report.hpp"

namespace {

using namespace gvl::benchmarks;

// What is asked of a number of cameras that is not too many.
constexpr double kLatestAnswer = 3;

struct Options {
  CameraSettings settings;
  double minutes = 3;
  int cameras = 12;
  int most = 0;
  char *model = nullptr, *json = nullptr;
  char** queries = nullptr;
};

/** What is wrong with them; empty: nothing. */
std::string wrong_with(const Options& options) {
  const CameraSettings& settings = options.settings;
  if (options.cameras < 1 || options.cameras > 1000) return "--cameras is not from 1 to 1000";
  if (options.most && (options.most < options.cameras || options.most > 1000))
    return "--most is not from --cameras to 1000";
  if (settings.window < 1 || settings.window > 600) return "--window is not from 1 to 600 seconds";
  if (options.minutes * 60 < settings.window) return "--minutes is less than a window";
  if (settings.overlap < 0 || settings.overlap > 0.9) return "--overlap is not from 0 to 0.9";
  if (settings.alerts < 0 || settings.alerts > 60) return "--alert-latency is not from 0 to 60 seconds";
  if (settings.answer_batch < 1 || settings.answer_batch > 1024) return "--answer-batch is not from 1 to 1024";
  if (settings.temporal_batch < 1 || settings.temporal_batch > 1024) return "--temporal-batch is not from 1 to 1024";
  if (settings.width < 16 || settings.height < 16) return "--width and --height are not 16 or more";
  return "";
}

void take_texts(Options& options) {
  options.settings.model = gvl::model_folder(options.model ? options.model : "").string();
  for (char** query = options.queries; query && *query; ++query) options.settings.queries.emplace_back(*query);
  if (options.settings.queries.empty()) options.settings.queries = {"the picture goes black", "colour bars are shown"};
}

RunResult run(int cameras, const Options& options, const Footage& footage) {
  std::fprintf(stderr, "%d camera%s for %.1f minutes ...\n", cameras, cameras == 1 ? "" : "s", options.minutes);
  return run_cameras(cameras, options.minutes * 60, options.settings, footage);
}

bool is_served(const RunResult& run) {
  return run.dropped() == 0 && percentile(run.latencies(), 0.95) <= kLatestAnswer;
}

/** The largest number that is served, from --cameras to --most; the run of --cameras if that is not. */
RunResult find_most(const Options& options, const Footage& footage, Report& report) {
  RunResult best;
  int served = 0, too_many = options.most + 1;
  for (int count = options.cameras; count != served;) {
    auto tried = run(count, options, footage);
    report.tried.push_back(count);
    const bool good = is_served(tried);
    if (good || best.cameras.empty()) best = std::move(tried);
    (good ? served : too_many) = count;
    if (!served) return best;
    count = too_many > options.most ? std::min(2 * served, options.most) : (served + too_many) / 2;
  }
  return best;
}

void measure(Options& options) {
  take_texts(options);
  const Footage footage(options.settings);
  // What all cameras share, from here on and for all runs.
  const auto model = gvl::Model::load(options.settings.model, options.settings.model_options());
  Report report{.settings = options.settings};
  report.window_alone = seconds_of_a_window(*model, options.settings);
  report.one = run(1, options, footage);
  report.all = options.most ? find_most(options, footage, report) : run(options.cameras, options, footage);
  print(report);
  if (!options.json) return;
  std::ofstream file(options.json);
  file << to_json(report) << '\n';
  if (!file.flush()) throw std::runtime_error(std::string(options.json) + ": cannot be written");
}

int usage(const std::string& reason) {
  std::fprintf(stderr, "gvl-cameras-bench: %s\nusage: gvl-cameras-bench [OPTION]... [QUERY...]\n", reason.c_str());
  return 1;
}

std::string parse(Options& options, int& argc, char**& argv) {
  CameraSettings& settings = options.settings;
  gboolean decode = FALSE, in_step = FALSE;
  const GOptionEntry entries[] = {
      {"cameras", 0, 0, G_OPTION_ARG_INT, &options.cameras, "How many play at once (12)", "N"},
      {"most", 0, 0, G_OPTION_ARG_INT, &options.most, "Look for how many are served, N at most", "N"},
      {"minutes", 0, 0, G_OPTION_ARG_DOUBLE, &options.minutes, "How long each of them plays (3)", "MINUTES"},
      {"model", 0, 0, G_OPTION_ARG_FILENAME, &options.model, "Its folder or name (the default model)", "MODEL"},
      {"window", 0, 0, G_OPTION_ARG_DOUBLE, &settings.window, "How long a window is (60)", "SECONDS"},
      {"overlap", 0, 0, G_OPTION_ARG_DOUBLE, &settings.overlap, "The window-overlap of the elements (0)", "SHARE"},
      {"alert-latency", 0, 0, G_OPTION_ARG_DOUBLE, &settings.alerts, "That of the elements (0: no alerts)", "SECONDS"},
      {"answer-batch", 0, 0, G_OPTION_ARG_INT, &settings.answer_batch, "That of the elements (1)", "N"},
      {"temporal-batch", 0, 0, G_OPTION_ARG_INT, &settings.temporal_batch, "That of the elements (2)", "N"},
      {"width", 0, 0, G_OPTION_ARG_INT, &settings.width, "Of the pictures (1920)", "PIXELS"},
      {"height", 0, 0, G_OPTION_ARG_INT, &settings.height, "Of the pictures (1080)", "PIXELS"},
      {"decode", 0, 0, G_OPTION_ARG_NONE, &decode, "Let each camera decode H.264; needs x264enc", nullptr},
      {"in-step", 0, 0, G_OPTION_ARG_NONE, &in_step, "Let all windows end at the same time", nullptr},
      {"json", 0, 0, G_OPTION_ARG_FILENAME, &options.json, "Where to write what was measured", "FILE"},
      {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY, &options.queries, nullptr, nullptr},
      {}};
  g_autoptr(GOptionContext) context = g_option_context_new("[QUERY...]");
  g_option_context_set_summary(context, "Measures how many cameras one model serves.");
  g_option_context_add_main_entries(context, entries, nullptr);
  g_autoptr(GError) error = nullptr;
  if (!g_option_context_parse(context, &argc, &argv, &error)) return error->message;
  settings.decode = decode;
  settings.in_step = in_step;
  return wrong_with(options);
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  if (const std::string wrong = parse(options, argc, argv); !wrong.empty()) return usage(wrong);
  gst_init(&argc, &argv);
  try {
    measure(options);
    return 0;
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "gvl-cameras-bench: %s\n", failure.what());
    return 2;
  }
}
