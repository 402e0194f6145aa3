/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "training-parity.hpp"

#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/autograd.h>

#include <cmath>
#include <map>

#include "gvl/error.hpp"
#include "io/language_model.hpp"
#include "layers/tensor_bridge.hpp"
#include "model/model_folder.hpp"
#include "model/official_release.hpp"
#include "training/batch.hpp"
#include "training/config.hpp"
#include "training/objective.hpp"
#include "vision/pooling.hpp"

namespace gvl::parity {

using gvl::test::Fixture;

namespace {

// What float32 computed in another order may differ by.
constexpr double kLossTolerance = 1e-4;
constexpr double kNormTolerance = 1e-3;  // relative

/** The published names of what is trained, and ours. */
constexpr std::pair<const char*, const char*> kGroups[] = {{"multi_modal_projector", "spatial_projector."},
                                                           {"video_projecter", "temporal_projector."},
                                                           {"lm_head", "language_model.lm_head."},
                                                           {"embed_tokens", "language_model.model.embed_tokens."}};
constexpr std::pair<const char*, const char*> kStages[] = {
    {"pretrain", "alignment"}, {"grounded", "temporal"}, {"sft", "instruction"}};

class TrainingParity {
 public:
  TrainingParity(const Fixture& fixture, Report& report)
      : fixture_(fixture),
        report_(report),
        release_(model::open_official_release(fixture.folder, model::Lora::kApart)),
        tokenizer_(model::load_tokenizer(release_.tokenizer, release_.config)),
        prompts_(tokenizer_.tokenizer, tokenizer_.temporal, release_.config.prompts) {}

  void run() {
    const auto texts = fixture_.expected.object("training").array("texts").elements();
    for (std::size_t i = 0; i < texts.size(); ++i) add_text(texts[i].as_string(), std::to_string(i + 1));
    for (const auto& [published, stage] : kStages) check_stage(published, stage);
  }

 private:
  /** Cuts a published text into user turn and answer, and compares its ids and labels. */
  void add_text(const std::string& text, const std::string& number) {
    const PromptConfig& prompts = release_.config.prompts;
    const std::size_t turn = (prompts.system + prompts.user).size();
    const std::size_t answer = text.find(prompts.assistant, turn);
    if (answer == text.npos) throw Error(ErrorCode::kMalformed, "training text " + number + ": has no answer turn");
    const std::size_t begin = answer + prompts.assistant.size();
    const training::TrainingText cut{text.substr(turn, answer - turn),
                                     text.substr(begin, text.size() - prompts.end.size() - begin)};
    std::vector<std::int64_t> before_video;
    // Its times are temporal tokens already: those of a video of as many seconds.
    const auto duration = static_cast<double>(release_.config.temporal_tokens);
    training::TokenizedText tokens =
        training::tokenize(prompts_, io::language_model(release_.config.language.type), cut, duration, &before_video);
    compare_ids(before_video, tokens, number);
    samples_.push_back({before_video, {tokens}});
  }

  void compare_ids(const std::vector<std::int64_t>& before_video, const training::TokenizedText& tokens,
                   const std::string& number) {
    constexpr std::int64_t kVideo = -200, kIgnored = -100;
    std::vector<std::int64_t> ids = before_video, labels(before_video.size() + 1, kIgnored);
    ids.push_back(kVideo);
    for (std::size_t i = 0; i < tokens.ids.size(); ++i) {
      ids.push_back(tokens.ids[i]);
      labels.push_back(i < tokens.first_label ? kIgnored : tokens.ids[i]);
    }
    const auto compare = [&](const std::string& what, const std::vector<std::int64_t>& ours, const std::string& name) {
      const std::vector<std::int64_t> theirs = fixture_.ids(name);
      std::size_t wrong = std::max(ours.size(), theirs.size()) - std::min(ours.size(), theirs.size());
      for (std::size_t i = 0; i < std::min(ours.size(), theirs.size()); ++i) wrong += ours[i] != theirs[i];
      report_.add_equal("training text " + number + ": " + what, wrong, theirs.size());
    };
    compare("ids", ids, "train_input_ids_" + number);
    compare("labels", labels, "labels_" + number);
  }

  training::ParameterSet::Origin origin() const {
    return [this](const std::string& name, const std::vector<std::int64_t>& shape) {
      for (const model::PlannedTensor& planned : release_.tensors) {
        if (planned.name == name && planned.shape == shape) return planned.make();
      }
      throw Error(ErrorCode::kMalformed, "the release has no " + name + " of shape " + to_string(shape));
    };
  }

  training::TrainedParameters trained(const char* stage) const {
    training::TrainedParameters trained = training::stage_parameters(stage);
    if (trained.lora.rank == 0) return trained;
    trained.lora.rank = release_.lora_rank;
    trained.lora.alpha = release_.lora_scale * static_cast<double>(release_.lora_rank);
    return trained;
  }

  /** In stage 1, LoRA is there but frozen: merged weights are the same function. */
  training::ParameterSet::Origin frozen_origin() const {
    const auto merged = std::make_shared<model::OfficialRelease>(model::open_official_release(fixture_.folder));
    return [merged](const std::string& name, const std::vector<std::int64_t>&) {
      for (const model::PlannedTensor& planned : merged->tensors) {
        if (planned.name == name) return planned.make();
      }
      return at::Tensor();
    };
  }

  void check_stage(const std::string& published, const char* stage) {
    const auto expected = fixture_.expected.object("training").object("stages").object(published);
    const training::TrainedParameters what = trained(stage);
    const training::ParameterSet parameters(what.lora.rank > 0 ? origin() : frozen_origin(), release_.config, what, 0,
                                            at::kCPU);
    const training::Objective objective(layers::Parameters(parameters, at::kCPU, at::kFloat), release_.config,
                                        tokenizer_.temporal, {}, {});
    const auto losses = expected.array("losses").elements();
    at::Tensor sum;
    double largest = 0;
    for (std::size_t i = 0; i < samples_.size(); ++i) {
      const at::Tensor loss = objective.text_loss(encoded(objective), layout(samples_[i]));
      largest = std::max(largest, std::abs(loss.item<double>() - losses.at(i).as_number()));
      sum = sum.defined() ? sum.add(loss) : loss;
    }
    report_.add("stage " + published + ": losses", largest, kLossTolerance);
    torch::autograd::backward({sum.div(static_cast<double>(samples_.size()))}, {});
    check_norms(published, expected.object("grad_norm"), parameters);
  }

  /** Video tokens from the fixture's pixel values. */
  at::Tensor encoded(const training::Objective& objective) const {
    const auto expected = [&](const char* name) { return layers::to_aten(fixture_.tensors.get(name)); };
    const ModelConfig& config = release_.config;
    const model::Network& network = objective.network();
    const Cancellation never;
    const at::Tensor segments =
        expected("temporal_pixel_values").unflatten(0, {config.segments, config.frames_per_segment()});
    at::Tensor spatial, temporal;
    {
      const at::NoGradGuard frozen;
      spatial =
          vision::pool_spatial(network.spatial_encoder().forward(expected("spatial_pixel_values").unsqueeze(1), never),
                               config.spatial_pooling);
      temporal = vision::pool_temporal(network.temporal_encoder().forward(segments, never), config.frames_per_segment(),
                                       config.temporal_grid);
    }
    return network.fusion().forward(spatial, temporal).flatten(0, 1).unsqueeze(0);
  }

  static training::Batch layout(const training::TokenizedSample& tokens) {
    return training::lay_out_texts({&tokens, 1});
  }

  void check_norms(const std::string& stage, const io::JsonValue& expected, const training::ParameterSet& parameters) {
    std::map<std::string, double> squares;
    for (const auto& parameter : parameters.trained()) {
      const at::Tensor gradient = parameter.tensor.grad();
      if (gradient.defined()) squares[group_of(parameter.name)] += gradient.square().sum(at::kDouble).item<double>();
    }
    for (const auto& [group, norm] : expected.members()) {
      const double ours = squares.contains(group) ? std::sqrt(squares.at(group)) : 0;
      report_.add("stage " + stage + ": gradient of " + group, std::abs(ours / norm.as_number() - 1), kNormTolerance);
      squares.erase(group);
    }
    report_.add_equal("stage " + stage + ": trained besides", squares.size(), 0);
  }

  static std::string group_of(const std::string& name) {
    if (name.find(".lora_") != name.npos) return "lora";
    for (const auto& [published, ours] : kGroups) {
      if (name.starts_with(ours)) return published;
    }
    return name;
  }

  const Fixture& fixture_;
  Report& report_;
  model::OfficialRelease release_;
  model::FolderTokenizer tokenizer_;
  text::PromptBuilder prompts_;
  std::vector<training::TokenizedSample> samples_;
};

}  // namespace

void check_training(const Fixture& fixture, Report& report) { TrainingParity(fixture, report).run(); }

}  // namespace gvl::parity
