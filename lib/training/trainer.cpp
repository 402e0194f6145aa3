#include "training/trainer.hpp"

#include <ATen/Context.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros_like.h>
#include <torch/csrc/autograd/autograd.h>

#include <chrono>
#include <cmath>
#include <map>
#include <optional>
#include <utility>

#include "gvl/error.hpp"
#include "io/safetensors.hpp"
#include "model/libtorch_errors.hpp"
#include "model/model_folder.hpp"
#include "model/model_folder_writer.hpp"
#include "ops/ops.hpp"
#include "training/initialisation/filter_bank.hpp"
#include "training/initialisation/initial_value.hpp"
#include "training/initialisation/option_copy_head.hpp"
#include "training/initialisation/previous_token_heads.hpp"
#include "training/initialisation/query_key_matching.hpp"
#include "training/initialisation/zca_whitening.hpp"
#include "training/loader.hpp"
#include "training/process_group.hpp"

namespace gvl::training {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr const char* kCheckpointFile = "checkpoint.safetensors";
constexpr const char* kCurveFile = "curve.csv";
constexpr const char* kPictureFile = "curve.svg";

c10::Device device_of(const std::string& name) {
  if (name == "auto") return at::hasCUDA() ? c10::Device(at::kCUDA, 0) : c10::Device(at::kCPU);
  return c10::Device(name);
}

bool has_weights(const fs::path& folder) {
  std::error_code ignored;
  return fs::exists(folder / model::kWeightsFile, ignored) ||
         fs::exists(folder / (std::string(model::kWeightsFile) + ".index.json"), ignored);
}

void check_weight_interpolation(const TrainingConfig& config) {
  if (config.weight_interpolation == 0) return;
  if (!has_weights(config.model)) {
    throw Error(ErrorCode::kInvalidArgument,
                config.model.string() + ": has no weights, of which weight_interpolation would be");
  }
  if (config.initialisation.option_copy_head.step >= 0) {
    throw Error(ErrorCode::kInvalidArgument,
                "weight_interpolation does not go with initialisation.option_copy_head: half of a head that began anew "
                "does not choose");
  }
}

/** What a new model begins with beside what initial_value() draws; undefined for all else. */
class FirstParameters {
 public:
  FirstParameters(const TrainingConfig& training, const ModelConfig& config, const text::TemporalTokens& temporal,
                  std::int64_t event_classes)
      : seed_(training.seed), config_(config), temporal_ids_(temporal.ids()) {
    if (training.initialisation.filter_bank) filters_.emplace(config, training.seed);
    if (!training.initialisation.query_key_matching) return;
    const std::string layer = std::to_string(training.objective.dense.layer + 1);
    const std::string prefix = "language_model.model.layers." + layer + ".self_attn.";
    const AttentionValues values =
        query_key_matching(config.language, event_classes, temporal_directions(config.language.hidden_size, seed_));
    matching_ = {{prefix + "qkv_proj.weight", values.qkv}, {prefix + "o_proj.weight", values.o}};
  }

  at::Tensor value(const std::string& name, const std::vector<std::int64_t>& shape) const {
    if (filters_ && filters_->value(name).defined()) return filters_->value(name);
    if (const auto found = matching_.find(name); found != matching_.end()) return found->second;
    if (name != "language_model.model.embed_tokens.weight" && name != "language_model.lm_head.weight") return {};
    at::Tensor table = initial_value(name, shape, config_, seed_);
    order_temporal_rows(table, temporal_ids_, seed_);
    return table;
  }

 private:
  std::uint64_t seed_;
  ModelConfig config_;
  std::vector<std::int64_t> temporal_ids_;
  std::optional<FilterBank> filters_;
  std::map<std::string, at::Tensor> matching_;
};

ParameterSet::Origin weights_or_new(const TrainingConfig& training, const ModelConfig& config,
                                    const text::TemporalTokens& temporal, std::int64_t event_classes) {
  if (has_weights(training.model)) {
    auto parameters = std::make_shared<model::FolderParameters>(training.model);
    return [parameters](const std::string& name, const std::vector<std::int64_t>& shape) {
      return parameters->contains(name) ? parameters->load(name, shape) : at::Tensor();
    };
  }
  const auto first = std::make_shared<const FirstParameters>(training, config, temporal, event_classes);
  return [first](const std::string& name, const std::vector<std::int64_t>& shape) { return first->value(name, shape); };
}

ParameterSet::Origin origin_of(const TrainingConfig& training, const ModelConfig& config,
                               const text::TemporalTokens& temporal, std::int64_t event_classes) {
  const ParameterSet::Origin origin = weights_or_new(training, config, temporal, event_classes);
  if (training.initialisation.previous_token_heads.heads.empty()) return origin;
  const auto words =
      std::make_shared<const PreviousTokenHeads>(training.initialisation.previous_token_heads, config.language);
  const ParameterSet::Origin before = [origin, config, seed = training.seed](const std::string& name,
                                                                             const auto& shape) {
    const at::Tensor value = origin(name, shape);
    return value.defined() ? value.to(at::kFloat, /*non_blocking=*/false, /*copy=*/true)
                           : initial_value(name, shape, config, seed);
  };
  return [origin, words, before](const std::string& name, const std::vector<std::int64_t>& shape) {
    const at::Tensor value = words->value(name, shape, before);
    return value.defined() ? value : origin(name, shape);
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
        device(device_of(config.device)),
        group(ProcessGroup::join(device)),
        model(ModelConfig::load(config.model / model::kConfigFile)),
        tokenizer(model::load_tokenizer(config.model / model::kTokenizerFile, model)),
        prompts(tokenizer.tokenizer, tokenizer.temporal, model.prompts),
        source(make_source(model)),
        parameters(origin_of(config, model, tokenizer.temporal, source->event_classes()), model, config.trained,
                   config.seed, device) {
    check_weight_interpolation(config);
    objective();  // asks for every parameter
    const OptionCopyOptions& option_copy_head = config.initialisation.option_copy_head;
    if (option_copy_head.step >= 0)
      check_option_copy_head(model.language, parameters, config.objective.dense, option_copy_head.head);
    optimiser = std::make_unique<Optimiser>(parameters.trained());
    total_steps = config.steps > 0 ? config.steps : config.epochs * steps_an_epoch();
    if (option_copy_head.step >= total_steps) {
      throw Error(ErrorCode::kInvalidArgument, "initialisation.option_copy_head: step " +
                                                   std::to_string(option_copy_head.step) +
                                                   " does not come in a run of " + std::to_string(total_steps));
    }
    std::error_code error;
    fs::create_directories(config.output, error);
    if (error) throw Error(ErrorCode::kResource, config.output.string() + ": cannot be created: " + error.message());
    if (const auto loaded = load_checkpoint(config.output / kCheckpointFile, *optimiser)) {
      state = *loaded;
    } else if (config.initialisation.whitening_videos > 0 && !has_weights(config.model)) {
      whiten();
    }
  }

  /** Every process does the same. */
  void whiten() const {
    std::vector<Sample> samples;
    for (std::int64_t i = 0; i < config.initialisation.whitening_videos; ++i) samples.push_back(source->make(i));
    whiten_projectors(objective().network(), parameters, samples, config.seed);
  }

  /** Every process does the same; a run that goes on from just before does it again. */
  void choose() {
    start_option_copy_head(
        objective(), parameters, *tokenizer.tokenizer, [this](std::int64_t index) { return load(index); },
        config.initialisation.option_copy_head);
    for (const std::string& name : option_copy_matrices(model.language)) optimiser->forget(name);
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
    loaded.tokens = tokenize(prompts, model.language.type, loaded.sample);
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
    for (std::size_t i = start; i < std::min(start + at_a_time, samples.size()); ++i) {
      videos.push_back(std::move(samples[i].sample));
      tokens.push_back(std::move(samples[i].tokens));
    }
    const Objective current = objective();
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
  run_ = model::rethrow_libtorch_errors("training", [&] { return std::make_unique<Run>(config, make_source); });
  if (config.batch % run_->group->size() != 0) {
    throw Error(ErrorCode::kInvalidArgument, "batch_videos " + std::to_string(config.batch) + " cannot be shared by " +
                                                 std::to_string(run_->group->size()) + " processes");
  }
}

Trainer::~Trainer() = default;

bool Trainer::leads() const noexcept { return run_->group->rank() == 0; }

bool Trainer::run(const Progress& progress, const Cancellation& cancellation) {
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
  return model::rethrow_libtorch_errors("training", [&] {
    while (run.state.step < run.total_steps) {
      // Together: one process that stopped alone would leave the others waiting for it.
      if (run.total(cancellation.cancelled() ? 1 : 0) > 0) {
        keep();
        return false;
      }
      if (run.state.step == run.config.initialisation.option_copy_head.step) run.choose();
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

void Trainer::export_model(const fs::path& folder, DataType dtype) const {
  const ParameterSet& parameters = run_->parameters;
  const double share = run_->config.weight_interpolation;
  std::vector<io::TensorInfo> infos;
  for (const std::string& name : parameters.exported()) {
    infos.push_back({name, dtype, parameters.merged(name).sizes().vec()});
  }
  const model::ModelFolderWriter writer(folder);
  writer.write_weights(infos, [&](std::size_t i) { return parameters.interpolated_with_start(infos[i].name, share); });
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
