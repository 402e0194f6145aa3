/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "training/initialisation/things.hpp"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/linalg_qr.h>
#include <ATen/ops/linalg_svd.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/tensor.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "training/initialisation/keyframe_comparison.hpp"
#include "training/initialisation/landmarks.hpp"
#include "training/initialisation/parameter_names.hpp"
#include "training/initialisation/previous_token_heads.hpp"
#include "training/initialisation/query_key_matching.hpp"
#include "training/initialisation/thing_projector.hpp"
#include "training/initialisation/word_reading.hpp"

namespace gvl::training {
namespace {

class Things : public Initialiser {
 public:
  Things(const ModelConfig& model, std::int64_t layer, const std::vector<std::int64_t>& new_layers,
         const EventClasses& classes, const model::FolderTokenizer& tokenizer, std::uint64_t seed)
      : model_(model),
        classes_(classes),
        temporal_(tokenizer.temporal.ids()),
        farthest_(std::max(kFarthestFrame, model.segments * model.tokens_per_segment())),
        projector_(model, classes, seed),
        new_layers_(new_layers),
        heads_({}, model.language),
        known_(directions_beside(thing_codes(model, classes), picture())),
        matching_layer_(decoder_layer(layer, "self_attn.")) {
    if (new_layers.empty()) return;
    landmarks_.emplace(model.prompts, tokenizer);
    if (new_layers.size() > 1) reading_.emplace(model.language, classes, *tokenizer.tokenizer);
  }

  at::Tensor value(const std::string& name, const std::vector<std::int64_t>& shape,
                   const ParameterSet::Origin& before) const override {
    if (new_layers_.empty()) {
      return name == matching_layer_ + "qkv_proj.weight" ? with_matching(before(name, shape)) : projector_.value(name);
    }
    if (name == kEmbeddings) return tokens(before);
    if (adds_to_tokens(name)) return without_picture(before(name, shape));
    for (std::size_t i = 0; i < new_layers_.size(); ++i) {
      const std::string layer = decoder_layer(new_layers_[i], "");
      if (name.starts_with(layer)) return of_new_layer(i, name.substr(layer.size()), before);
    }
    const bool matches = new_layers_.size() < 3 && name == matching_layer_ + "qkv_proj.weight";
    return matches ? with_matching(before(name, shape)) : projector_.value(name);
  }

 private:
  at::Tensor with_matching(at::Tensor qkv) const {
    const at::Tensor matching = thing_matching(model_.language, classes_, farthest_);
    qkv.narrow(0, 0, matching.size(0)).add_(matching);
    return qkv;
  }

  /** The parameter `name` of the new layer `number`, from 0; undefined where it begins as others do. */
  at::Tensor of_new_layer(std::size_t number, const std::string& name, const ParameterSet::Origin& before) const {
    const bool is_qkv = name == "self_attn.qkv_proj.weight", is_o = name == "self_attn.o_proj.weight";
    const bool is_gate_up = name == "mlp.gate_up_proj.weight", is_down = name == "mlp.down_proj.weight";
    if (is_qkv || is_o) {
      const AttentionValues attention = attention_of(number, before);
      return is_qkv ? attention.qkv : attention.o;
    }
    if (number != 1 || !(is_gate_up || is_down)) return {};
    const MlpValues mlp = reading_->mlp(reading(before));
    return is_gate_up ? mlp.gate_up : mlp.down;
  }

  AttentionValues attention_of(std::size_t number, const ParameterSet::Origin& before) const {
    if (number == 0) return keyframe_comparison(model_, classes_, comparison(before));
    const ReadingDirections at = reading(before);
    if (number == 1) return reading_->attention(at);
    const at::Tensor head = told(before);
    const at::Tensor happens = head[landmarks_->from.front()].sub(head[landmarks_->absent]);
    return thing_matching_layer(model_.language, classes_,
                                {moments(before), at.picture, at.looks, at.nothing, unit(happens)}, farthest_);
  }

  /** What is seen, begins and ends. */
  static at::Tensor thing_codes(const ModelConfig& model, const EventClasses& classes) {
    const at::Tensor shown = event_codes(classes, model.language.hidden_size).shown;
    const at::Tensor both[] = {shown.narrow(0, classes.events, classes.things),
                               shown.narrow(0, classes.count() + classes.events, classes.things)};
    return at::cat(at::TensorList(both));
  }

  /** Orthonormal rows [4, H] at right angles to the codes [n, H] and to `picture` [H]. */
  static at::Tensor directions_beside(const at::Tensor& codes, const at::Tensor& picture) {
    at::Generator generator = at::detail::createCPUGenerator(kSeed);
    const at::Tensor all[] = {codes.t(), picture.unsqueeze(1), at::randn({codes.size(1), 4}, generator, at::kFloat)};
    return std::get<0>(at::linalg_qr(at::cat(at::TensorList(all), 1))).narrow(1, codes.size(0) + 1, 4).t();
  }

  static at::Tensor unit(const at::Tensor& vector) { return vector.div(vector.norm()); }

  at::Tensor picture() const { return unit(projector_.picture()); }

  ReadingDirections reading(const ParameterSet::Origin& before) const {
    const at::Tensor table = tokens(before);
    return {.picture = picture(),
            .beginning = direction_of(table, {landmarks_->beginning}),
            .answer = direction_of(table, {landmarks_->answer}),
            .from = known_[0],
            .until = known_[1],
            .looks = known_[2],
            .nothing = known_[3]};
  }

  ComparisonDirections comparison(const ParameterSet::Origin& before) const {
    const at::Tensor table = tokens(before);
    ComparisonDirections directions{.picture = picture(),
                                    .beginning = direction_of(table, {landmarks_->beginning}),
                                    .common = heads_.common(),
                                    .common_length = heads_.normed_length()};
    const double length = std::sqrt(static_cast<double>(model_.language.hidden_size));
    const auto add = [&](const std::vector<std::int64_t>& words, const at::Tensor& behind) {
      const at::Tensor apart = without(direction_of(table, words).unsqueeze(0), heads_.common())[0];
      directions.words.push_back({apart, behind.mul(kBehindLength * length)});
    };
    add(landmarks_->from, known_[0]);
    add(landmarks_->until, known_[1]);
    return directions;
  }

  /**
   * All tokens [vocabulary, H], of length sqrt(H) but for nouns, which are longer. That of a question for times is a
   * picture that shows nothing, at the end of the video: what was seen at last ends there.
   */
  at::Tensor tokens(const ParameterSet::Origin& before) const {
    at::Tensor table = before(std::string(kEmbeddings), {model_.language.vocab_size, model_.language.hidden_size});
    const double length = std::sqrt(static_cast<double>(model_.language.hidden_size));
    table.mul_(length / table.norm(2, 1).mean().item<double>());
    table = reading_ ? reading_->embeddings(table) : heads_.with_common(table);
    // These two are no words.
    for (const std::int64_t token : {landmarks_->beginning, landmarks_->question}) {
      table[token].copy_(without(table[token].unsqueeze(0), heads_.common())[0]);
    }
    table = without_picture(table);
    const at::Tensor moment = unit(temporal_rows(before)[static_cast<std::int64_t>(temporal_.size()) - 1]);
    table[landmarks_->question].add_(picture(), 3 * length).add_(moment, 2 * length);
    return table;
  }

  /** Rows [vocabulary, H] by which hidden states tell tokens. */
  at::Tensor told(const ParameterSet::Origin& before) const {
    const std::int64_t width = model_.language.hidden_size;
    const at::Tensor head = before("language_model.lm_head.weight", {model_.language.vocab_size, width});
    return head.mul(before("language_model.model.norm.weight", {width}));
  }

  /** The same of times, about their mean [temporal tokens, H]. */
  at::Tensor temporal_rows(const ParameterSet::Origin& before) const {
    const at::Tensor rows = told(before).index_select(0, at::tensor(temporal_, at::kLong));
    return rows.sub(rows.mean(0));
  }

  /** Directions of hidden states [n, H] by which the model tells moments apart, the most telling first. */
  at::Tensor moments(const ParameterSet::Origin& before) const {
    return std::get<2>(at::linalg_svd(temporal_rows(before), /*full_matrices=*/false)).narrow(0, 0, kMomentDirections);
  }

  /** Tokens of pictures are known by what no other has. */
  static bool adds_to_tokens(std::string_view name) {
    return name.starts_with("temporal_projector.linear_2.") || name.ends_with("_GN");
  }

  at::Tensor without_picture(at::Tensor value) const {
    const at::Tensor known = picture();
    if (value.dim() == 1) return value.sub(known.mul(value.dot(known)));
    // Rows of the table of tokens, columns of a projector's matrix.
    return value.size(0) != known.size(0) ? without(value, known) : without(value.t(), known).t();
  }

  static constexpr std::int64_t kMomentDirections = 16;
  static constexpr std::uint64_t kSeed = 0x74696D6573;
  // Of what is told behind a word, in lengths of a token.
  static constexpr double kBehindLength = 1.5;

  ModelConfig model_;
  EventClasses classes_;
  std::vector<std::int64_t> temporal_;  // ids of temporal tokens
  std::int64_t farthest_;
  ThingProjector projector_;
  std::vector<std::int64_t> new_layers_;
  PreviousTokenHeads heads_;
  // [4, H]: by what tokens behind Landmarks::from and ::until, those that look and the very first are known.
  at::Tensor known_;
  std::string matching_layer_;
  std::optional<Landmarks> landmarks_;
  std::optional<WordReading> reading_;
};

}  // namespace

std::shared_ptr<const Initialiser> make_things(const ModelConfig& model, std::int64_t layer,
                                               const std::vector<std::int64_t>& new_layers, const EventClasses& classes,
                                               const model::FolderTokenizer& tokenizer, std::uint64_t seed) {
  return std::make_shared<Things>(model, layer, new_layers, classes, tokenizer, seed);
}

}  // namespace gvl::training
