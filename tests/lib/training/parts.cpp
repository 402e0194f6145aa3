#include <ATen/core/grad_mode.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/full.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/mul.h>
#include <ATen/ops/one_hot.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/outer.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/autograd/autograd.h>

#include <cmath>

#include "language/rope.hpp"
#include "ops/ops.hpp"
#include "training/batch.hpp"
#include "training/checkpointing.hpp"
#include "training/config.hpp"
#include "training/initialisation/filter_bank.hpp"
#include "training/initialisation/initial_value.hpp"
#include "training/initialisation/option_copy_head.hpp"
#include "training/initialisation/previous_token_heads.hpp"
#include "training/initialisation/query_key_matching.hpp"
#include "training/initialisation/zca_whitening.hpp"
#include "training/objective.hpp"
#include "training/optimiser.hpp"
#include "training/packed_reading.hpp"
#include "training_test.hpp"

using namespace gvl;
using namespace gvl::training::test;
using training::quantise_times;

namespace {

GVL_TEST(test_times_are_truncated) {
  const auto expect = [](const char* text, double duration, std::int64_t temporal_tokens, const char* wanted) {
    const std::string result = quantise_times(text, duration, temporal_tokens);
    ck_assert_str_eq(result.c_str(), wanted);
  };
  // int(300 * 12.5 / 60) = int(62.5) = 62; 59.99 s: int(299.95) = 299, where rounding would give 300.
  expect("From <12.5> to <59.99>.", 60, 300, "From <62> to <299>.");
  expect("<0> <60> <61> <1e3>", 60, 300, "<0> <300> <300> <1e3>");
  // What is no time stays as it is.
  const char* others = "<image> <nan> <inf> <-1> < 1> <> a < b > c <";
  expect(others, 60, 300, others);
  expect("<<5>>", 10, 10, "<<5>>");
}

GVL_TEST(test_times_need_a_duration) {
  for (const double duration : {0.0, -1.0, std::nan("")}) {
    try {
      quantise_times("<1>", duration, 300);
      ck_abort_msg("a duration of %f was accepted", duration);
    } catch (const Error& error) {
      ck_assert(error.code() == ErrorCode::kInvalidArgument);
    }
  }
}

GVL_TEST(test_schedule) {
  // 100 steps, 10 of them rising: 1/10 ... 10/10, then half a cosine over 90 steps.
  ck_assert(std::abs(training::schedule_at(0, 100, 0.1) - 0.1) < 1e-12);
  ck_assert(std::abs(training::schedule_at(8, 100, 0.1) - 0.9) < 1e-12);
  ck_assert(std::abs(training::schedule_at(9, 100, 0.1) - 1.0) < 1e-12);
  ck_assert(std::abs(training::schedule_at(54, 100, 0.1) - 0.5) < 1e-12);
  ck_assert(std::abs(training::schedule_at(99, 100, 0.1)) < 1e-12);
}

GVL_TEST(test_adamw_by_hand) {
  at::Tensor x = at::tensor({1.0F, -2.0F}).set_requires_grad(true);
  training::Optimiser optimiser({{"x", x, {0.1}}});
  // Step 1, gradient g: m / (1 - 0.9) = g, sqrt(v / (1 - 0.999)) = |g|: x moves by the learning rate against g's sign.
  x.mutable_grad() = at::tensor({0.5F, -4.0F});
  optimiser.step(1, 1.0);
  ck_assert(std::abs(x[0].item<double>() - 0.9) < 1e-5 && std::abs(x[1].item<double>() + 1.9) < 1e-5);
  // Step 2, gradient 1: m = 0.9 * 0.05 + 0.1 = 0.145, m / (1 - 0.81) = 0.763158; v = 0.999 * 0.00025 + 0.001 =
  // 0.00124975, v / (1 - 0.998001) = 0.625188, its root 0.790688; at half the rate x moves by 0.05 * 0.965182.
  x.mutable_grad() = at::tensor({1.0F, 0.0F});
  optimiser.step(2, 0.5);
  ck_assert_msg(std::abs(x[0].item<double>() - (0.9 - 0.0482591)) < 1e-5, "x[0] = %f", x[0].item<double>());
}

GVL_TEST(test_orthogonal_matrices) {
  // A diagonal stays one, signs stay, and all singular values come near 1, be they 50 times as far apart.
  for (const bool tall : {false, true}) {
    at::Tensor matrix = at::zeros({2, 3});
    matrix[0][0] = 5.0;
    matrix[1][1] = -0.1;
    const at::Tensor x = training::orthogonalise(tall ? matrix.t() : matrix);
    ck_assert(x.sizes() == (tall ? matrix.t() : matrix).sizes());
    const double first_value = x[0][0].item<double>(), second_value = -x[1][1].item<double>();
    ck_assert_msg(first_value > 0.6 && first_value < 1.3, "%f", first_value);
    ck_assert_msg(second_value > 0.3 && second_value < 1.3, "%f", second_value);
    ck_assert(std::abs(x.abs().sum().item<double>() - first_value - second_value) < 1e-5);
  }
}

GVL_TEST(test_matrices_learn_by_muon) {
  at::Tensor matrix = at::zeros({4, 2}).set_requires_grad(true), vector = at::zeros({2}).set_requires_grad(true);
  training::Optimiser optimiser({{"m", matrix, {0.1, 0.5}}, {"v", vector, {0.1, 0.5}}});
  // However long the gradient, the step is as long as the rate says: sqrt(4 / 2) * 0.5 along each direction.
  at::Tensor gradient = at::zeros({4, 2});
  gradient[0][0] = 1e-3;
  gradient[3][1] = 1e-3;
  matrix.mutable_grad() = gradient;
  vector.mutable_grad() = at::tensor({2.0F, -2.0F});
  optimiser.step(1, 1.0);
  const double step = std::sqrt(2.0) * 0.5;
  for (const auto& moved : {matrix[0][0], matrix[3][1]}) {
    const double by = -moved.item<double>() / step;
    ck_assert_msg(by > 0.6 && by < 1.3, "moved by %f", by);
  }
  ck_assert(matrix.detach().abs().sum(0).allclose(at::full({2}, std::abs(matrix[0][0].item<double>())), 1e-3, 1e-5));
  ck_assert_msg(std::abs(vector[0].item<double>() + 0.1) < 1e-5, "a vector learns by AdamW");
  ck_assert(!optimiser.moments()[0].second.defined());
}

GVL_TEST(test_parameters_may_learn_later) {
  at::Tensor x = at::zeros({1}).set_requires_grad(true);
  training::Optimiser optimiser({{"x", x, {.adamw = 0.1, .frozen_steps = 1}}});
  for (const std::int64_t step : {1, 2}) {
    x.mutable_grad() = at::ones({1});
    optimiser.step(step, 1.0);
    ck_assert((x[0].item<double>() == 0) == (step == 1));
  }
}

GVL_TEST(test_checkpointed_gradients_are_the_same) {
  const at::Tensor w = at::randn({8, 8}).set_requires_grad(true);
  const auto layer = [&](const at::Tensor& x) { return ops::gelu(ops::linear(x, w)); };
  const auto gradients = [&](bool checkpointed) {
    at::Tensor x = at::ones({3, 8}).set_requires_grad(true), y = x;
    for (int i = 0; i < 3; ++i) y = checkpointed ? training::run_checkpointed(layer, y) : layer(y);
    torch::autograd::backward({y.square().sum()}, {});
    const at::Tensor of_w = w.grad().clone();
    at::Tensor weight = w;
    weight.mutable_grad().reset();
    return std::pair{x.grad(), of_w};
  };
  const auto plain = gradients(false), checkpointed = gradients(true);
  ck_assert(plain.first.equal(checkpointed.first) && plain.second.allclose(checkpointed.second, 1e-6, 1e-7));
  ck_assert(plain.second.abs().max().item<double>() > 0.01);
}

/** Each text packed behind a shared video must come out as if the video and it alone had been read. */
GVL_TEST(test_packed_texts_do_not_see_each_other) {
  const TemporaryFolder root;
  training::test::write_small_model(root / "model");
  const ModelConfig config = small_config();
  const model::FolderParameters source(root / "model");
  const language::Decoder decoder(layers::Parameters(source, at::kCPU, at::kFloat) / "language_model", config.language);
  const at::Tensor videos = at::randn({2, 21, config.language.hidden_size});
  // Two rows of five positions: texts of 2 and 3 in the first, of 4 (and one filled up) in the second.
  const at::Tensor numbers = at::tensor({0, 0, 1, 1, 1, 0, 0, 0, 0, -1}, at::kLong).view({1, 2, 5}).repeat({2, 1, 1});
  const at::Tensor positions = at::tensor({0, 1, 0, 1, 2, 0, 1, 2, 3, 0}, at::kLong).view({1, 2, 5}).repeat({2, 1, 1});
  const at::Tensor texts = at::randn({2, 2, 5, config.language.hidden_size});
  const at::Tensor packed = training::read_packed(decoder, {videos, texts, numbers, positions}, {});
  struct Text {
    std::int64_t row, start, length;
  };
  for (std::int64_t video = 0; video < 2; ++video) {
    for (const Text& text : {Text{0, 0, 2}, Text{0, 2, 3}, Text{1, 0, 4}}) {
      const at::Tensor alone = texts[video][text.row].narrow(0, text.start, text.length);
      language::KvCache cache = decoder.make_cache(64);
      const at::NoGradGuard no_gradient;
      const at::Tensor last = decoder.read(at::cat({videos[video], alone}), language::RopeFactors::kShort, cache, {});
      const at::Tensor ours = packed[video][text.row][text.start + text.length - 1];
      const double difference = last.squeeze(0).sub(ours).abs().max().item<double>();
      ck_assert_msg(difference < 1e-4, "a text of %d tokens differs by %g", static_cast<int>(text.length), difference);
    }
  }
}

GVL_TEST(test_stages_train_what_the_paper_says) {
  const auto trains = [](const char* stage, const std::string& name) {
    const ModelConfig config = small_config();
    const training::ParameterSet set({}, config, training::stage_parameters(stage), 1, at::kCPU);
    return set.load(name, {4, 4}).requires_grad();
  };
  const std::string qkv = "language_model.model.layers.0.self_attn.qkv_proj.weight";
  for (const char* stage : {"alignment", "temporal", "instruction"}) {
    const bool language = std::string(stage) != "alignment";
    ck_assert(trains(stage, "spatial_projector.linear_1.weight") &&
              trains(stage, "temporal_projector.linear_1.weight"));
    ck_assert(trains(stage, "language_model.lm_head.weight") == language);
    ck_assert(trains(stage, "language_model.model.embed_tokens.weight") == language);
    ck_assert(!trains(stage, qkv) && !trains(stage, "spatial_encoder.x") && !trains(stage, "temporal_encoder.x"));
    ck_assert(training::stage_parameters(stage).lora.rank == (language ? 128 : 0));
  }
  ck_assert(trains("all", qkv) && trains("all", "temporal_encoder.x"));
}

GVL_TEST(test_lora_starts_as_nothing_and_merges) {
  ModelConfig config = small_config();
  config.language.type = LanguageModelType::kLlama;
  training::TrainedParameters what = training::stage_parameters("temporal");
  what.lora = {.rank = 2, .alpha = 4, .learning_rate = 1e-3};
  const training::ParameterSet set({}, config, what, 1, at::kCPU);
  const std::string name = "language_model.model.layers.0.self_attn.qkv_proj";
  const layers::Parameters parameters(set, at::kCPU, at::kFloat);
  const std::int64_t width = config.language.hidden_size;
  const layers::Linear linear(parameters / name, {.in = width, .out = 3 * width, .bias = false});
  const at::Tensor x = at::randn({5, width});
  const at::Tensor weight = set.load(name + ".weight", {3 * width, width});
  ck_assert_msg(linear.forward(x).allclose(ops::linear(x, weight), 1e-5, 1e-6), "B = 0 must change nothing");
  const auto adapters = set.adapters(name + ".weight");
  ck_assert_int_eq(static_cast<int>(adapters.size()), 3);
  {
    const at::NoGradGuard no_gradient;
    for (const auto& adapter : adapters) adapter.b.normal_();
  }
  const at::Tensor merged = set.merged(name + ".weight");
  ck_assert(merged.sub(weight).abs().max().item<double>() > 0.1);
  ck_assert_msg(linear.forward(x).allclose(ops::linear(x, merged), 1e-4, 1e-4), "merged is another function");
}

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

/** Of every patch, by a classifier that begins with its biases alone. */
GVL_TEST(test_patches_are_told) {
  const ModelConfig config = small_config();
  const training::ParameterSet parameters({}, config, {{{"", {1e-3}}}, {}}, 1, at::kCPU);
  const auto tokenizer = model::load_tokenizer(fixture("phi_c") / "tokenizer" / "tokenizer.json", config);
  const NoiseSource source(config, 0);
  training::Sample sample = source.make(0);
  const std::int64_t patches = config.temporal.grid() * config.temporal.grid(), columns = 3 * source.event_classes();
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

/** RoPE: the halves of the last dimension turn together. */
at::Tensor turned(const at::Tensor& x, const at::Tensor& cos, const at::Tensor& sin) {
  const std::vector<at::Tensor> halves = x.chunk(2, -1);
  return at::cat({halves[0].mul(cos).sub(halves[1].mul(sin)), halves[1].mul(cos).add(halves[0].mul(sin))}, -1);
}

GVL_TEST(test_attention_begins_by_finding_what_is_asked_for) {
  LanguageModelConfig config;
  config.hidden_size = 192;
  config.heads = config.kv_heads = 6;
  config.rope_theta = 1e7;
  constexpr std::int64_t classes = 40, head = 32, wanted = 7;
  const at::Tensor moments = training::temporal_directions(config.hidden_size, 1);
  const auto [qkv, o] = training::query_key_matching(config, classes, moments);
  const auto codes = training::event_codes(classes, config.hidden_size);
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
    training::query_key_matching(config, classes, moments);
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

GVL_TEST(test_heads_look_at_the_last_words) {
  LanguageModelConfig config;
  config.hidden_size = 192;
  config.heads = config.kv_heads = 6;
  config.rope_theta = 1e7;
  constexpr std::int64_t video = 100, texts = 60, head = 32;
  const std::string layer = "language_model.model.layers.0.";
  const std::string attention = layer + "self_attn.qkv_proj.weight", output = layer + "self_attn.o_proj.weight";
  at::manual_seed(1);
  std::map<std::string, at::Tensor> before{{"language_model.model.embed_tokens.weight", at::randn({texts, 192})},
                                           {attention, at::randn({3 * 192, 192}).div(14)},
                                           {output, at::randn({192, 192}).div(14)},
                                           {layer + "input_layernorm.weight", at::rand({192}).add(0.5)},
                                           {layer + "post_attention_layernorm.weight", at::rand({192}).add(0.5)},
                                           {layer + "mlp.gate_up_proj.weight", at::randn({1024, 192}).div(14)}};
  const auto origin = [&](const std::string& name, const auto&) { return before.at(name); };
  const training::PreviousTokenHeads words({.heads = {0, 4, 5}, .like = 1}, config);
  const auto value = [&](const std::string& name) { return words.value(name, {}, origin); };
  ck_assert(!value("language_model.lm_head.weight").defined());

  const at::Tensor gain = before.at(layer + "input_layernorm.weight");
  const auto normed = [&](const at::Tensor& x) { return x.div(x.square().mean(1, true).sqrt()).mul(gain); };
  const at::Tensor table = value("language_model.model.embed_tokens.weight"), qkv = value(attention);
  const at::Tensor tokens = normed(at::cat({at::randn({video, 192}), table}));
  const at::Tensor seen = looks(config, qkv, tokens);
  const auto mass = [&](std::int64_t which, std::int64_t last) {
    return seen[which].narrow(0, video + texts - last, last).sum().item<double>();
  };
  ck_assert_msg(mass(0, 5) > 0.9, "%g", mass(0, 5));
  ck_assert_msg(mass(4, 5) > 0.5 && mass(4, 12) > 0.85, "%g %g", mass(4, 5), mass(4, 12));
  ck_assert_msg(mass(5, 5) < 0.5 && mass(5, 30) > 0.8, "%g %g", mass(5, 5), mass(5, 30));
  ck_assert_msg(mass(2, 30) < 0.5, "%g", mass(2, 30));

  // What else the layer does is blind to what tokens now have in common.
  const at::Tensor row = qkv[head / 2 - 1].mul(gain), common = row.div(row.norm());
  const at::Tensor lengths = at::matmul(table, common);
  ck_assert(lengths.std().item<double>() < 1e-4 && lengths.mean().item<double>() > 1);
  const auto blind = [&](const at::Tensor& weight, const at::Tensor& norm) {
    return at::matmul(weight, norm.mul(common)).abs().max().item<double>() < 1e-5;
  };
  const auto part = [&](const at::Tensor& rows, std::int64_t which) { return rows.narrow(0, which * head, head); };
  ck_assert(blind(part(qkv, 1), gain) && blind(part(qkv, 7), gain) && !blind(part(qkv, 0), gain));
  ck_assert(blind(value(layer + "mlp.gate_up_proj.weight"), before.at(layer + "post_attention_layernorm.weight")));

  // They read what the head reads that they are like, and add half as much.
  ck_assert(part(qkv, 12 + 4).equal(part(qkv, 12 + 1)));
  const at::Tensor added = value(output).t();
  ck_assert(part(added, 5).equal(part(added, 1).mul(0.5)));
  ck_assert(part(added, 2).equal(part(before.at(output).t(), 2)));
}

GVL_TEST(test_last_words_need_heads_of_the_model) {
  LanguageModelConfig config;
  config.hidden_size = 192;
  config.heads = config.kv_heads = 6;
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

/** Hidden states such as a model has that tells options apart: noise and what is told, of length sqrt(H). */
GVL_TEST(test_a_head_chooses_the_right_option) {
  LanguageModelConfig config;
  config.hidden_size = 192;
  config.heads = config.kv_heads = 6;
  config.rope_theta = 1e7;
  constexpr std::int64_t count = 400, letters = 4, classes = 10;
  at::manual_seed(2);
  const auto normed = [](const at::Tensor& x) { return x.div(x.square().mean(1, true).sqrt()); };
  const at::Tensor codes = training::event_codes(classes, config.hidden_size).option;
  const training::OptionCopyModel model{at::rand({192}).add(0.5), at::rand({192}).add(0.5), at::randn({letters, 192}),
                                        codes};
  const at::Tensor asking = at::randn({1, 192}), option = at::randn({1, 192}).mul(0.5);
  const at::Tensor numbers = at::arange(count).remainder(letters);
  // The right one of each question is known, with a margin that is sometimes small.
  const at::Tensor right = numbers.eq(at::arange(count).div(letters, "floor").remainder(letters)).to(at::kFloat);
  const at::Tensor told = at::matmul(at::one_hot(numbers, letters).to(at::kFloat), codes.narrow(0, 1, letters)).mul(12);
  const at::Tensor rightness = at::outer(right.mul(6).sub(3), codes[1 + training::EventCodes::kOptions]);
  const training::OptionCopyStates states{normed(at::randn({100, 192}).mul(0.3).add(asking)),
                                          normed(at::randn({count, 192}).mul(0.5).add(option).add(told).add(rightness)),
                                          numbers, normed(at::randn({2000, 192})), 500};
  const training::HeadValues head = training::option_copy_head(config, states, model);
  const auto read = [&](const at::Tensor& x, const at::Tensor& rows) {
    return x.mul(model.input_gain).matmul(rows.t());
  };
  const auto table = language::rope_table(config, language::RopeFactors::kShort, 0, 200, at::kCPU);
  const auto at_place = [&](const at::Tensor& x, std::int64_t position) {
    return turned(x, table.cos[position], table.sin[position]);
  };
  const at::Tensor query = at_place(read(states.answers, head.q)[0], 199);
  const auto scores = [&](const at::Tensor& x, std::int64_t position) {
    return at_place(read(x, head.k), position).matmul(query).div(std::sqrt(32.0));
  };
  at::Tensor of_options;
  for (const std::int64_t position : {std::int64_t{190}, std::int64_t{120}}) {
    of_options = scores(states.options, position).view({-1, letters});
    ck_assert(of_options.argmax(1).equal(right.view({-1, letters}).argmax(1)));
    ck_assert(of_options.mean().item<double>() > scores(states.others, 10).amax().item<double>());
  }
  const at::Tensor attention = at::softmax(of_options, 1);

  // Behind a state of the length that answers have, the letter that is looked at is the most probable.
  const at::Tensor values = read(states.options, head.v).view({-1, letters, 32});
  const at::Tensor added = attention.unsqueeze(2).mul(values).sum(1).matmul(head.o.t());
  const at::Tensor before = normed(at::randn({1, 192})).mul(500 / std::sqrt(192.0));
  const auto logits = [&](const at::Tensor& x) {
    return x.mul(std::sqrt(192.0) / 500).mul(model.output_gain).matmul(model.letters.t());
  };
  const at::Tensor gained = logits(before.add(added)).sub(logits(before));
  ck_assert(gained.argmax(1).equal(right.view({-1, letters}).argmax(1)));
  const at::Tensor best = gained.amax(1);
  const double margin = best.sub(gained.sum(1).sub(best).div(letters - 1)).mean().item<double>();
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
    features.push_back(network.encode_temporal(batch.temporal_pixels, Cancellation()));
  }
  const auto& projector = layers::Projector(layers::Parameters(parameters, at::kCPU, at::kFloat) / "temporal_projector",
                                            config.temporal.hidden_size, config.language.hidden_size);
  const at::Tensor y = projector.forward(at::cat(features)).flatten(0, 1);
  ck_assert_msg(y.mean(0).abs().max().item<double>() < 1e-2, "mean %f", y.mean(0).abs().max().item<double>());
  const at::Tensor variance = y.square().mean(0);
  ck_assert_msg(variance.max().item<double>() < 1.1, "variance %f", variance.max().item<double>());
  ck_assert_msg(variance.mean().item<double>() > 0.5, "variance %f", variance.mean().item<double>());
}

}  // namespace
