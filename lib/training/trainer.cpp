/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "training/trainer.hpp"

#include <ATen/Context.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros_like.h>
#include <torch/csrc/autograd/autograd.h>

#include <chrono>
#include <cmath>
#include <optional>
#include <set>
#include <utility>

#include "gvl/error.hpp"
#include "layers/libtorch_errors.hpp"
#include "model/model_folder.hpp"
#include "model/model_folder_writer.hpp"
#include "model/quantised_weights.hpp"
#include "ops/ops.hpp"
#include "runtime/device.hpp"
#include "training/initialisation/initialiser.hpp"
#include "training/loader.hpp"
#include "training/process_group.hpp"

namespace gvl::training {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr const char* kCheckpointFile = "checkpoint.safetensors";
constexpr const char* kCurveFile = "curve.csv";
constexpr const char* kPictureFile = "curve.svg";

void check_weight_interpolation(const TrainingConfig& config) {
  if (config.weight_interpolation == 0 || model::has_weights(config.model)) return;
  throw Error(ErrorCode::kInvalidArgument,
              config.model.string() + ": has no weights that weight_interpolation could go back to");
}

ModelConfig load_trainable(const fs::path& folder) {
  ModelConfig config = ModelConfig::load(folder / model::kConfigFile);
  model::require_grounded(folder, config, "trained");
  return config;
}

/** What a model folder holds; none where it has no weights. */
ParameterSet::Origin weights_of(const fs::path& folder) {
  if (!model::has_weights(folder)) return {};
  auto parameters = std::make_shared<model::FolderParameters>(folder);
  return [parameters](const std::string& name, const std::vector<std::int64_t>& shape) {
    return parameters->contains(name) ? parameters->load(name, shape) : at::Tensor();
  };
}

double gradient_norm(const std::vector<ParameterSet::Trained>& parameters) {
  double sum = 0;
  for (const auto& parameter : parameters) {
    const at::Tensor gradient = parameter.tensor.grad();
    if (gradient.defined()) sum += gradient.square().sum(at::kDouble).item<double>();
  }
  return std::sqrt(sum);
}

}  // namespace

/** What a run is made of. */
struct Trainer::Run {
  Run(const TrainingConfig& config, const MakeSource& make_source)
      : config(config),
        device(runtime::choose_device(config.device)),
        group(ProcessGroup::join(device)),
        model(load_trainable(config.model)),
        tokenizer(model::load_tokenizer(config.model / model::kTokenizerFile, model)),
        prompts(tokenizer.tokenizer, tokenizer.temporal, model.prompts),
        source(make_source(model)),
        initialisers(
            make_initialisers(config, model, !model::has_weights(config.model), tokenizer, source->event_classes())),
        parameters(initialised(weights_of(config.model), initialisers, model, config.seed), model, config.trained,
                   config.seed, device) {
    check_weight_interpolation(config);
    objective();  // asks for every parameter
    optimiser = std::make_unique<Optimiser>(parameters.trained());
    total_steps = config.steps > 0 ? config.steps : config.epochs * steps_an_epoch();
    for (const auto& initialiser : initialisers) initialiser->check(as_initialised());
    std::error_code error;
    fs::create_directories(config.output, error);
    if (error) throw Error(ErrorCode::kResource, config.output.string() + ": cannot be created: " + error.message());
    if (const auto loaded = load_checkpoint(config.output / kCheckpointFile, *optimiser)) {
      state = *loaded;
    } else {
      for (const auto& initialiser : initialisers) initialiser->before_first_step(as_initialised());
    }
  }

  InitialisedRun as_initialised() {
    return {.config = config,
            .model = model,
            .tokenizer = *tokenizer.tokenizer,
            .source = *source,
            .parameters = parameters,
            .optimiser = *optimiser,
            .total_steps = total_steps,
            .objective = [this] { return objective(); },
            .load = [this](std::int64_t index) { return load(index); }};
  }

  std::int64_t steps_an_epoch() const {
    if (source->size() == 0) throw Error(ErrorCode::kInvalidArgument, "data without end has no epochs: give steps");
    return (source->size() + config.batch - 1) / config.batch;
  }

  layers::Parameters on_device() const { return {parameters, device, config.bfloat16 ? at::kBFloat16 : at::kFloat}; }

  Objective objective() const {
    return {on_device(), model, tokenizer.temporal, source->event_classes(), config.objective};
  }

  LoadedSample load(std::int64_t index) const {
    LoadedSample loaded;
    loaded.sample = source->make(index);
    loaded.tokens = tokenize(prompts, io::language_model(model.language.type), loaded.sample);
    return loaded;
  }

  /** Which sample is the n-th that this process reads, from the current step on. */
  std::int64_t index_of(std::int64_t first_step, std::int64_t n) const {
    const std::int64_t mine = config.batch / group->size();
    return (first_step + n / mine) * config.batch + group->rank() * mine + n % mine;
  }

  TrainingConfig config;
  c10::Device device;
  std::unique_ptr<ProcessGroup> group;
  ModelConfig model;
  model::FolderTokenizer tokenizer;
  text::PromptBuilder prompts;
  std::shared_ptr<const SampleSource> source;
  Initialisers initialisers;
  ParameterSet parameters;
  std::unique_ptr<Optimiser> optimiser;
  std::int64_t total_steps = 0;
  RunState state;

  CurvePoint step(Loader& loader);
  /** What the samples' gradients add up to, and their two losses, of this process alone. */
  std::pair<double, double> accumulate(std::vector<LoadedSample> samples, double all_texts);
  double total(double number);
  void sum_gradients();
  void clip_gradients(double norm);
  void save() const { save_checkpoint(config.output / kCheckpointFile, *optimiser, state); }
};

/** The sum of all processes' numbers. */
double Trainer::Run::total(double number) {
  at::Tensor sum = at::tensor({number}, at::kDouble).to(device);
  group->sum(sum);
  return sum.item<double>();
}

/** Adds up the processes' gradients, in one message. */
void Trainer::Run::sum_gradients() {
  if (group->size() == 1) return;
  std::vector<at::Tensor> flat;
  for (const auto& parameter : optimiser->parameters()) {
    const at::Tensor gradient = parameter.tensor.grad();
    flat.push_back((gradient.defined() ? gradient : at::zeros_like(parameter.tensor.detach())).flatten());
  }
  at::Tensor all = at::cat(flat);
  group->sum(all);
  std::int64_t start = 0;
  for (const auto& parameter : optimiser->parameters()) {
    at::Tensor tensor = parameter.tensor;
    tensor.mutable_grad() = all.narrow(0, start, tensor.numel()).view(tensor.sizes()).clone();
    start += tensor.numel();
  }
}

std::pair<double, double> Trainer::Run::accumulate(std::vector<LoadedSample> samples, double all_texts) {
  const auto videos_a_step = static_cast<double>(config.batch);
  const auto at_a_time = static_cast<std::size_t>(config.micro_batch);
  double text_loss = 0, frame_loss = 0;
  for (std::size_t start = 0; start < samples.size(); start += at_a_time) {
    std::vector<Sample> videos;
    std::vector<TokenizedSample> tokens;
    const Objective current = objective();
    for (std::size_t i = start; i < std::min(start + at_a_time, samples.size()); ++i) {
      current.encode_kept(samples[i].sample);
      videos.push_back(std::move(samples[i].sample));
      tokens.push_back(std::move(samples[i].tokens));
    }
    const Losses losses = current.losses(make_batch(videos, tokens), state.step);
    at::Tensor loss = losses.texts.div(all_texts);
    text_loss += loss.item<double>();
    if (losses.about.defined()) loss = loss.add(losses.about.div(all_texts));
    if (losses.options.defined()) loss = loss.add(losses.options.div(all_texts));
    if (losses.frames.defined()) {
      const at::Tensor of_frames = losses.frames.div(videos_a_step);
      frame_loss += of_frames.item<double>();
      loss = loss.add(of_frames);
    }
    torch::autograd::backward({loss}, {});
  }
  return {text_loss, frame_loss};
}

void Trainer::Run::clip_gradients(double norm) {
  if (config.clip_norm == 0 || norm <= config.clip_norm) return;
  for (const auto& parameter : optimiser->parameters()) {
    at::Tensor gradient = parameter.tensor.grad();
    if (gradient.defined()) gradient.mul_(config.clip_norm / norm);
  }
}

CurvePoint Trainer::Run::step(Loader& loader) {
  std::vector<LoadedSample> samples;
  std::size_t texts = 0;
  for (std::int64_t i = 0; i < config.batch / group->size(); ++i) {
    samples.push_back(loader.next());
    texts += samples.back().tokens.texts.size();
  }
  const double all_texts = total(static_cast<double>(texts));
  const auto [text_loss, frame_loss] = accumulate(std::move(samples), std::max(all_texts, 1.0));
  sum_gradients();

  CurvePoint point;
  point.text_loss = total(text_loss);
  point.frame_loss = total(frame_loss);
  point.gradient_norm = gradient_norm(optimiser->parameters());
  if (!std::isfinite(point.gradient_norm) || !std::isfinite(point.text_loss)) {
    throw Error(ErrorCode::kInvalidArgument, "step " + std::to_string(state.step + 1) +
                                                 ": the loss is no number any more; a lower learning rate may help");
  }
  clip_gradients(point.gradient_norm);
  point.schedule = schedule_at(state.step, total_steps, config.warmup);
  optimiser->step(state.step + 1, point.schedule);
  for (const auto& parameter : optimiser->parameters()) {
    at::Tensor tensor = parameter.tensor;
    tensor.mutable_grad().reset();
  }
  point.step = ++state.step;
  point.texts = state.texts += static_cast<std::int64_t>(all_texts);
  return point;
}

Trainer::Trainer(const TrainingConfig& config, const MakeSource& make_source) {
  ops::set_threads(static_cast<int>(config.threads));
  run_ = layers::rethrow_libtorch_errors("training", [&] { return std::make_unique<Run>(config, make_source); });
  if (config.batch % run_->group->size() != 0) {
    throw Error(ErrorCode::kInvalidArgument, "batch_videos " + std::to_string(config.batch) + " cannot be shared by " +
                                                 std::to_string(run_->group->size()) + " processes");
  }
}

Trainer::~Trainer() = default;

std::int64_t Trainer::steps_done() const noexcept { return run_->state.step; }

bool Trainer::leads() const noexcept { return run_->group->rank() == 0; }

bool Trainer::run(const Progress& progress, const Cancellation& cancellation) {
  // Softmax and its gradients are full of denormal numbers, which some processors multiply a hundred times slower.
  at::globalContext().setFlushDenormal(true);
  Run& run = *run_;
  std::optional<Curve> curve;
  if (leads()) curve.emplace(run.config.output / kCurveFile, run.state.step);
  constexpr std::int64_t kStepsAhead = 2;
  const std::int64_t ahead = kStepsAhead * run.config.batch / run.group->size();
  Loader loader([&](std::int64_t index) { return run.load(index); },
                [&, first = run.state.step](std::int64_t n) { return run.index_of(first, n); },
                run.config.loader_threads, ahead);
  const auto begin = Clock::now();
  const double before = run.state.seconds;
  const auto keep = [&] {
    if (!leads()) return;
    run.save();
    curve->draw(run.config.output / kPictureFile);
  };
  return layers::rethrow_libtorch_errors("training", [&] {
    while (run.state.step < run.total_steps) {
      // Together: one process that stopped alone would leave the others waiting for it.
      if (run.total(cancellation.cancelled() ? 1 : 0) > 0) {
        keep();
        return false;
      }
      for (const auto& initialiser : run.initialisers) initialiser->before_step(run.as_initialised(), run.state.step);
      CurvePoint point = run.step(loader);
      run.state.seconds = before + std::chrono::duration<double>(Clock::now() - begin).count();
      point.seconds = run.state.seconds;
      if (leads()) curve->add(point);
      if (leads() && progress) progress(point, run.total_steps);
      if (run.state.step % run.config.checkpoint_every == 0 || run.state.step == run.total_steps) keep();
    }
    return true;
  });
}

void Trainer::export_model(const fs::path& folder, WeightType dtype) const {
  const ParameterSet& parameters = run_->parameters;
  const double share = run_->config.weight_interpolation;
  const std::set<std::string> matrices = model::matrix_names(run_->model);
  std::vector<model::StoredTensor> tensors;
  for (const std::string& name : parameters.exported()) {
    const auto shape = parameters.merged(name).sizes().vec();
    tensors.push_back(model::stored_as(dtype, matrices, {name, DataType::kFloat32, shape, folder, {}}));
  }
  const model::ModelFolderWriter writer(folder);
  writer.write_weights(tensors,
                       [&](std::size_t i) { return parameters.interpolated_with_start(tensors[i].name, share); });
  ModelConfig config = run_->model;
  config.dtype = dtype;
  writer.write_config(config);
  const fs::path& source = run_->config.model;
  writer.copy(source / model::kTokenizerFile, model::kTokenizerFile);
  // The list of words is of the conversations, like the tokenizer. Without one, none of an earlier run stays.
  if (model::load_words(source)) writer.copy(source / model::kWordsFile, model::kWordsFile);
  writer.publish();
}

}  // namespace gvl::training
