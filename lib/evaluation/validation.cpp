/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "evaluation/validation.hpp"

#include <glib.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <system_error>
#include <utility>

#include "evaluation/format.hpp"
#include "evaluation/measure.hpp"
#include "gvl/error.hpp"
#include "io/atomic_file.hpp"

namespace gvl::evaluation {
namespace {

namespace fs = std::filesystem;

constexpr int kDecimals = 9;
constexpr double kUnits = 1e9;

/** A model folder that is gone when this goes. */
struct Candidate {
  fs::path folder;

  ~Candidate() {
    std::error_code ignored;
    fs::remove_all(folder, ignored);
  }
};

}  // namespace

ValidationScore validation_score(const Report& report) {
  constexpr std::pair<const char*, const char*> kScores[] = {
      {"grounding", "miou"}, {"multiple_choice", "accuracy"}, {"dense_captioning", "soda_f1"}};
  const auto sections = report.sections();
  for (const auto& [name, value] : kScores) {
    for (const ReportSection& section : sections) {
      if (section.name != name || section.overall.counts.front() == 0) continue;
      const auto at = std::find(section.value_names.begin(), section.value_names.end(), value);
      return {section.name + " " + value,
              section.overall.values.at(static_cast<std::size_t>(at - section.value_names.begin()))};
    }
  }
  throw Error(ErrorCode::kInvalidArgument, "validation: asks nothing that can be measured");
}

Validation::Validation(const training::TrainingConfig& config, WeightType dtype, std::int64_t steps_done)
    : data_(config.validation->object("data")), output_(config.output), dtype_(dtype) {
  constexpr std::int64_t kMost = 1'000'000'000;
  config.validation->allow_members({"data", "every", "patience"});
  every_ = config.validation->integer("every", 1, kMost);
  patience_ = config.validation->integer_or("patience", 0, 0, kMost);
  options_.device = config.device;
  options_.threads = static_cast<int>(config.threads);
  read(steps_done);
}

/** What an interrupted run wrote beyond its checkpoint is measured again. */
void Validation::read(std::int64_t steps_done) {
  std::ifstream file(output_ / "validation.csv");
  std::string line;
  while (std::getline(file, line)) {
    const std::size_t comma = line.find(',');
    guint64 step = 0;
    if (comma == line.npos || !g_ascii_string_to_unsigned(line.substr(0, comma).c_str(), 10, 0,
                                                          static_cast<guint64>(steps_done), &step, nullptr))
      continue;
    measured_.push_back({static_cast<std::int64_t>(step), g_ascii_strtod(line.c_str() + comma + 1, nullptr)});
  }
}

void Validation::write() const {
  std::string text = "step,score\n";
  for (const Measured& each : measured_) text += std::to_string(each.step) + "," + number(each.score, kDecimals) + "\n";
  io::write_atomically(output_ / "validation.csv", text);
}

/** The first of equal ones. */
const Validation::Measured* Validation::best() const {
  const auto less = [](const Measured& a, const Measured& b) { return a.score < b.score; };
  const auto best = std::max_element(measured_.begin(), measured_.end(), less);
  return best == measured_.end() ? nullptr : &*best;
}

bool Validation::is_over() const {
  return patience_ > 0 && !measured_.empty() && &measured_.back() - best() >= patience_;
}

void Validation::after(const training::Trainer& trainer, std::int64_t step, bool is_last,
                       const Cancellation& cancellation) {
  const bool is_known = !measured_.empty() && measured_.back().step >= step;
  if (is_known || (step % every_ != 0 && !is_last)) return;
  const Candidate candidate{output_ / "candidate"};
  trainer.export_model(candidate.folder, dtype_);
  const auto model = Model::load(candidate.folder, options_, cancellation);
  const auto score = validation_score(measure(*model, data_, 0, [&](auto, auto) { cancellation.check(); }));
  // As it is written: a run that goes on compares the same numbers.
  const double value = std::round(score.value * kUnits) / kUnits;
  const bool is_best = measured_.empty() || value > best()->score;
  // First the model: a score without its model would never be made up for.
  if (is_best) trainer.export_model(output_ / "model", dtype_);
  measured_.push_back({step, value});
  write();
  told_ = "step " + std::to_string(step) + ": " + score.name + " " + number(value) +
          " (best: " + number(best()->score) + " after step " + std::to_string(best()->step) + ")";
}

}  // namespace gvl::evaluation
