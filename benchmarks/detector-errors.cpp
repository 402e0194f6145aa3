/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * gvl-detector-errors [--moments CONFIG.json] [--stamps TABLE --backgrounds LIST] [--clean LIST] [OPTION]...: what the
 * detector makes of what is there, as numbers from which it can be imitated. It judges nothing.
 *
 *   --moments CONFIG.json   films with moments whose `kind` is a class (docs/training.md): its score by the size of the
 *                           thing, how often it is missed, what else is seen in its place, how scores and boxes go on
 *                           from keyframe to keyframe, and the light of all pictures
 *   --stamps TABLE          cut-out photographs, drawn into frames of the films of --backgrounds at random places and
 *                           sizes of 0.06 to 0.7 of the square's side: the same, and how true boxes are. TABLE has a
 *                           head and lines of `path`, `description`, `coco_class` with tabs between
 *   --clean LIST            films without anything of COCO's classes: what is seen nevertheless, and how long
 *   --crops FOLDER          write what is seen, a picture for each moment and every twentieth stamp, with the name of
 *                           its colour
 *
 * A list has a file a line; files are named from where the list or table is. "At its place" is a box with an IoU of 0.4
 * with the thing's or, in films, the object of which the class is strongest. Deciles are the 0th, 10th, ... 100th
 * percentile. Exits 0 when it has measured, 1 on wrong usage, 2 when it could not.
 */
#include <glib.h>

#include <opencv2/core/utils/logger.hpp>

#include <cstdio>
#include <string>

#include "detector-errors/clean.hpp"
#include "detector-errors/composed.hpp"
#include "detector-errors/crops.hpp"
#include "detector-errors/moments.hpp"
#include "detector.hpp"
#include "evaluation/query_file.hpp"

namespace {

using namespace gvl;
using namespace gvl::benchmarks;

struct Options {
  char *weights = nullptr, *moments = nullptr, *stamps = nullptr, *backgrounds = nullptr, *clean = nullptr,
       *crops = nullptr;
  int keyframes = 48;
  int objects = 10;
  int pictures = 2000;
};

/** What is wrong with them; empty: nothing. */
std::string wrong_with(const Options& options) {
  if (options.moments == nullptr && options.stamps == nullptr && options.clean == nullptr) {
    return "one of --moments, --stamps and --clean is needed";
  }
  if ((options.stamps == nullptr) != (options.backgrounds == nullptr)) {
    return "--stamps and --backgrounds need each other";
  }
  if (options.crops != nullptr && !std::filesystem::is_directory(options.crops)) {
    return "--crops " + std::string(options.crops) + " is no folder";
  }
  if (options.keyframes < 1) return "--keyframes is not above 0";
  if (options.objects < 1) return "--objects is not above 0";
  if (options.pictures < 1) return "--pictures is not above 0";
  return "";
}

void measure(const Options& options) {
  constexpr std::int64_t kFramesOfFilm = 12;
  const Detector detector(options.weights != nullptr ? options.weights : GVL_DETECTOR);
  Crops crops(options.crops != nullptr ? options.crops : "");
  if (options.moments != nullptr) {
    Moments moments(detector, crops, options.keyframes, options.objects);
    const auto configuration = io::JsonValue::load(options.moments);
    for (const auto& video : evaluation::read_queries(configuration.object("queries"))) moments.add(video);
    moments.print();
  }
  if (options.stamps != nullptr) {
    const auto stamps = read_stamps(options.stamps);
    Composed composed(detector, crops, stamps, read_backgrounds(options.backgrounds, kFramesOfFilm));
    composed.add(options.pictures, options.objects);
    composed.print();
  }
  if (options.clean != nullptr) print_false_positives(detector, options.clean, options.keyframes, options.objects);
}

int usage(const std::string& reason) {
  std::fprintf(stderr,
               "gvl-detector-errors: %s\nusage: gvl-detector-errors [--moments CONFIG.json] [--stamps TABLE "
               "--backgrounds LIST] [--clean LIST] [OPTION]...\n",
               reason.c_str());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  const GOptionEntry entries[] = {
      {"moments", 0, 0, G_OPTION_ARG_FILENAME, &options.moments, "Films and what is there when", "CONFIG.json"},
      {"stamps", 0, 0, G_OPTION_ARG_FILENAME, &options.stamps, "Cut-out photographs and their classes", "TABLE"},
      {"backgrounds", 0, 0, G_OPTION_ARG_FILENAME, &options.backgrounds, "Films that stamps are drawn into", "LIST"},
      {"clean", 0, 0, G_OPTION_ARG_FILENAME, &options.clean, "Films without things", "LIST"},
      {"crops", 0, 0, G_OPTION_ARG_FILENAME, &options.crops, "Where to write what is seen, with its colour", "FOLDER"},
      {"weights", 0, 0, G_OPTION_ARG_FILENAME, &options.weights, "Folder of the detector's weights", "DIR"},
      {"keyframes", 0, 0, G_OPTION_ARG_INT, &options.keyframes, "Frames of a film that are looked at (48)", "N"},
      {"objects", 0, 0, G_OPTION_ARG_INT, &options.objects, "Objects of a picture that count (10)", "N"},
      {"pictures", 0, 0, G_OPTION_ARG_INT, &options.pictures, "Pictures with stamps (2000)", "N"},
      {}};
  g_autoptr(GOptionContext) context = g_option_context_new(nullptr);
  g_option_context_set_summary(context, "Measures how a detector errs.");
  g_option_context_add_main_entries(context, entries, nullptr);
  g_autoptr(GError) error = nullptr;
  if (!g_option_context_parse(context, &argc, &argv, &error)) return usage(error->message);
  if (argc != 1) return usage("there is no argument " + std::string(argv[1]));
  if (const std::string wrong = wrong_with(options); !wrong.empty()) return usage(wrong);
  // OpenCV warns of what it does not need to know of a video.
  cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_ERROR);
  try {
    measure(options);
    return 0;
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "gvl-detector-errors: %s\n", failure.what());
    return 2;
  }
}
