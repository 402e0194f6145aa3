/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * gvl-bench [--json] [--dtype TYPE] [--layers N] [--only clip|internvideo2|nanodet|language]: how much of the machine
 * the engine uses, at the official sizes with random weights. Each stage takes turns with a yardstick in one process: a
 * float32 matrix product for what computes, a read of memory for what streams weights. Rates and fractions of the
 * yardstick are printed, never judged.
 */
#include <ATen/ops/empty.h>
#include <ATen/ops/randn.h>
#include <c10/core/InferenceMode.h>
#include <glib.h>

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "gvl/config.hpp"
#include "io/data_types.hpp"
#include "language/decoder.hpp"
#include "layers/parameters.hpp"
#include "layers/tensor_bridge.hpp"
#include "measure.hpp"
#include "ops/ops.hpp"
#include "vision/clip.hpp"
#include "vision/internvideo2.hpp"
#include "vision/nanodet.hpp"
#include "vision/object_features.hpp"

namespace {

using namespace gvl;

constexpr std::int64_t kPrefill = 3480;  // the video's 3,420 tokens and a question
constexpr std::int64_t kFrames = 8;
constexpr std::int64_t kKeyframes = 4;

const VisionConfig kClip{336, 14, 1024, 4096, 23, 16, 1e-5, {0, 0, 0}, {1, 1, 1}};
const VisionConfig kInternVideo2{224, 14, 1408, 6144, 39, 16, 1e-6, {0, 0, 0}, {1, 1, 1}};

LanguageModelConfig phi(std::int64_t layers) {
  LanguageModelConfig config;
  config.vocab_size = 1024;  // embedding and head are not part of what is measured
  config.hidden_size = 3072;
  config.intermediate_size = 8192;
  config.layers = layers;
  config.heads = config.kv_heads = 32;
  config.max_positions = 4096;
  return config;
}

class RandomParameters : public layers::ParameterSource {
 public:
  explicit RandomParameters(c10::ScalarType type) : type_(type) {}

  c10::ScalarType type() const { return type_; }

  at::Tensor load(const std::string& name, const std::vector<std::int64_t>& shape) const override {
    return at::randn(shape, at::TensorOptions().dtype(at::kFloat)).mul_(0.02).to(type_);
  }

 private:
  c10::ScalarType type_;
};

/** One line of the result: work per second, and as a fraction of the yardstick measured beside it. */
struct Stage {
  std::string name;
  const char* unit;
  double seconds;
  double rate;
  double fraction;
};

/** Multiply-adds of a transformer's blocks over `tokens` rows, each as two operations; causal attention by its half. */
double transformer_operations(std::int64_t layers, std::int64_t tokens, std::int64_t width, std::int64_t mlp_matrices,
                              std::int64_t mlp_width, bool causal) {
  const double weights = 4.0 * width * width + static_cast<double>(mlp_matrices) * width * mlp_width;
  const double attention = 4.0 * tokens * tokens * width * (causal ? 0.5 : 1.0);
  return static_cast<double>(layers) * (2.0 * tokens * weights + attention);
}

/** Of NanoDet-g's convolutions over a picture. */
double nanodet_operations(std::int64_t size) {
  const auto convolution = [&](std::int64_t in, std::int64_t out, std::int64_t side, std::int64_t stride) {
    return 2.0 * static_cast<double>(in * out * side * side * (size / stride) * (size / stride));
  };
  double sum = convolution(3, 32, 3, 2);
  const std::pair<std::int64_t, std::int64_t> stages[] = {{4, 1}, {8, 2}, {16, 2}, {32, 3}};  // stride, blocks
  for (const auto& [stride, blocks] : stages) {
    const std::int64_t width = 8 * stride;
    sum += 2 * convolution(width, width, 3, stride);
    sum += static_cast<double>(blocks) *
           (convolution(width, width / 2, 3, stride) + convolution(width / 2, width / 2, 3, stride));
    if (stride > 4)
      sum +=
          convolution(2 * width, 128, 1, stride) + convolution(128, 128, 3, stride) + convolution(128, 124, 1, stride);
  }
  return sum;
}

class Bench {
 public:
  Bench(c10::ScalarType type, std::int64_t layers, bool quiet) : random_(type), layers_(layers), quiet_(quiet) {}

  /** Measures the part called `only`, or all of them if it is empty. False if there is no such part. */
  bool run(const std::string& only) {
    const std::pair<const char*, void (Bench::*)()> parts[] = {{"clip", &Bench::measure_clip},
                                                               {"internvideo2", &Bench::measure_internvideo2},
                                                               {"nanodet", &Bench::measure_nanodet},
                                                               {"language", &Bench::measure_language}};
    for (const auto& [name, measure] : parts) {
      if (only.empty() || only == name) (this->*measure)();
    }
    return !stages_.empty();
  }

  const std::vector<Stage>& stages() const { return stages_; }
  double product_rate() const { return product_rate_; }
  double read_rate() const { return read_rate_; }

 private:
  layers::Parameters parameters() const { return {random_, at::kCPU, at::kFloat}; }

  void measure_clip() {
    const vision::ClipEncoder encoder(parameters(), kClip);
    const at::Tensor frame = at::randn({1, 1, 3, kClip.image_size, kClip.image_size});
    const std::int64_t tokens = kClip.grid() * kClip.grid() + 1;
    compare_with_product(
        "CLIP, one frame", [&] { encoder.forward(frame, {}); },
        transformer_operations(kClip.layers, tokens, kClip.hidden_size, 2, kClip.intermediate_size, false), 3);
  }

  void measure_internvideo2() {
    const vision::InternVideo2Encoder encoder(parameters(), kInternVideo2, kFrames);
    const at::Tensor segment = at::randn({1, kFrames, 3, kInternVideo2.image_size, kInternVideo2.image_size});
    const std::int64_t tokens = kFrames * kInternVideo2.grid() * kInternVideo2.grid() + 1;
    compare_with_product(
        "InternVideo2, one segment", [&] { encoder.forward(segment, {}); },
        transformer_operations(kInternVideo2.layers, tokens, kInternVideo2.hidden_size, 2,
                               kInternVideo2.intermediate_size, false),
        1);
  }

  void measure_nanodet() {
    VisionConfig config;
    config.image_size = 416;
    config.hidden_size = vision::kObjectFeatures;
    config.objects = 6;
    config.std = {1, 1, 1};
    const vision::NanoDetEncoder encoder(parameters(), config, kKeyframes);
    const at::Tensor keyframes = at::randn({1, kKeyframes, 3, config.image_size, config.image_size});
    compare_with_product(
        "NanoDet, " + std::to_string(kKeyframes) + " keyframes", [&] { encoder.forward(keyframes, {}); },
        static_cast<double>(kKeyframes) * nanodet_operations(config.image_size), 10);
  }

  void measure_language() {
    const LanguageModelConfig config = phi(layers_);
    const language::Decoder decoder(parameters(), config);
    language::KvCache cache = decoder.make_cache({.capacity = config.max_positions, .type = random_.type()});
    const at::Tensor prompt = at::randn({kPrefill, config.hidden_size});
    const auto read = [&](const at::Tensor& x, std::int64_t behind) {
      cache.truncate(0, behind);
      decoder.read({{.embeddings = x}}, cache, {});
    };
    compare_with_product(
        "prefill of 3,480 tokens, " + std::to_string(layers_) + " layers", [&] { read(prompt, 0); },
        transformer_operations(layers_, kPrefill, config.hidden_size, 3, config.intermediate_size, true), 2);

    const at::Tensor token = prompt.narrow(0, 0, 1);
    const double element = static_cast<double>(random_.load("", {1}).element_size());
    const double weights =
        4.0 * config.hidden_size * config.hidden_size + 3.0 * config.hidden_size * config.intermediate_size;
    const double keys_and_values = 2.0 * kPrefill * config.hidden_size;
    compare_with_read(
        "decode, " + std::to_string(layers_) + " layers", [&] { read(token, kPrefill); },
        static_cast<double>(layers_) * element * (weights + keys_and_values));
  }

  void compare_with_product(const std::string& name, const std::function<void()>& stage, double operations,
                            int rounds) {
    const benchmarks::MatrixProduct product;
    const auto times = benchmarks::best_times({stage, [&] { product(); }}, rounds);
    const double rate = operations / times[0] * 1e-9, yardstick = product.operations() / times[1] * 1e-9;
    product_rate_ = std::max(product_rate_, yardstick);
    add({name, "GFLOP/s", times[0], rate, rate / yardstick});
  }

  void compare_with_read(const std::string& name, const std::function<void()>& stage, double bytes) {
    const benchmarks::MemoryRead memory;
    const auto times = benchmarks::best_times({stage, [&] { memory(); }}, 10);
    const double rate = bytes / times[0] * 1e-9, yardstick = memory.bytes() / times[1] * 1e-9;
    read_rate_ = std::max(read_rate_, yardstick);
    add({name, "GB/s", times[0], rate, rate / yardstick});
  }

  void add(Stage stage) {
    if (!quiet_) {
      std::printf("%-34s %8.3f s  %8.1f %-8s %5.2f of the machine\n", stage.name.c_str(), stage.seconds, stage.rate,
                  stage.unit, stage.fraction);
      std::fflush(stdout);
    }
    stages_.push_back(std::move(stage));
  }

  RandomParameters random_;
  std::int64_t layers_;
  bool quiet_;
  std::vector<Stage> stages_;
  double product_rate_ = 0;
  double read_rate_ = 0;
};

void print_json(const Bench& bench) {
  std::printf("{\"machine\": {\"matrix_product_gflops\": %.1f, \"read_gbytes\": %.2f}, \"stages\": [",
              bench.product_rate(), bench.read_rate());
  const char* separator = "";
  for (const Stage& stage : bench.stages()) {
    std::printf("%s{\"name\": \"%s\", \"seconds\": %.4f, \"rate\": %.2f, \"unit\": \"%s\", \"fraction\": %.3f}",
                separator, stage.name.c_str(), stage.seconds, stage.rate, stage.unit, stage.fraction);
    separator = ", ";
  }
  std::printf("]}\n");
}

}  // namespace

int main(int argc, char** argv) {
  gboolean json = FALSE;
  g_autofree char* dtype = nullptr;
  g_autofree char* only = nullptr;
  gint layers = 2;
  const std::string types = "Type of the weights (" + weight_type_names() + "); default: float32";
  const GOptionEntry entries[] = {
      {"json", 0, 0, G_OPTION_ARG_NONE, &json, "Print JSON", nullptr},
      {"dtype", 0, 0, G_OPTION_ARG_STRING, &dtype, types.c_str(), "TYPE"},
      {"layers", 0, 0, G_OPTION_ARG_INT, &layers, "Language model layers (default 2; 450 MB each in float32)", "N"},
      {"only", 0, 0, G_OPTION_ARG_STRING, &only, "Measure one part: clip, internvideo2, nanodet or language", "PART"},
      {}};
  g_autoptr(GOptionContext) context = g_option_context_new(nullptr);
  g_option_context_add_main_entries(context, entries, nullptr);
  g_autoptr(GError) error = nullptr;
  const bool parsed = g_option_context_parse(context, &argc, &argv, &error);
  const auto type = weight_type_from_name(dtype ? dtype : "float32");
  if (!parsed || argc != 1 || !type || layers < 1) {
    std::fprintf(stderr, "gvl-bench: %s\n", error ? error->message : "wrong usage, see --help");
    return 1;
  }

  ops::set_threads(0);
  const std::string hint = ops::blas_hint();
  if (!hint.empty()) std::fprintf(stderr, "gvl-bench: the machine's matrix product: %s\n", hint.c_str());
  const c10::InferenceMode inference;
  Bench bench(layers::to_scalar_type(io::traits_of(*type).stored), layers, json);
  if (!bench.run(only ? only : "")) {
    std::fprintf(stderr, "gvl-bench: --only %s: no such part\n", only);
    return 1;
  }
  if (json) {
    print_json(bench);
  } else {
    if (bench.product_rate() > 0) std::printf("the machine: matrix product %.1f GFLOP/s\n", bench.product_rate());
    if (bench.read_rate() > 0) std::printf("the machine: memory read %.1f GB/s\n", bench.read_rate());
  }
  return 0;
}
