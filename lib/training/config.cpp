/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "training/config.hpp"

#include <algorithm>

#include "gvl/error.hpp"

namespace gvl::training {
namespace {

constexpr std::int64_t kMostSteps = std::int64_t{1} << 40;
constexpr std::int64_t kMostVideos = 1 << 16;
constexpr std::int64_t kMostThreads = 1024;

// The implementation details of arXiv 2410.03290 and the configurations that it was released with.
constexpr double kSpatialProjectorRate = 1e-5;
constexpr double kTemporalProjectorRate = 1e-3;
constexpr double kTuningRate = 2e-5;
constexpr LoraOptions kLora{.rank = 128, .alpha = 256, .learning_rate = 2e-4};

double positive(const io::JsonValue& object, const std::string& member) {
  const double value = object.number(member);
  if (!(value > 0)) throw object.at(member).error("must be above 0");
  return value;
}

double not_negative_or(const io::JsonValue& object, const std::string& member, double fallback) {
  const double value = object.number_or(member, fallback);
  if (value < 0) throw object.at(member).error("must not be below 0");
  return value;
}

double share_or(const io::JsonValue& object, const std::string& member, double fallback) {
  const double value = object.number_or(member, fallback);
  if (!(value >= 0 && value <= 1)) throw object.at(member).error("must be from 0 to 1");
  return value;
}

void allow_members(const io::JsonValue& root) {
  root.allow_members({"model",
                      "output",
                      "stage",
                      "parameter_groups",
                      "learning_rate",
                      "lora",
                      "steps",
                      "epochs",
                      "batch_videos",
                      "micro_batch_videos",
                      "warmup",
                      "clip_norm",
                      "seed",
                      "temporal_smoothing",
                      "label_weights",
                      "dense_supervision",
                      "initialisation",
                      "activation_checkpointing",
                      "precision",
                      "device",
                      "threads",
                      "loader_threads",
                      "checkpoint_every",
                      "weight_interpolation",
                      "validation",
                      "data"});
  root.object("data").allow_members({"scenes", "watched", "conversations"});
}

void read_trained(const io::JsonValue& root, TrainedParameters& trained) {
  if (const auto stage = root.find("stage")) {
    try {
      trained = stage_parameters(stage->as_string());
    } catch (const Error& error) {
      throw stage->error(error.what());
    }
  }
  if (const auto groups = root.find("parameter_groups")) {
    trained.groups.clear();
    for (const io::JsonValue& group : groups->elements()) {
      group.allow_members({"parameters", "learning_rate", "muon_learning_rate", "frozen_steps"});
      trained.groups.push_back({group.string("parameters"),
                                {positive(group, "learning_rate"), not_negative_or(group, "muon_learning_rate", 0),
                                 group.integer_or("frozen_steps", 0, 0, kMostSteps)}});
    }
  }
  if (const auto rate = root.find("learning_rate")) {
    for (ParameterGroup& group : trained.groups) group.rates = {positive(root, "learning_rate")};
  }
  if (const auto lora = root.find("lora")) {
    lora->allow_members({"rank", "alpha", "learning_rate"});
    trained.lora = {lora->integer("rank", 1, 1 << 16), positive(*lora, "alpha"), positive(*lora, "learning_rate")};
  }
  if (trained.groups.empty() && trained.lora.rank == 0)
    throw root.error("says nothing to train: give a stage or parameter_groups");
}

PreviousTokenHeadsOptions read_previous_token_heads(const io::JsonValue& words) {
  words.allow_members({"heads", "like"});
  PreviousTokenHeadsOptions options;
  const io::JsonValue heads = words.array("heads");
  for (const io::JsonValue& head : heads.elements()) options.heads.push_back(head.as_integer());
  if (options.heads.empty()) throw heads.error("names no heads");
  options.like = words.integer_or("like", -1, 0, 1 << 10);
  return options;
}

std::vector<std::int64_t> read_new_layers(const io::JsonValue& initialisation) {
  constexpr std::int64_t kMostLayers = 1 << 10;
  std::vector<std::int64_t> layers;
  const auto given = initialisation.find("new_layers");
  if (!given) return layers;
  for (const io::JsonValue& each : given->elements()) {
    const std::int64_t layer = each.as_integer(0, kMostLayers);
    if (!layers.empty() && layer <= layers.back()) throw each.error("is not behind the new layer before it");
    layers.push_back(layer);
  }
  return layers;
}

Initialisation read_initialisation(const io::JsonValue& root, const std::filesystem::path& folder) {
  constexpr std::int64_t kMostFirstVideos = 1 << 12;
  Initialisation first;
  if (const auto values = root.find("initialisation")) {
    values->allow_members({"weights", "filter_bank", "query_key_matching", "new_layers", "scale", "things",
                           "verbs_of_change", "whitening_videos", "previous_token_heads", "option_copy_head"});
    if (const auto weights = values->find("weights")) {
      for (const io::JsonValue& each : weights->elements()) first.weights.push_back(folder / each.as_string());
    }
    first.new_layers = read_new_layers(*values);
    if (values->find("scale")) first.scale = positive(*values, "scale");
    first.things = values->boolean_or("things", false);
    first.verbs_of_change = values->integer_or("verbs_of_change", -1, 0, 1 << 10);
    first.filter_bank = values->boolean_or("filter_bank", false);
    first.query_key_matching = values->boolean_or("query_key_matching", false);
    first.whitening_videos = values->integer_or("whitening_videos", 0, 0, kMostFirstVideos);
    if (const auto words = values->find("previous_token_heads"))
      first.previous_token_heads = read_previous_token_heads(*words);
    if (const auto option_copy_head = values->find("option_copy_head")) {
      option_copy_head->allow_members({"step", "head", "videos"});
      first.option_copy_head = {option_copy_head->integer("step", 0, kMostSteps),
                                option_copy_head->integer("head", 0, 1 << 10),
                                option_copy_head->integer("videos", 1, kMostFirstVideos)};
    }
  }
  return first;
}

ObjectiveOptions read_objective(const io::JsonValue& root, const TrainedParameters& trained) {
  ObjectiveOptions options;
  options.temporal_smoothing = not_negative_or(root, "temporal_smoothing", 0);
  if (const auto weights = root.find("label_weights")) {
    weights->allow_members({"first", "times"});
    const auto weight = [&](const char* name) { return weights->find(name) ? positive(*weights, name) : 1; };
    options.label_weights = {.first = weight("first"), .times = weight("times")};
  }
  options.checkpointing = root.boolean_or("activation_checkpointing", false);
  if (const auto dense = root.find("dense_supervision")) {
    dense->allow_members({"weight", "moment_weight", "text_weight", "patch_weight", "option_weight", "layer"});
    options.dense = {.weight = positive(*dense, "weight"),
                     .moment_weight = not_negative_or(*dense, "moment_weight", 0),
                     .text_weight = not_negative_or(*dense, "text_weight", 0),
                     .patch_weight = not_negative_or(*dense, "patch_weight", 0),
                     .option_weight = not_negative_or(*dense, "option_weight", 0),
                     .layer = dense->integer_or("layer", 0, 0, 1 << 10)};
  }
  for (const ParameterGroup& group : trained.groups) {
    const auto overlaps = [&](const std::string& name) {
      return group.prefix.starts_with(name) || name.starts_with(group.prefix);
    };
    if (!overlaps("spatial_encoder.") && !overlaps("temporal_encoder.")) continue;
    options.frozen_encoders = std::min(options.frozen_encoders, group.rates.frozen_steps);
  }
  return options;
}

}  // namespace

TrainedParameters stage_parameters(const std::string& stage) {
  if (stage == "alignment") {
    return {{{"spatial_projector.", {kSpatialProjectorRate}}, {"temporal_projector.", {kTemporalProjectorRate}}}, {}};
  }
  if (stage == "temporal" || stage == "instruction") {
    return {{{"spatial_projector.", {kTuningRate}},
             {"temporal_projector.", {kTuningRate}},
             {"language_model.model.embed_tokens.", {kTuningRate}},
             {"language_model.lm_head.", {kTuningRate}}},
            kLora};
  }
  constexpr double kFromNothingRate = 1e-3;
  if (stage == "all") return {{{"", {kFromNothingRate}}}, {}};
  throw Error(ErrorCode::kInvalidArgument,
              "no stage \"" + stage + "\": there are alignment (1), temporal (2), instruction (3) and all");
}

TrainingConfig TrainingConfig::load(const std::filesystem::path& file) {
  const io::JsonValue root = io::JsonValue::load(file);
  allow_members(root);
  TrainingConfig config{.data = root.object("data")};
  if (root.find("validation")) config.validation = root.object("validation");
  const auto path = [&](const char* member) { return file.parent_path() / root.string(member); };
  config.model = path("model");
  config.output = path("output");
  read_trained(root, config.trained);
  config.objective = read_objective(root, config.trained);
  config.initialisation = read_initialisation(root, file.parent_path());
  config.steps = root.integer_or("steps", 0, 1, kMostSteps);
  config.epochs = root.integer_or("epochs", 0, 1, kMostSteps);
  if ((config.steps > 0) == (config.epochs > 0)) throw root.error("needs either steps or epochs");
  config.batch = root.integer("batch_videos", 1, kMostVideos);
  config.micro_batch = root.integer_or("micro_batch_videos", config.batch, 1, config.batch);
  config.warmup = not_negative_or(root, "warmup", config.warmup);
  config.clip_norm = not_negative_or(root, "clip_norm", config.clip_norm);
  config.seed = static_cast<std::uint64_t>(root.integer_or("seed", 1, 0));
  const std::string precision = root.string_or("precision", "float32");
  if (precision != "float32" && precision != "bfloat16") {
    throw root.at("precision").error("is \"" + precision + "\", known are float32, bfloat16");
  }
  config.bfloat16 = precision == "bfloat16";
  config.device = root.string_or("device", config.device);
  config.threads = root.integer_or("threads", 0, 0, kMostThreads);
  config.loader_threads = root.integer_or("loader_threads", 1, 1, kMostThreads);
  config.checkpoint_every = root.integer_or("checkpoint_every", config.checkpoint_every, 1, kMostSteps);
  config.weight_interpolation = share_or(root, "weight_interpolation", 0);
  return config;
}

}  // namespace gvl::training
