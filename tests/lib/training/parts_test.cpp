/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/full.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/autograd/autograd.h>

#include <cmath>

#include "language/rope.hpp"
#include "ops/ops.hpp"
#include "training/batch.hpp"
#include "training/checkpointing.hpp"
#include "training/config.hpp"
#include "training/optimiser.hpp"
#include "training/packed_reading.hpp"
#include "training/parameter_set.hpp"
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
      language::KvCache cache = decoder.make_cache({.capacity = 64});
      const at::NoGradGuard no_gradient;
      const at::Tensor last = decoder.read({{.embeddings = at::cat({videos[video], alone})}}, cache, {});
      const at::Tensor ours = packed[video][text.row][text.start + text.length - 1];
      const double difference = last.squeeze(0).sub(ours).abs().max().item<double>();
      ck_assert_msg(difference < 1e-4, "a text of %d tokens differs by %g", static_cast<int>(text.length), difference);
    }
  }
}

GVL_TEST(test_stages_train_what_the_paper_says) {
  const auto is_trained = [](const char* stage, const std::string& name) {
    const ModelConfig config = small_config();
    const training::ParameterSet set({}, config, training::stage_parameters(stage), 1, at::kCPU);
    return set.load(name, {4, 4}).requires_grad();
  };
  const std::string qkv = "language_model.model.layers.0.self_attn.qkv_proj.weight";
  for (const char* stage : {"alignment", "temporal", "instruction"}) {
    const bool language = std::string(stage) != "alignment";
    ck_assert(is_trained(stage, "spatial_projector.linear_1.weight") &&
              is_trained(stage, "temporal_projector.linear_1.weight"));
    ck_assert(is_trained(stage, "language_model.lm_head.weight") == language);
    ck_assert(is_trained(stage, "language_model.model.embed_tokens.weight") == language);
    ck_assert(!is_trained(stage, qkv) && !is_trained(stage, "spatial_encoder.x") &&
              !is_trained(stage, "temporal_encoder.x"));
    ck_assert(training::stage_parameters(stage).lora.rank == (language ? 128 : 0));
  }
  ck_assert(is_trained("all", qkv) && is_trained("all", "temporal_encoder.x"));
}

GVL_TEST(test_lora_starts_as_nothing_and_merges) {
  ModelConfig config = small_config();
  config.language.type = "llama";
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

}  // namespace
