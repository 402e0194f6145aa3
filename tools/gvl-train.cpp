/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * gvl-train [--export DIR [--dtype TYPE]] CONFIG.json: trains a model as the configuration says (docs/training.md), or
 * goes on where the run was interrupted. SIGINT and SIGTERM leave a checkpoint behind. With --export nothing is
 * trained: the run's model as it is now is written. Exits 0 at the end of the run, 1 on wrong usage, 2 on a failure, 3
 * when the run was interrupted and can go on.
 */
#include <glib.h>
#include <unistd.h>

#include <opencv2/core/utils/logger.hpp>

#include <csignal>
#include <cstdio>
#include <optional>
#include <string>

#include "common/version.hpp"
#include "evaluation/validation.hpp"
#include "gvl/error.hpp"
#include "ops/ops.hpp"
#include "training/scene_source.hpp"
#include "training/trainer.hpp"
#include "training/video_source.hpp"
#include "training/watch_source.hpp"

namespace {

using namespace gvl;

// What a signal handler may touch: set once, before the handlers are.
const Cancellation* interruption = nullptr;

void interrupt(int) { interruption->cancel(); }

int usage(const char* reason) {
  std::fprintf(stderr, "gvl-train: %s\nusage: gvl-train [--export DIR [--dtype TYPE]] CONFIG.json\n", reason);
  return 1;
}

std::string clock_time(double seconds) {
  const auto whole = static_cast<long>(seconds);
  char text[32];
  std::snprintf(text, sizeof text, "%ld:%02ld:%02ld", whole / 3600, whole / 60 % 60, whole % 60);
  return text;
}

/** A bar on a terminal, else a line now and then. */
class ProgressBar {
 public:
  void show(const training::CurvePoint& point, std::int64_t total) {
    if (first_step_ == 0) {
      first_step_ = point.step;
      first_ = point;
      return;
    }
    const double steps = static_cast<double>(point.step - first_step_);
    const double rate = static_cast<double>(point.texts - first_.texts) / (point.seconds - first_.seconds);
    const double left = static_cast<double>(total - point.step) * (point.seconds - first_.seconds) / steps;
    const bool terminal = isatty(STDERR_FILENO) != 0;
    if (!terminal && point.step % kLineEvery != 0 && point.step != total) return;
    std::fprintf(stderr, "%s%s %lld/%lld  loss %.3f  frames %.3f  %.1f texts/s  %s left%s", terminal ? "\r" : "",
                 terminal ? bar(point.step, total).c_str() : "step", static_cast<long long>(point.step),
                 static_cast<long long>(total), point.text_loss, point.frame_loss, rate, clock_time(left).c_str(),
                 terminal && point.step != total ? " " : "\n");
  }

 private:
  static constexpr std::int64_t kLineEvery = 10;

  static std::string bar(std::int64_t step, std::int64_t total) {
    constexpr std::int64_t kWidth = 30;
    const std::int64_t full = kWidth * step / total;
    return "[" + std::string(static_cast<std::size_t>(full), '#') +
           std::string(static_cast<std::size_t>(kWidth - full), '.') + "]";
  }

  std::int64_t first_step_ = 0;
  training::CurvePoint first_;
};

std::shared_ptr<const training::SampleSource> make_source(const training::TrainingConfig& config,
                                                          const ModelConfig& model) {
  const io::JsonValue& data = config.data;
  if (const auto conversations = data.find("conversations")) {
    return std::make_shared<training::VideoSource>(*conversations, model, config.seed,
                                                   training::feature_cache_of(config, model));
  }
  const auto options = training::SceneSourceOptions::read(data.object("scenes"));
  const auto watched = data.find("watched");
  if (!watched) return std::make_shared<training::SceneSource>(options, model);
  const auto watch = training::WatchSourceOptions::read(*watched);
  auto things = std::make_shared<training::WatchSource>(watch, options, model);
  if (watch.share == 1) return things;
  return std::make_shared<training::MixedSource>(
      std::move(things), std::make_shared<training::SceneSource>(options, model), watch.share, config.seed);
}

/** Measures a run's model on the way, if it is to be. */
class Validator {
 public:
  Validator(const training::TrainingConfig& config, const training::Trainer& trainer, WeightType dtype,
            const Cancellation& cancellation)
      : trainer_(trainer), cancellation_(cancellation) {
    if (config.validation && trainer.leads()) validation_.emplace(config, dtype, trainer.steps_done());
  }

  /** Whether to go on behind this step; who interrupts is heard by the trainer. */
  bool measure(std::int64_t step, bool is_last) try {
    if (!validation_) return true;
    const std::string before = validation_->told();
    validation_->after(trainer_, step, is_last, cancellation_);
    if (validation_->told() != before) std::fprintf(stderr, "validation: %s\n", validation_->told().c_str());
    if (is_over()) std::fprintf(stderr, "gvl-train: it gets no better; the best model is the run's\n");
    return !is_over();
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kCancelled) throw;
    return true;
  }
  bool is_over() const { return validation_ && validation_->is_over(); }

 private:
  const training::Trainer& trainer_;
  const Cancellation& cancellation_;
  std::optional<evaluation::Validation> validation_;
};

int train(const training::TrainingConfig& config, const char* export_folder, WeightType dtype) {
  training::Trainer trainer(config, [&](const ModelConfig& model) { return make_source(config, model); });
  if (export_folder != nullptr) {
    trainer.export_model(export_folder, dtype);
    return 0;
  }
  const std::string hint = ops::blas_hint();
  if (trainer.leads() && !hint.empty()) std::fprintf(stderr, "gvl-train: %s\n", hint.c_str());
  const Cancellation cancellation;
  interruption = &cancellation;
  std::signal(SIGINT, interrupt);
  std::signal(SIGTERM, interrupt);
  Validator validator(config, trainer, dtype, cancellation);
  if (!validator.measure(trainer.steps_done(), false)) return 0;
  ProgressBar bar;
  const auto progress = [&](const training::CurvePoint& point, std::int64_t total) {
    bar.show(point, total);
    if (!validator.measure(point.step, point.step == total)) cancellation.cancel();
  };
  const bool finished = trainer.run(progress, cancellation);
  if (!finished) return validator.is_over() ? 0 : 3;
  if (trainer.leads() && !config.validation) trainer.export_model(config.output / "model", dtype);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  g_autofree char* export_folder = nullptr;
  g_autofree char* dtype = nullptr;
  const GOptionEntry entries[] = {
      {"export", 0, 0, G_OPTION_ARG_FILENAME, &export_folder, "Write the run's model as it is now and stop", "DIR"},
      {"dtype", 0, 0, G_OPTION_ARG_STRING, &dtype, "Data type of written weights; default: bfloat16", "TYPE"},
      {}};
  g_autoptr(GOptionContext) context = g_option_context_new("CONFIG.json");
  g_option_context_set_summary(context, "Trains a Grounded-VideoLLM as a configuration says, or goes on with it.");
  g_option_context_add_main_entries(context, entries, nullptr);
  add_version(context);
  g_autoptr(GError) error = nullptr;
  if (!g_option_context_parse(context, &argc, &argv, &error)) return usage(error->message);
  if (argc != 2) return usage("one configuration is needed");
  const std::optional<WeightType> type = weight_type_from_name(dtype != nullptr ? dtype : "bfloat16");
  if (!type) return usage((std::string("--dtype ") + dtype + ": not a type of weights").c_str());
  // OpenCV warns of what it does not need to know of a video.
  cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_ERROR);
  try {
    return train(training::TrainingConfig::load(argv[1]), export_folder, *type);
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "gvl-train: %s\n", failure.what());
    return 2;
  }
}
