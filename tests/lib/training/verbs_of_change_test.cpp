/* SPDX-License-Identifier: LGPL-2.1-or-later */
// "Enters" asks for a beginning and "leaves" for an end, before both times of an answer.
#include "training/initialisation/verbs_of_change.hpp"

#include <ATen/ops/matmul.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/silu.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "detector_model.hpp"
#include "gvl/error.hpp"
#include "model/model_folder.hpp"
#include "reading_layers.hpp"
#include "support/fixtures.hpp"
#include "support/testing.hpp"
#include "training/bpe_trainer.hpp"
#include "training/initialisation/previous_token_heads.hpp"

using namespace gvl;
using gvl::test::kDog;
using gvl::test::thing_codes;

namespace {

constexpr std::int64_t kLayer = 1;
const std::string kPrefix = "language_model.model.layers.1.";
const std::string kTable = "language_model.model.embed_tokens.weight";

/** A model in which nouns are read, before and after verbs are told apart. */
class Model {
 public:
  Model()
      : tokenizer_(text::Tokenizer::parse(
            training::train_byte_level_bpe(std::vector<std::string>(9, "a dog enters a dog leaves a dog sits"), 400,
                                           {"<|end|>"}),
            "test")) {
    config_.language.vocab_size = tokenizer_.size();
    config_.language.layers = 2;
    config_.language.intermediate_size = 512;
    const training::WordReading reading(config_.language, classes_, tokenizer_);
    at::manual_seed(2);
    const training::AttentionValues attention = reading.attention(directions_);
    const training::MlpValues mlp = reading.mlp(directions_);
    before_ = {{kTable, reading.embeddings(at::randn({tokenizer_.size(), 192}))},
               {kPrefix + "self_attn.qkv_proj.weight", attention.qkv},
               {kPrefix + "self_attn.o_proj.weight", attention.o},
               {kPrefix + "mlp.gate_up_proj.weight", mlp.gate_up},
               {kPrefix + "mlp.down_proj.weight", mlp.down}};
    const auto verbs = training::make_verbs_of_change(config_, kLayer, classes_.things, tokenizer_);
    const training::ParameterSet::Origin origin = [&](const std::string& name, const auto&) {
      return before_.at(name).clone();
    };
    for (const auto& [name, value] : before_) after_[name] = verbs->value(name, value.sizes().vec(), origin);
    ck_assert(!verbs->value("language_model.lm_head.weight", {}, origin).defined());
  }

  /** What a verb's token gains, beside the mark of nouns, of length 1. */
  at::Tensor code(const std::string& verb) const {
    const std::int64_t id = *tokenizer_.token_to_id("\u0120" + verb);
    const at::Tensor gained = after_.at(kTable)[id].sub(before_.at(kTable)[id]), mark = training::noun_mark(192);
    const at::Tensor code = gained.sub(mark.mul(gained.dot(mark)));
    return code.div(code.norm());
  }

  /** How much of `code` the layer's heads add to the last word of a question. */
  double read(const std::string& verb, const at::Tensor& code) const {
    const auto ids = tokenizer_.encode("a dog " + verb + " a", false);
    const at::Tensor tokens = after_.at(kTable).index_select(0, at::tensor(ids, at::kLong));
    return test::added(
               config_.language,
               {after_.at(kPrefix + "self_attn.qkv_proj.weight"), after_.at(kPrefix + "self_attn.o_proj.weight")},
               tokens, 400)[std::ssize(ids) - 1]
        .dot(code)
        .item<double>();
  }

  /** Where a word of an answer about a dog has read `verb`: how far a beginning is looked for (above 0), or an end. */
  double sought(const at::Tensor& step, const at::Tensor& verb) const {
    const at::Tensor word = training::PreviousTokenHeads({}, config_.language).common().mul(5);
    const at::Tensor token = thing_codes(classes_, 0)[kDog].mul(30).add(word).add(step, 20).add(verb, 25);
    const at::Tensor normed = token.div(token.square().mean().add(1e-5).sqrt());
    const auto units = at::matmul(after_.at(kPrefix + "mlp.gate_up_proj.weight"), normed).chunk(2);
    const at::Tensor written =
        at::matmul(after_.at(kPrefix + "mlp.down_proj.weight"), at::silu(units[0]).mul(units[1]));
    const at::Tensor sought = at::matmul(thing_codes(classes_, 1), written);
    ck_assert_int_eq(sought.abs().argmax().item<int>(), kDog);
    return sought[kDog].item<double>();
  }

  const training::ReadingDirections& directions() const { return directions_; }

 private:
  /** What the layer's heads add to the last word of a question. */
  at::Tensor read(const std::string& verb) const {
    const auto ids = tokenizer_.encode("a dog " + verb + " a", false);
    const at::Tensor tokens = after_.at(kTable).index_select(0, at::tensor(ids, at::kLong));
    return test::added(
        config_.language,
        {after_.at(kPrefix + "self_attn.qkv_proj.weight"), after_.at(kPrefix + "self_attn.o_proj.weight")}, tokens,
        400)[std::ssize(ids) - 1];
  }

  ModelConfig config_ = test::with_detector();
  training::EventClasses classes_{45, vision::kCocoClasses};
  training::ReadingDirections directions_ = test::reading_directions(classes_);
  text::Tokenizer tokenizer_;
  std::map<std::string, at::Tensor> before_, after_;
};

}  // namespace

GVL_TEST(words_behind_a_verb_know_of_it) {
  const Model model;
  const at::Tensor begins = model.code("enters"), ends = model.code("leaves");
  ck_assert_double_lt(std::abs(begins.dot(ends).item<double>()), 0.1);
  const double read = model.read("enters", begins);
  ck_assert_msg(read > 5, "%g", read);
  ck_assert_double_gt(model.read("leaves", ends), 5);
  ck_assert_double_lt(std::abs(model.read("enters", ends)), 0.2 * read);
  ck_assert_double_lt(std::abs(model.read("sits", begins)), 0.2 * read);
}

GVL_TEST(a_verb_decides_what_is_looked_for_before_each_time) {
  const Model model;
  const at::Tensor &from = model.directions().from, &until = model.directions().until, none = at::zeros({192});
  const double begins = model.sought(from, none), ends = model.sought(until, none);
  ck_assert(begins > 40 && ends < -40);
  ck_assert_double_gt(model.sought(from, model.code("enters")), 0.5 * begins);
  ck_assert_double_gt(model.sought(until, model.code("enters")), 0.5 * begins);
  ck_assert_double_lt(model.sought(from, model.code("leaves")), 0.5 * ends);
  ck_assert_double_lt(model.sought(until, model.code("leaves")), 0.5 * ends);
}

GVL_TEST(a_model_without_units_to_spare_is_refused) {
  ModelConfig config = test::with_detector();
  config.language.intermediate_size = 300;
  config.language.layers = 2;
  const auto tokenizer =
      text::Tokenizer::parse(training::train_byte_level_bpe(std::vector<std::string>{"a"}, 300, {}), "test");
  try {
    training::make_verbs_of_change(config, kLayer, vision::kCocoClasses, tokenizer);
    ck_abort_msg("there are not enough units");
  } catch (const Error& error) {
    ck_assert_msg(std::string(error.what()).find("verbs_of_change") != std::string::npos, "%s", error.what());
  }
}
