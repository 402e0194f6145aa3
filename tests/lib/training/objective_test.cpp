/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <ATen/ops/cat.h>
#include <ATen/ops/zeros.h>

#include <cmath>

#include "model/model_folder.hpp"
#include "training/batch.hpp"
#include "training/initialisation/query_key_matching.hpp"
#include "training/objective.hpp"
#include "training/parameter_set.hpp"
#include "training_test.hpp"

using namespace gvl;
using namespace gvl::training::test;

namespace {

GVL_TEST(test_texts_are_told_what_they_are_about) {
  const ModelConfig config = small_config();
  // Hidden states of zero, of which classifiers say what their biases say.
  const auto silent = [](const std::string& name, const auto& shape) {
    return name == "language_model.model.norm.weight" ? at::zeros(shape) : at::Tensor();
  };
  const training::ParameterSet parameters(silent, config, {{{"", {1e-3}}}, {}}, 1, at::kCPU);
  const auto tokenizer = model::load_tokenizer(fixture("phi_c") / "tokenizer" / "tokenizer.json", config);
  training::ObjectiveOptions options;
  options.dense = {.weight = 1, .moment_weight = 0, .text_weight = 0.2, .layer = 0};
  const NoiseSource source(config, 0);
  const training::Objective objective(layers::Parameters(parameters, at::kCPU, at::kFloat), config, tokenizer.temporal,
                                      source.event_classes(), options);
  const training::Sample sample = source.make(0);
  const auto about = [&](std::vector<std::int64_t> classes) {
    const training::TokenizedSample tokens{{1}, {{{2, 3, 4, 5}, 2, std::move(classes)}, {{3, 4, 5}, 1, {}}}};
    return objective.losses(training::make_batch({&sample, 1}, {&tokens, 1}), 0).about;
  };
  // Classifiers begin with a logit of -4 for each of the three classes: ln(1 + e^4) for what is there, ln(1 + e^-4)
  // for what is not; the mean over the text's labels, and nothing for the text that says no class.
  const double there = std::log1p(std::exp(4.0)), not_there = std::log1p(std::exp(-4.0));
  ck_assert(std::abs(about({0, 2}).item<double>() - 0.2 * (2 * there + not_there)) < 1e-4);
  ck_assert(std::abs(about({1}).item<double>() - 0.2 * (there + 2 * not_there)) < 1e-4);
  ck_assert(!about({}).defined());
}

/** The first label and times count as much as asked for, and every text the same. */
GVL_TEST(test_labels_have_weights) {
  const ModelConfig config = small_config();
  const training::ParameterSet parameters({}, config, {{{"", {1e-3}}}, {}}, 1, at::kCPU);
  const auto tokenizer = model::load_tokenizer(fixture("phi_c") / "tokenizer" / "tokenizer.json", config);
  const NoiseSource source(config, 0);
  const training::Sample sample = source.make(0);
  const std::int64_t time = tokenizer.temporal.id_of(3);
  const training::TokenizedText first{{2, 7, 8, time, 9}, 1}, second{{3, 11, time, 12}, 1};
  const auto loss = [&](const training::LabelWeights& weights, const std::vector<training::TokenizedText>& texts) {
    training::ObjectiveOptions options;
    options.label_weights = weights;
    const training::Objective objective(layers::Parameters(parameters, at::kCPU, at::kFloat), config,
                                        tokenizer.temporal, {}, options);
    const training::TokenizedSample tokens{{1}, texts};
    return objective.losses(training::make_batch({&sample, 1}, {&tokens, 1}), 0).texts.item<double>();
  };
  const auto is = [](double found, double wanted) {
    ck_assert_msg(std::abs(found - wanted) < 1e-3, "%g instead of %g", found, wanted);
  };
  constexpr double kAlone = 1e6;
  // Of the first text's four labels the mean, the first and the time.
  const double mean = loss({}, {first}), opening = loss({.first = kAlone}, {first}),
               moment = loss({.times = kAlone}, {first});
  ck_assert(std::abs(opening - mean) > 0.01 && std::abs(moment - mean) > 0.01);
  is(loss({.first = 3}, {first}), (4 * mean + 2 * opening) / 6);
  is(loss({.times = 0.5}, {first}), (4 * mean - 0.5 * moment) / 3.5);
  is(loss({.first = 3, .times = 2}, {first}), (4 * mean + 2 * opening + moment) / 7);
  for (const training::LabelWeights& weights : {training::LabelWeights{}, training::LabelWeights{3, 2}}) {
    is(loss(weights, {first, second}), loss(weights, {first}) + loss(weights, {second}));
  }
}

/** Of every patch, by a classifier that begins with its biases alone. */
GVL_TEST(test_patches_are_told) {
  const ModelConfig config = small_config();
  const training::ParameterSet parameters({}, config, {{{"", {1e-3}}}, {}}, 1, at::kCPU);
  const auto tokenizer = model::load_tokenizer(fixture("phi_c") / "tokenizer" / "tokenizer.json", config);
  const NoiseSource source(config, 0);
  training::Sample sample = source.make(0);
  const std::int64_t patches = config.temporal.grid() * config.temporal.grid(),
                     columns = 3 * source.event_classes().count();
  const auto count = static_cast<std::size_t>(config.frames * patches * columns);
  auto labels = allocate_tensor_data(count * sizeof(float));
  // The first class in every second patch.
  for (std::size_t i = 0; i < count; ++i) {
    reinterpret_cast<float*>(labels.get())[i] = i % static_cast<std::size_t>(2 * columns) == 0 ? 1 : 0;
  }
  sample.patch_labels = {DataType::kFloat32, {config.frames, patches, columns}, labels};
  const training::TokenizedSample no_texts;
  const training::Batch batch = training::make_batch({&sample, 1}, {&no_texts, 1});
  const auto loss = [&](double patch_weight) {
    training::ObjectiveOptions options;
    options.dense = {.weight = 1, .patch_weight = patch_weight};
    const training::Objective objective(layers::Parameters(parameters, at::kCPU, at::kFloat), config,
                                        tokenizer.temporal, source.event_classes(), options);
    return objective.losses(batch, 0).frames.item<double>();
  };
  const double there = std::log1p(std::exp(4.0)), not_there = std::log1p(std::exp(-4.0));
  const double wanted = static_cast<double>(columns) * not_there + (there - not_there) / 2;
  ck_assert_msg(std::abs(loss(2) - loss(0) - 2 * wanted) < 1e-3, "%g, not %g", loss(2) - loss(0), 2 * wanted);
}

/** The loss of options whose hidden states are zero, so that classifiers say what their biases say. */
GVL_TEST(test_options_are_told) {
  ModelConfig config = small_config();
  config.language.layers = 3;
  const auto silent = [](const std::string& name, const auto& shape) {
    return name == "language_model.model.norm.weight" ? at::zeros(shape) : at::Tensor();
  };
  const training::ParameterSet parameters(silent, config, {{{"", {1e-3}}}, {}}, 1, at::kCPU);
  const auto tokenizer = model::load_tokenizer(fixture("phi_c") / "tokenizer" / "tokenizer.json", config);
  training::ObjectiveOptions options;
  options.dense = {.weight = 1, .option_weight = 0.5, .layer = 0};
  const NoiseSource source(config, 0);
  const training::Objective objective(layers::Parameters(parameters, at::kCPU, at::kFloat), config, tokenizer.temporal,
                                      source.event_classes(), options);
  const training::Sample sample = source.make(0);
  const auto told = [&](std::vector<training::TokenizedOption> of_text) {
    const training::TokenizedSample tokens{{1}, {{{2, 3, 4, 5}, 2, {}, std::move(of_text)}, {{3, 4, 5}, 1, {}, {}}}};
    return objective.losses(training::make_batch({&sample, 1}, {&tokens, 1}), 0).options;
  };
  // Logits of -4: ln(1 + e^4) for what is there, ln(1 + e^-4) for what is not. Of three classes, of whether it
  // happens, of which of eight it is; and a beginning among all temporal tokens alike.
  const double there = std::log1p(std::exp(4.0)), not_there = std::log1p(std::exp(-4.0));
  const double number = there + 7 * not_there, moment = std::log(static_cast<double>(config.temporal_tokens) + 1);
  const auto expect = [&](const at::Tensor& loss, double wanted) {
    ck_assert_msg(std::abs(loss.item<double>() - 0.5 * wanted) < 1e-3, "%g, not %g", loss.item<double>(), 0.5 * wanted);
  };
  expect(told({{1, {0}, -1}}), (there + 2 * not_there) + not_there + number);
  expect(told({{1, {0}, 3}}), (there + 2 * not_there) + there + number + moment);
  // One that is no event is only told which one it is.
  expect(told({{1, {}, -1}}), number);
  // The mean over a text's options.
  expect(told({{1, {}, -1}, {2, {0, 1}, -1}}), (number + (2 * there + not_there) + not_there + number) / 2);
  // The right one is chosen among the options of its question alone.
  expect(told({{0, {}, -1}, {1, {}, -1, true}, {2, {}, -1}}), number + std::log(3.0));
  ck_assert(!told({}).defined());
}

/** What a model in training sees and learns: random parameters, five layers. */
struct DeepModel {
  static ModelConfig sizes() {
    ModelConfig config = small_config();
    config.language.layers = 5;
    return config;
  }

  training::Objective objective(training::DenseSupervision dense, bool checkpointing) const {
    training::ObjectiveOptions options;
    options.dense = dense;
    options.checkpointing = checkpointing;
    return {layers::Parameters(parameters, at::kCPU, at::kFloat), config, tokenizer.temporal,
            NoiseSource(config, 0).event_classes(), options};
  }

  ModelConfig config = sizes();
  training::ParameterSet parameters{{}, config, {{{"", {1e-3}}}, {}}, 1, at::kCPU};
  model::FolderTokenizer tokenizer = model::load_tokenizer(fixture("phi_c") / "tokenizer" / "tokenizer.json", config);
};

/** Options of two questions, by what stands behind each layer. */
GVL_TEST(test_options_are_told_layer_by_layer) {
  const DeepModel model;
  const training::Objective objective = model.objective({.weight = 1, .option_weight = 1, .layer = 1}, false);
  const training::Sample sample = NoiseSource(model.config, 0).make(0);
  const std::vector<training::TokenizedOption> two{{1, {0}, -1}, {2, {}, -1, true}},
      three{{0, {}, -1, true}, {1, {}, -1}, {3, {2}, -1}};
  const training::TokenizedSample tokens{{1}, {{{2, 3, 4, 5, 6}, 3, {}, three}, {{7, 8, 9, 3}, 3, {}, two}}};
  const training::Batch batch = training::make_batch({&sample, 1}, {&tokens, 1});
  std::vector<at::Tensor> behind;
  objective.observe(batch, [&](std::int64_t layer, const training::Objective::Seen& seen) {
    ck_assert_int_eq(static_cast<int>(layer), static_cast<int>(behind.size()));
    const at::Tensor states = seen.texts.flatten(0, 2).index_select(0, batch.options.at);
    behind.push_back(objective.network().decoder().norm(states));
  });
  const training::EventCodes& codes = objective.codes();
  const auto logit = [&](std::size_t layer, std::int64_t option, const at::Tensor& code, double bias) {
    return behind[layer][option].dot(code).item<double>() + bias;
  };
  const auto cross_entropy = [](double x, bool there) { return std::log1p(std::exp(there ? -x : x)); };
  double wanted = 0;
  std::int64_t option = 0;
  for (const auto& of_text : {three, two}) {
    double sum = 0, all = 0, right = 0;
    for (std::int64_t i = 0; i < std::ssize(of_text); ++i, ++option) {
      const training::TokenizedOption& each = of_text[static_cast<std::size_t>(i)];
      for (std::int64_t c = 0; c < 3 && !each.classes.empty(); ++c) {
        sum += cross_entropy(logit(1, option, codes.asked[c], -4), c == each.classes[0]);
      }
      if (!each.classes.empty()) sum += cross_entropy(logit(2, option, codes.option[0], -4), false);
      for (std::int64_t n = 0; n < 8; ++n) {
        sum += cross_entropy(logit(3, option, codes.option[1 + n], -4), n == i);
      }
      const double score = logit(3, option, codes.option[9], 0);
      all += std::exp(score);
      if (each.right) right = score;
    }
    wanted += sum / static_cast<double>(of_text.size()) + std::log(all) - right;
  }
  const double loss = objective.losses(batch, 0).options.item<double>();
  ck_assert_msg(std::abs(loss - wanted) < 1e-3 * wanted, "%g, not %g", loss, wanted);
}

/** Layers that work in place must not change what was seen. */
GVL_TEST(test_what_is_observed_stays) {
  const DeepModel model;
  const training::Sample sample = NoiseSource(model.config, 0).make(0);
  const training::TokenizedSample tokens{{1}, {{{2, 3, 4, 5}, 2, {}, {}}}};
  const training::Batch batch = training::make_batch({&sample, 1}, {&tokens, 1});
  std::vector<at::Tensor> seen[2];
  for (const bool checkpointing : {false, true}) {
    const training::Objective objective = model.objective({}, checkpointing);
    objective.observe(batch, [&](std::int64_t, const training::Objective::Seen& states) {
      seen[checkpointing].push_back(at::cat({states.videos.flatten(), states.texts.flatten()}));
    });
  }
  ck_assert_int_eq(static_cast<int>(seen[0].size()), 5);
  for (std::size_t i = 0; i < 5; ++i) {
    ck_assert_msg(seen[0][i].allclose(seen[1][i], 1e-4, 1e-5), "layer %d", static_cast<int>(i));
    ck_assert(!(i > 0 && seen[0][i].allclose(seen[0][i - 1], 1e-4, 1e-5)));
  }
}

}  // namespace
