/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <ATen/core/grad_mode.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/full.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/mul.h>
#include <ATen/ops/one_hot.h>
#include <ATen/ops/outer.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/softmax.h>

#include <cmath>
#include <fstream>
#include <map>
#include <string>

#include "language/rope.hpp"
#include "model/model_folder.hpp"
#include "training/batch.hpp"
#include "training/bpe_trainer.hpp"
#include "training/initialisation/filter_bank.hpp"
#include "training/initialisation/initial_value.hpp"
#include "training/initialisation/initialiser.hpp"
#include "training/initialisation/option_copy_head.hpp"
#include "training/initialisation/previous_token_heads.hpp"
#include "training/initialisation/query_key_matching.hpp"
#include "training/initialisation/token_rows.hpp"
#include "training/initialisation/zca_whitening.hpp"
#include "training/objective.hpp"
#include "training/parameter_set.hpp"
#include "training_test.hpp"

using namespace gvl;
using namespace gvl::training::test;

namespace {

/** The sizes of the default model's encoders. */
ModelConfig default_sizes() {
  ModelConfig config = small_config();
  config.frames = 96;
  config.segments = 12;
  config.temporal.image_size = 96;
  config.temporal.patch_size = 24;
  config.temporal.hidden_size = 192;
  config.temporal.intermediate_size = 512;
  config.temporal.layers = 3;
  config.temporal.heads = 6;
  return config;
}

/** What a filter bank makes of a segment in which a smooth pattern moves so many pixels a frame: [frames, D]. */
at::Tensor filtered(const training::ParameterSet& parameters, const ModelConfig& config, double across, double down) {
  const std::int64_t frames = config.frames_per_segment(), size = config.temporal.image_size;
  const at::Tensor t = at::arange(frames, at::kFloat).view({frames, 1, 1});
  const at::Tensor x = at::arange(size, at::kFloat).view({1, 1, size}).sub(t, across);
  const at::Tensor y = at::arange(size, at::kFloat).view({1, size, 1}).sub(t, down);
  const at::Tensor grey = x.div(11).sin().mul(50).add(y.div(13).sin().mul(50)).add(128);
  const at::Tensor pixels = grey.to(at::kByte).unsqueeze(-1).expand({frames, size, size, 3}).unsqueeze(0).contiguous();
  const model::Network network(layers::Parameters(parameters, at::kCPU, at::kFloat), config);
  return network.encode_temporal(pixels, Cancellation()).view({frames, -1, config.temporal.hidden_size}).mean(1);
}

GVL_TEST(test_a_filter_bank_sees_stillness_and_motion) {
  const at::NoGradGuard no_gradient;
  const ModelConfig config = default_sizes();
  const training::FilterBank bank(config, 1);
  const training::ParameterSet parameters([&](const std::string& name, const auto&) { return bank.value(name); },
                                          config, {}, 1, at::kCPU);
  // A mean over all frames but the first, which is compared with its successor.
  const auto channel = [&](std::int64_t index, double across, double down) {
    const at::Tensor features = filtered(parameters, config, across, down);
    return features.select(1, index).narrow(0, 1, features.size(0) - 1).mean().item<double>();
  };
  // The slowest band: the patches' mean brightness.
  const std::int64_t energy = bank.difference_energies(), right = bank.motions(), downwards = bank.motions() + 1;
  ck_assert(channel(energy, 3, 0) > channel(energy, 0, 0) + 0.5);
  ck_assert(channel(energy, -3, 0) > channel(energy, 0, 0) + 0.5);
  ck_assert(channel(right, 3, 0) > channel(right, 0, 0) + 0.05);
  ck_assert(channel(right, -3, 0) < channel(right, 0, 0) - 0.05);
  ck_assert(channel(downwards, 0, 3) > channel(downwards, 0, 0) + 0.05);
  ck_assert(channel(downwards, 0, -3) < channel(downwards, 0, 0) - 0.05);
}

/** RoPE: the halves of the last dimension turn together. */
at::Tensor turned(const at::Tensor& x, const at::Tensor& cos, const at::Tensor& sin) {
  const std::vector<at::Tensor> halves = x.chunk(2, -1);
  return at::cat({halves[0].mul(cos).sub(halves[1].mul(sin)), halves[1].mul(cos).add(halves[0].mul(sin))}, -1);
}

/** A language model of six heads of 32. */
LanguageModelConfig six_heads() {
  LanguageModelConfig config;
  config.hidden_size = 192;
  config.heads = config.kv_heads = 6;
  config.rope_theta = 1e7;
  return config;
}

GVL_TEST(test_attention_begins_by_finding_what_is_asked_for) {
  LanguageModelConfig config = six_heads();
  constexpr std::int64_t classes = 40, head = 32, wanted = 7;
  const at::Tensor moments = training::temporal_directions(config.hidden_size, 1);
  const auto [qkv, o] = training::query_key_matching(config, {classes, 0}, moments);
  const auto codes = training::event_codes({classes, 0}, config.hidden_size);
  const auto table = language::rope_table(config, language::RopeFactors::kShort, 0, 200, at::kCPU);
  const auto at_place = [&](const at::Tensor& x, std::int64_t position) {
    return turned(x, table.cos[position], table.sin[position]);
  };
  // Scores [heads, frames] of one question for frames of which each shows another class in one of three phases.
  const auto rows = [&](std::int64_t first) { return qkv.narrow(0, first * config.hidden_size, config.hidden_size); };
  const at::Tensor query = at::matmul(rows(0), codes.asked[wanted]).view({config.heads, head});
  const at::Tensor keys = at::matmul(codes.shown, rows(1).t()).view({3 * classes, config.heads, head});
  for (const std::int64_t position : {std::int64_t{5}, std::int64_t{60}, std::int64_t{120}}) {
    const at::Tensor scores = at::mul(at_place(query, 199), at_place(keys, position)).sum(2);
    const at::Tensor best = scores.argmax(0);
    for (std::int64_t i = 0; i < config.heads; ++i) {
      const std::int64_t phase = i < config.heads / 2 ? 1 : 2;
      ck_assert_msg(best[i].item<std::int64_t>() == phase * classes + wanted, "head %d at %d", static_cast<int>(i),
                    static_cast<int>(position));
    }
  }
  // Moments are copied as they are, everything else left behind.
  const at::Tensor moment = moments[3], copied = at::matmul(o, at::matmul(rows(2), moment));
  const at::Tensor cosine = copied.dot(moment).div(copied.norm().mul(moment.norm()));
  ck_assert(cosine.item<double>() > 0.999);
  config.kv_heads = 3;
  try {
    training::query_key_matching(config, {classes, 0}, moments);
    ck_abort_msg("heads that share keys were accepted");
  } catch (const Error& error) {
    ck_assert(error.code() == ErrorCode::kInvalidArgument);
  }
}

/** Where each head of a query at the last of `tokens` [n, H] looks, [heads, n]. */
at::Tensor looks(const LanguageModelConfig& config, const at::Tensor& qkv, const at::Tensor& tokens) {
  const std::int64_t n = tokens.size(0), width = config.hidden_size;
  const auto table = language::rope_table(config, language::RopeFactors::kShort, 0, n, at::kCPU);
  const at::Tensor mixed = at::matmul(tokens, qkv.t()).unflatten(1, {3 * config.heads, width / config.heads});
  const auto at_places = [&](std::int64_t first) {
    return turned(mixed.narrow(1, first, config.heads), table.cos.unsqueeze(1), table.sin.unsqueeze(1));
  };
  const at::Tensor scores = at_places(0)[n - 1].unsqueeze(0).mul(at_places(config.heads)).sum(2).t();
  return at::softmax(scores.div(std::sqrt(static_cast<double>(config.head_size()))), 1);
}

/** Of a matrix whose rows are heads', those of one. */
at::Tensor head_of(const at::Tensor& rows, std::int64_t which) { return rows.narrow(0, which * 32, 32); }

/** A first layer some of whose heads begin by looking at the last few words. */
struct FirstLayer {
  static constexpr std::int64_t kTexts = 60;
  static constexpr const char* kTable = "language_model.model.embed_tokens.weight";

  FirstLayer() {
    at::manual_seed(1);
    before = {{kTable, at::randn({kTexts, 192})},      {attention, at::randn({3 * 192, 192}).div(14)},
              {output, at::randn({192, 192}).div(14)}, {input_norm, at::rand({192}).add(0.5)},
              {mlp_norm, at::rand({192}).add(0.5)},    {mlp, at::randn({1024, 192}).div(14)}};
  }

  at::Tensor value(const std::string& name) const {
    return words.value(name, {}, [&](const std::string& origin, const auto&) { return before.at(origin); });
  }

  const std::string layer = "language_model.model.layers.0.";
  const std::string attention = layer + "self_attn.qkv_proj.weight", output = layer + "self_attn.o_proj.weight";
  const std::string input_norm = layer + "input_layernorm.weight", mlp = layer + "mlp.gate_up_proj.weight";
  const std::string mlp_norm = layer + "post_attention_layernorm.weight";
  LanguageModelConfig config = six_heads();
  training::PreviousTokenHeads words{{.heads = {0, 4, 5}, .like = 1}, config};
  std::map<std::string, at::Tensor> before;
};

GVL_TEST(test_heads_look_at_the_last_words) {
  constexpr std::int64_t video = 100, texts = FirstLayer::kTexts;
  const FirstLayer first;
  ck_assert(!first.value("language_model.lm_head.weight").defined());
  const at::Tensor gain = first.before.at(first.input_norm);
  const auto normed = [&](const at::Tensor& x) { return x.div(x.square().mean(1, true).sqrt()).mul(gain); };
  const at::Tensor tokens = normed(at::cat({at::randn({video, 192}), first.value(FirstLayer::kTable)}));
  const at::Tensor seen = looks(first.config, first.value(first.attention), tokens);
  const auto mass = [&](std::int64_t which, std::int64_t last) {
    return seen[which].narrow(0, video + texts - last, last).sum().item<double>();
  };
  ck_assert_msg(mass(0, 5) > 0.9, "%g", mass(0, 5));
  ck_assert_msg(mass(4, 5) > 0.5 && mass(4, 12) > 0.85, "%g %g", mass(4, 5), mass(4, 12));
  ck_assert_msg(mass(5, 5) < 0.5 && mass(5, 30) > 0.8, "%g %g", mass(5, 5), mass(5, 30));
  ck_assert_msg(mass(2, 30) < 0.5, "%g", mass(2, 30));
}

/** What else the layer does is blind to what tokens now have in common. */
GVL_TEST(test_the_rest_does_not_see_what_heads_look_by) {
  const FirstLayer first;
  const at::Tensor qkv = first.value(first.attention), gain = first.before.at(first.input_norm);
  const at::Tensor row = qkv[32 / 2 - 1].mul(gain), common = row.div(row.norm());
  const at::Tensor lengths = at::matmul(first.value(FirstLayer::kTable), common);
  ck_assert(lengths.std().item<double>() < 1e-4 && lengths.mean().item<double>() > 1);
  const auto blind = [&](const at::Tensor& weight, const at::Tensor& norm) {
    return at::matmul(weight, norm.mul(common)).abs().max().item<double>() < 1e-5;
  };
  ck_assert(blind(head_of(qkv, 1), gain) && blind(head_of(qkv, 7), gain) && !blind(head_of(qkv, 0), gain));
  ck_assert(blind(first.value(first.mlp), first.before.at(first.mlp_norm)));
}

/** They read what the head reads that they are like, and add half as much. */
GVL_TEST(test_heads_read_like_the_one_they_are_like) {
  const FirstLayer first;
  const at::Tensor qkv = first.value(first.attention), added = first.value(first.output).t();
  ck_assert(head_of(qkv, 12 + 4).equal(head_of(qkv, 12 + 1)));
  ck_assert(head_of(added, 5).equal(head_of(added, 1).mul(0.5)));
  ck_assert(head_of(added, 2).equal(head_of(first.before.at(first.output).t(), 2)));
}

GVL_TEST(test_last_words_need_heads_of_the_model) {
  LanguageModelConfig config = six_heads();
  const auto refuses = [&](const training::PreviousTokenHeadsOptions& options) {
    try {
      training::PreviousTokenHeads(options, config);
      return false;
    } catch (const Error& error) {
      return error.code() == ErrorCode::kInvalidArgument;
    }
  };
  ck_assert(!refuses({.heads = {5}}));
  ck_assert(refuses({.heads = {6}}));
  ck_assert(refuses({.heads = {0}, .like = 6}));
  ck_assert(refuses({.heads = {0, 2, 0}}));
  ck_assert(refuses({.heads = {0, 2}, .like = 2}));
  config.kv_heads = 3;
  ck_assert(refuses({.heads = {5}}));
}

at::Tensor normed(const at::Tensor& x) { return x.div(x.square().mean(1, true).sqrt()); }

/** Hidden states such as a model has that tells options apart: noise and what is told, of length sqrt(H). */
struct OptionQuestions {
  static constexpr std::int64_t kCount = 400, kLetters = 4, kClasses = 10;

  OptionQuestions() {
    const at::Tensor asking = at::randn({1, 192}), option = at::randn({1, 192}).mul(0.5);
    const at::Tensor numbers = at::arange(kCount).remainder(kLetters);
    // The right one of each question is known, with a margin that is sometimes small.
    right = numbers.eq(at::arange(kCount).div(kLetters, "floor").remainder(kLetters)).to(at::kFloat);
    const at::Tensor letter = at::one_hot(numbers, kLetters).to(at::kFloat);
    const at::Tensor told = at::matmul(letter, codes.narrow(0, 1, kLetters)).mul(12);
    const at::Tensor rightness = at::outer(right.mul(6).sub(3), codes[1 + training::EventCodes::kOptions]);
    const at::Tensor answers = normed(at::randn({100, 192}).mul(0.3).add(asking));
    const at::Tensor options = normed(at::randn({kCount, 192}).mul(0.5).add(option).add(told).add(rightness));
    states = {answers, options, numbers, normed(at::randn({2000, 192})), 500};
  }

  at::Tensor read(const at::Tensor& x, const at::Tensor& rows) const {
    return x.mul(model.input_gain).matmul(rows.t());
  }

  const at::Tensor codes = training::event_codes({kClasses, 0}, 192).option;
  const training::OptionCopyModel model{at::rand({192}).add(0.5), at::rand({192}).add(0.5), at::randn({kLetters, 192}),
                                        codes};
  at::Tensor right;
  training::OptionCopyStates states;
};

GVL_TEST(test_a_head_chooses_the_right_option) {
  at::manual_seed(2);
  const LanguageModelConfig config = six_heads();
  const OptionQuestions questions;
  const training::OptionCopyModel& model = questions.model;
  const training::OptionCopyStates& states = questions.states;
  const at::Tensor right = questions.right.view({-1, OptionQuestions::kLetters});
  const training::HeadValues head = training::option_copy_head(config, states, model);
  const auto table = language::rope_table(config, language::RopeFactors::kShort, 0, 200, at::kCPU);
  const auto at_place = [&](const at::Tensor& x, std::int64_t position) {
    return turned(x, table.cos[position], table.sin[position]);
  };
  const at::Tensor query = at_place(questions.read(states.answers, head.q)[0], 199);
  const auto scores = [&](const at::Tensor& x, std::int64_t position) {
    return at_place(questions.read(x, head.k), position).matmul(query).div(std::sqrt(32.0));
  };
  at::Tensor of_options;
  for (const std::int64_t position : {std::int64_t{190}, std::int64_t{120}}) {
    of_options = scores(states.options, position).view({-1, OptionQuestions::kLetters});
    ck_assert(of_options.argmax(1).equal(right.argmax(1)));
    ck_assert(of_options.mean().item<double>() > scores(states.others, 10).amax().item<double>());
  }
  const at::Tensor attention = at::softmax(of_options, 1);

  // Behind a state of the length that answers have, the letter that is looked at is the most probable.
  const at::Tensor values = questions.read(states.options, head.v).view({-1, OptionQuestions::kLetters, 32});
  const at::Tensor added = attention.unsqueeze(2).mul(values).sum(1).matmul(head.o.t());
  const at::Tensor before = normed(at::randn({1, 192})).mul(500 / std::sqrt(192.0));
  const auto logits = [&](const at::Tensor& x) {
    return x.mul(std::sqrt(192.0) / 500).mul(model.output_gain).matmul(model.letters.t());
  };
  const at::Tensor gained = logits(before.add(added)).sub(logits(before));
  ck_assert(gained.argmax(1).equal(right.argmax(1)));
  const at::Tensor best = gained.amax(1);
  const double margin = best.sub(gained.sum(1).sub(best).div(OptionQuestions::kLetters - 1)).mean().item<double>();
  ck_assert_msg(margin > 1.5 && margin < 4, "%g", margin);
}

GVL_TEST(test_a_filter_bank_needs_room) {
  try {
    training::FilterBank(small_config(), 1);
    ck_abort_msg("a small encoder was accepted");
  } catch (const Error& error) {
    ck_assert(error.code() == ErrorCode::kInvalidArgument);
  }
}

/** Another encoder's weights have other names: it would begin at random, and nothing would say so. */
GVL_TEST(test_a_filter_bank_needs_its_encoder) {
  ModelConfig config = default_sizes();
  config.temporal.type = "internvideo2";
  training::FilterBank(config, 1);
  config.temporal.type = "clip";
  try {
    training::FilterBank(config, 1);
    ck_abort_msg("another encoder was accepted");
  } catch (const Error& error) {
    ck_assert_msg(std::string(error.what()).find("\"clip\"") != std::string::npos, "%s", error.what());
  }
}

GVL_TEST(test_projectors_are_whitened) {
  const ModelConfig config = small_config();
  training::ParameterSet parameters([](const std::string&, const auto&) { return at::Tensor(); }, config,
                                    {{{"", {1e-3}}}, {}}, 1, at::kCPU);
  const model::Network network(layers::Parameters(parameters, at::kCPU, at::kFloat), config);
  const NoiseSource source(config, 0);
  std::vector<training::Sample> samples;
  for (std::int64_t i = 0; i < 8; ++i) samples.push_back(source.make(i));
  training::whiten_projectors(network, parameters, samples, 1);

  const at::NoGradGuard no_gradient;
  std::vector<at::Tensor> features;
  for (const training::Sample& sample : samples) {
    const training::TokenizedSample no_texts;
    const auto batch = training::make_batch({&sample, 1}, {&no_texts, 1});
    features.push_back(network.encode_temporal(batch.temporal.pixels, Cancellation()));
  }
  const auto& projector = layers::Projector(layers::Parameters(parameters, at::kCPU, at::kFloat) / "temporal_projector",
                                            config.temporal.hidden_size, config.language.hidden_size);
  const at::Tensor y = projector.forward(at::cat(features)).flatten(0, 1);
  ck_assert_msg(y.mean(0).abs().max().item<double>() < 1e-2, "mean %f", y.mean(0).abs().max().item<double>());
  const at::Tensor variance = y.square().mean(0);
  ck_assert_msg(variance.max().item<double>() < 1.1, "variance %f", variance.max().item<double>());
  ck_assert_msg(variance.mean().item<double>() > 0.5, "variance %f", variance.mean().item<double>());
}

/** New layers add nothing at first, and how long hidden states are does not matter. */
GVL_TEST(test_weights_say_the_same_behind_new_layers) {
  ModelConfig config = small_config();
  config.language.norm_eps = 1e-12;
  const gvl::test::TemporaryFolder folder;
  write_random_model(folder.path() / "from", config, fixture("phi_c") / "tokenizer" / "tokenizer.json");
  const auto tokenizer = model::load_tokenizer(folder.path() / "from" / model::kTokenizerFile, config);
  const NoiseSource source(config, 0);
  const training::Sample sample = source.make(0);
  const training::TokenizedSample tokens{{1}, {{{2, 3, 4, 5, 6, 7}, 2}, {{3, 4, 5}, 1}}};
  const training::Batch batch = training::make_batch({&sample, 1}, {&tokens, 1});
  const at::NoGradGuard no_gradient;
  const auto loss = [&](const layers::ParameterSource& parameters, const ModelConfig& model) {
    const training::Objective objective(layers::Parameters(parameters, at::kCPU, at::kFloat), model, tokenizer.temporal,
                                        {}, {});
    return objective.losses(batch, 0).texts.item<double>();
  };
  const double expected = loss(model::FolderParameters(folder.path() / "from"), config);
  ModelConfig deeper = config;
  deeper.language.layers += 2;
  for (const double scale : {1.0, 0.25}) {
    training::TrainingConfig training{.data = io::JsonValue::parse("{}", "data")};
    training.initialisation.weights = {folder.path() / "from"};
    training.initialisation.new_layers = {0, 2};
    training.initialisation.scale = scale;
    const auto initialisers = training::make_initialisers(training, deeper, true, tokenizer, {});
    const training::ParameterSet parameters(training::initialised({}, initialisers, deeper, 1), deeper, {}, 1,
                                            at::kCPU);
    const double found = loss(parameters, deeper);
    ck_assert_msg(std::abs(found - expected) < 1e-4 * expected, "%g instead of %g", found, expected);
    const at::Tensor embeddings = parameters.load("language_model.model.embed_tokens.weight",
                                                  {config.language.vocab_size, config.language.hidden_size});
    const at::Tensor before = model::FolderParameters(folder.path() / "from")
                                  .load("language_model.model.embed_tokens.weight", embeddings.sizes().vec());
    const std::int64_t known = tokenizer.tokenizer->size();
    ck_assert(embeddings.narrow(0, 0, known).allclose(before.narrow(0, 0, known).to(at::kFloat).mul(scale)));
    // Of a model with more tokens, theirs are new.
    const auto value = training::initialised({}, initialisers, deeper, 1);
    const at::Tensor more =
        value("language_model.model.embed_tokens.weight", {embeddings.size(0) + 9, embeddings.size(1)});
    ck_assert(more.narrow(0, 0, known).allclose(embeddings.narrow(0, 0, known)));
    ck_assert(more.narrow(0, embeddings.size(0), 9).norm(2, 1).min().item<double>() > 0.1);
  }
}

/** Rows follow their tokens to other numbers; a new token's is the mean of the rows that it was read as. */
GVL_TEST(test_rows_follow_their_tokens) {
  const gvl::test::TemporaryFolder folder;
  const auto write_tokenizer = [&](const char* name, const std::vector<std::string>& texts) {
    const auto file = folder.path() / name;
    std::ofstream(file) << training::train_byte_level_bpe(texts, 400, {"<|end|>"});
    return file;
  };
  ModelConfig config = small_config();
  config.language.vocab_size = 600;
  write_random_model(folder.path() / "from", config, write_tokenizer("old.json", {"ab ab ab", "xy xy"}));
  const auto old = model::load_tokenizer(folder.path() / "from" / model::kTokenizerFile, config);
  const auto made = model::load_tokenizer(write_tokenizer("new.json", {"xy xy xy", "x abxy abxy", "cab cab"}), config);
  const training::TokenRows rows(folder.path() / "from", made);
  const at::Tensor table = at::arange(600, at::kFloat).unsqueeze(1).expand({600, 4}).contiguous();
  const at::Tensor moved = rows.moved(table, at::full({600, 4}, -1.0));
  int fresh = 0;
  for (std::int64_t id = 0; id < made.tokenizer->size(); ++id) {
    const std::string token = made.tokenizer->id_to_token(id).value();
    const auto same = old.tokenizer->token_to_id(token);
    fresh += !same;
    if (same) ck_assert_msg(moved[id][0].item<double>() == static_cast<double>(*same), "%s", token.c_str());
  }
  ck_assert(fresh > 0);
  const auto pieces = old.tokenizer->encode(" abxy", false);
  const auto whole = made.tokenizer->encode(" abxy", false);
  ck_assert_int_eq(whole.size(), 1);
  ck_assert_int_eq(pieces.size(), 2);
  ck_assert_float_eq(moved[whole[0]][3].item<float>(), 0.5F * static_cast<float>(pieces[0] + pieces[1]));
  ck_assert_float_eq(moved[made.tokenizer->size()][0].item<float>(), -1);
}

}  // namespace
