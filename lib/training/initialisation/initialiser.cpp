/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "training/initialisation/initialiser.hpp"

#include <ATen/ops/zeros.h>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

#include "gvl/error.hpp"
#include "io/weights.hpp"
#include "layers/tensor_bridge.hpp"
#include "training/initialisation/filter_bank.hpp"
#include "training/initialisation/initial_value.hpp"
#include "training/initialisation/option_copy_head.hpp"
#include "training/initialisation/parameter_names.hpp"
#include "training/initialisation/previous_token_heads.hpp"
#include "training/initialisation/query_key_matching.hpp"
#include "training/initialisation/things.hpp"
#include "training/initialisation/token_rows.hpp"
#include "training/initialisation/verbs_of_change.hpp"
#include "training/initialisation/zca_whitening.hpp"

namespace gvl::training {
namespace {

/** Weights of a model, perhaps among new decoder layers that begin with adding nothing. */
class OtherWeights : public Initialiser {
 public:
  OtherWeights(const Initialisation& wanted, const model::FolderTokenizer& tokenizer)
      : new_layers_(wanted.new_layers), scale_(wanted.scale) {
    for (const std::filesystem::path& path : wanted.weights) {
      Source source{io::Weights::open(path), {}};
      if (source.weights.contains(std::string(kEmbeddings)) && std::filesystem::is_directory(path)) {
        source.tokens.emplace(path, tokenizer);
      }
      sources_.push_back(std::move(source));
    }
  }

  at::Tensor value(const std::string& name, const std::vector<std::int64_t>& shape,
                   const ParameterSet::Origin& before) const override {
    std::string there = name;
    if (!new_layers_.empty() && name.starts_with(kDecoderLayers)) {
      std::size_t digits = 0;
      const std::int64_t layer = std::stoll(name.substr(kDecoderLayers.size()), &digits);
      const std::string rest = name.substr(kDecoderLayers.size() + digits + 1);
      const auto behind = std::lower_bound(new_layers_.begin(), new_layers_.end(), layer);
      if (behind != new_layers_.end() && *behind == layer) {
        return ends_branch(rest) ? at::zeros(shape, at::kFloat) : at::Tensor();
      }
      there = decoder_layer(layer - (behind - new_layers_.begin()), rest);
    }
    for (const Source& source : sources_) {
      if (!source.weights.contains(there)) continue;
      const auto& size = source.weights.info(there).shape;
      const bool by_token = source.tokens && is_of_tokens(there) && same_but_for_rows(shape, size);
      if (size != shape && !by_token) continue;
      at::Tensor value = layers::to_aten(source.weights.get(there)).to(at::kFloat);
      if (by_token) value = source.tokens->moved(value, before(name, shape));
      return scale_ != 1 && adds_to_hidden_states(there) ? value.mul(scale_) : value;
    }
    return {};
  }

 private:
  static bool ends_branch(std::string_view rest) {
    return rest == "self_attn.o_proj.weight" || rest == "mlp.down_proj.weight";
  }

  struct Source {
    io::Weights weights;
    std::optional<TokenRows> tokens;  ///< of a model folder
  };

  /** What has a row for each token. */
  static bool is_of_tokens(std::string_view name) {
    return name == kEmbeddings || name.starts_with("language_model.lm_head.");
  }

  static bool same_but_for_rows(const std::vector<std::int64_t>& one, const std::vector<std::int64_t>& other) {
    return one.size() == other.size() && one.size() == 2 && one[1] == other[1];
  }

  /** What all of the model's hidden states are sums of. */
  static bool adds_to_hidden_states(std::string_view name) {
    if (name.starts_with(kDecoderLayers)) {
      return name.ends_with("self_attn.o_proj.weight") || name.ends_with("mlp.down_proj.weight");
    }
    return name.ends_with("embed_tokens.weight") || name.ends_with("_GN") ||
           (name.find("_projector.linear_2.") != name.npos);
  }

  std::vector<std::int64_t> new_layers_;
  double scale_;
  std::vector<Source> sources_;
};

class SmoothTemporalTokens : public Initialiser {
 public:
  SmoothTemporalTokens(std::vector<std::int64_t> ids, std::uint64_t seed) : ids_(std::move(ids)), seed_(seed) {}

  at::Tensor value(const std::string& name, const std::vector<std::int64_t>& shape,
                   const ParameterSet::Origin& before) const override {
    if (name != kEmbeddings && name != "language_model.lm_head.weight") return {};
    at::Tensor table = before(name, shape);
    order_temporal_rows(table, ids_, seed_);
    return table;
  }

 private:
  std::vector<std::int64_t> ids_;
  std::uint64_t seed_;
};

class FilterBankEncoder : public Initialiser {
 public:
  FilterBankEncoder(const ModelConfig& model, std::uint64_t seed) : filters_(model, seed) {}

  at::Tensor value(const std::string& name, const std::vector<std::int64_t>& shape,
                   const ParameterSet::Origin& before) const override {
    return filters_.value(name);
  }

 private:
  FilterBank filters_;
};

class QueryKeyMatching : public Initialiser {
 public:
  QueryKeyMatching(const LanguageModelConfig& config, std::int64_t layer, const EventClasses& event_classes,
                   std::uint64_t seed) {
    const std::string prefix = decoder_layer(layer, "self_attn.");
    const AttentionValues values =
        query_key_matching(config, event_classes, temporal_directions(config.hidden_size, seed));
    values_ = {{prefix + "qkv_proj.weight", values.qkv}, {prefix + "o_proj.weight", values.o}};
  }

  at::Tensor value(const std::string& name, const std::vector<std::int64_t>& shape,
                   const ParameterSet::Origin& before) const override {
    const auto found = values_.find(name);
    return found != values_.end() ? found->second : at::Tensor();
  }

 private:
  std::map<std::string, at::Tensor> values_;
};

class FirstLayerHeads : public Initialiser {
 public:
  FirstLayerHeads(const PreviousTokenHeadsOptions& options, const LanguageModelConfig& config)
      : heads_(options, config) {}

  at::Tensor value(const std::string& name, const std::vector<std::int64_t>& shape,
                   const ParameterSet::Origin& before) const override {
    return heads_.value(name, shape, before);
  }

 private:
  PreviousTokenHeads heads_;
};

class ZcaWhitening : public Initialiser {
 public:
  explicit ZcaWhitening(std::int64_t videos) : videos_(videos) {}

  void before_first_step(const InitialisedRun& run) const override {
    std::vector<Sample> samples;
    for (std::int64_t i = 0; i < videos_; ++i) samples.push_back(run.source.make(i));
    whiten_projectors(run.objective().network(), run.parameters, samples, run.config.seed);
  }

 private:
  std::int64_t videos_;
};

class OptionCopying : public Initialiser {
 public:
  explicit OptionCopying(const OptionCopyOptions& options) : options_(options) {}

  void check(const InitialisedRun& run) const override {
    const auto refuse = [](const std::string& message) { throw Error(ErrorCode::kInvalidArgument, message); };
    if (run.config.weight_interpolation > 0) {
      refuse(
          "weight_interpolation does not go with initialisation.option_copy_head: half of a head that began anew does "
          "not choose");
    }
    check_option_copy_head(run.model.language, run.parameters, run.config.objective.dense, options_.head);
    if (options_.step >= run.total_steps) {
      refuse("initialisation.option_copy_head: step " + std::to_string(options_.step) + " does not come in a run of " +
             std::to_string(run.total_steps));
    }
  }

  void before_step(const InitialisedRun& run, std::int64_t step) const override {
    if (step != options_.step) return;
    start_option_copy_head(run.objective(), run.parameters, run.tokenizer, run.load, options_);
    for (const std::string& name : option_copy_matrices(run.model.language)) run.optimiser.forget(name);
  }

 private:
  OptionCopyOptions options_;
};

class InitialValues {
 public:
  InitialValues(ParameterSet::Origin weights, Initialisers initialisers, const ModelConfig& model, std::uint64_t seed)
      : weights_(std::move(weights)), initialisers_(std::move(initialisers)), model_(model), seed_(seed) {}

  at::Tensor operator()(const std::string& name, const std::vector<std::int64_t>& shape) const {
    return value(initialisers_.size(), name, shape);
  }

 private:
  /** As the first `count` initialisers leave it; undefined where it is initial_value(). */
  at::Tensor value(std::size_t count, const std::string& name, const std::vector<std::int64_t>& shape) const {
    if (count == 0) return weights_ ? weights_(name, shape) : at::Tensor();
    const ParameterSet::Origin before = [&](const std::string& other, const std::vector<std::int64_t>& size) {
      const at::Tensor value = this->value(count - 1, other, size);
      return value.defined() ? value.to(at::kFloat, /*non_blocking=*/false, /*copy=*/true)
                             : initial_value(other, size, model_, seed_);
    };
    const at::Tensor changed = initialisers_[count - 1]->value(name, shape, before);
    return changed.defined() ? changed : value(count - 1, name, shape);
  }

  ParameterSet::Origin weights_;
  Initialisers initialisers_;
  ModelConfig model_;
  std::uint64_t seed_;
};

}  // namespace

Initialisers make_initialisers(const TrainingConfig& config, const ModelConfig& model, bool is_new,
                               const model::FolderTokenizer& tokenizer, const EventClasses& event_classes) {
  const Initialisation& wanted = config.initialisation;
  Initialisers made;
  if (is_new) {
    made.push_back(std::make_shared<SmoothTemporalTokens>(tokenizer.temporal.ids(), config.seed));
    if (!wanted.weights.empty()) made.push_back(std::make_shared<OtherWeights>(wanted, tokenizer));
    if (wanted.filter_bank) made.push_back(std::make_shared<FilterBankEncoder>(model, config.seed));
    if (wanted.query_key_matching) {
      made.push_back(std::make_shared<QueryKeyMatching>(model.language, config.objective.dense.layer + 1, event_classes,
                                                        config.seed));
    }
    if (wanted.whitening_videos > 0) made.push_back(std::make_shared<ZcaWhitening>(wanted.whitening_videos));
  }
  if (wanted.things && is_new) {
    made.push_back(
        make_things(model, config.objective.dense.layer + 1, wanted.new_layers, event_classes, tokenizer, config.seed));
  }
  if (wanted.verbs_of_change >= 0 && is_new) {
    made.push_back(make_verbs_of_change(model, wanted.verbs_of_change, event_classes.things, *tokenizer.tokenizer));
  }
  if (!wanted.previous_token_heads.heads.empty()) {
    made.push_back(std::make_shared<FirstLayerHeads>(wanted.previous_token_heads, model.language));
  }
  if (wanted.option_copy_head.step >= 0) made.push_back(std::make_shared<OptionCopying>(wanted.option_copy_head));
  return made;
}

ParameterSet::Origin initialised(ParameterSet::Origin weights, const Initialisers& initialisers,
                                 const ModelConfig& model, std::uint64_t seed) {
  return InitialValues(std::move(weights), initialisers, model, seed);
}

}  // namespace gvl::training
