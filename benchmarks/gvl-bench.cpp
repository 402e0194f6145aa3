/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * gvl-bench [--json] [--dtype TYPE,...] [--layers N] [--only clip|similarity|internvideo2|nanodet|language|
 * sequences] [--sequences N] [--kernels NAME,...] [--threads N]: how much of the machine the engine uses, at the
 * official sizes with random weights. Each stage takes turns with a yardstick in one process: a float32 matrix product
 * for what computes, a read of memory for what streams weights; and so do several types of weights. Rates, fractions of
 * the yardstick, and how many times faster a type is than the first one, or decoding of several sequences than of one,
 * are printed, never judged.
 */
#include <ATen/ops/empty.h>
#include <ATen/ops/randn.h>
#include <c10/core/InferenceMode.h>
#include <glib.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "detector_operations.hpp"
#include "gvl/config.hpp"
#include "io/data_types.hpp"
#include "language/decoder.hpp"
#include "layers/parameters.hpp"
#include "layers/tensor_bridge.hpp"
#include "measure.hpp"
#include "model/quantised_weights.hpp"
#include "ops/cpu/integer.hpp"
#include "ops/cpu/kernels.hpp"
#include "ops/ops.hpp"
#include "similarity_models.hpp"
#include "transformer_operations.hpp"
#include "vision/clip.hpp"
#include "vision/encoder.hpp"
#include "vision/internvideo2.hpp"
#include "vision/object_features.hpp"

namespace {

using namespace gvl;

constexpr std::int64_t kPrefill = 3480;  // the video's 3,420 tokens and a question
constexpr std::int64_t kQuestion = 40;   // tokens of a question and of its answer so far
constexpr std::int64_t kFrames = 8;
constexpr std::int64_t kKeyframes = 4;
constexpr std::int64_t kSamples = 10;  // of a similarity model's segment

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
  explicit RandomParameters(WeightType type) : type_(type) {}

  at::Tensor load(const std::string&, const std::vector<std::int64_t>& shape) const override {
    return at::randn(shape, at::TensorOptions().dtype(at::kFloat)).mul_(0.02).to(floating());
  }

  layers::Weight matrix(const std::string& name, const std::vector<std::int64_t>& shape) const override {
    const at::Tensor numbers = load(name, shape).flatten(1);
    const WeightType type = model::matrix_type(type_, name);
    return io::traits_of(type).block > 0 ? ops::quantise(numbers, type) : layers::Weight(numbers);
  }

  std::string name() const { return name_of(type_); }
  c10::ScalarType floating() const { return layers::to_scalar_type(io::traits_of(type_).floating); }
  /** Of a weight of the language model's blocks, with its share of a scale. */
  double bytes() const {
    const io::WeightTypeTraits& traits = io::traits_of(type_);
    return traits.bits / 8.0 + (traits.block > 0 ? 2.0 / static_cast<double>(traits.block) : 0);
  }

 private:
  WeightType type_;
};

/** One line of the result: work per second, and as a fraction of the yardstick measured beside it. */
struct Stage {
  std::string name;
  const char* unit;
  double seconds;
  double rate;
  double fraction;
  double speedup;            ///< over the first type, or one sequence
  bool is_over_one = false;  ///< it is over one sequence
};

/** What is measured: of one type of weights after the other. */
struct Candidate {
  std::string type;
  std::function<void()> run;
  double work;  ///< operations or bytes
};

class Bench {
 public:
  Bench(const std::vector<WeightType>& types, std::int64_t layers, std::int64_t sequences, bool quiet)
      : sources_(types.begin(), types.end()), layers_(layers), sequences_(sequences), quiet_(quiet) {}

  /** Measures the part called `only`, or all of them if it is empty. False if there is no such part. */
  bool run(const std::string& only) {
    const std::pair<const char*, void (Bench::*)()> parts[] = {{"clip", &Bench::measure_clip},
                                                               {"similarity", &Bench::measure_similarity},
                                                               {"internvideo2", &Bench::measure_internvideo2},
                                                               {"nanodet", &Bench::measure_detectors},
                                                               {"language", &Bench::measure_language},
                                                               {"sequences", &Bench::measure_sequences}};
    for (const auto& [name, measure] : parts) {
      if (only.empty() || only == name) (this->*measure)();
    }
    return !stages_.empty();
  }

  const std::vector<Stage>& stages() const { return stages_; }
  double product_rate() const { return product_rate_; }
  double read_rate() const { return read_rate_; }

 private:
  static layers::Parameters parameters(const RandomParameters& source) { return {source, at::kCPU, at::kFloat}; }

  /** `make`: gives an encoder of parameters. */
  template <typename Make>
  void measure_encoder(const std::string& name, const Make& make, const at::Tensor& pixels, double operations,
                       int rounds) {
    std::vector<decltype(make(parameters(sources_.front())))> encoders;
    std::vector<Candidate> candidates;
    for (const RandomParameters& source : sources_) {
      const auto* encoder = encoders.emplace_back(make(parameters(source))).get();
      candidates.push_back({source.name(), [encoder, &pixels] { encoder->forward(pixels, {}); }, operations});
    }
    compare_with_product(name, candidates, rounds);
  }

  void measure_clip() {
    const std::int64_t tokens = kClip.grid() * kClip.grid() + 1;
    measure_encoder(
        "CLIP, one frame", [](const auto& p) { return std::make_unique<vision::ClipEncoder>(p, kClip); },
        at::randn({1, 1, 3, kClip.image_size, kClip.image_size}),
        benchmarks::transformer_operations(kClip.layers, tokens, kClip.hidden_size, 2, kClip.intermediate_size, false),
        3);
  }

  /** CLIP's image encoders as a similarity model runs them, a segment's samples at a time. */
  void measure_similarity() {
    for (const benchmarks::SimilarityModel& model : benchmarks::kSimilarityModels) {
      const VisionConfig& config = model.config;
      const std::int64_t tokens = config.grid() * config.grid() + 1;
      measure_encoder(
          std::string(model.name) + ", 10 samples",
          [&](const auto& p) { return std::make_unique<vision::ClipImageEmbedder>(p, config, model.embedding); },
          at::randn({kSamples, 3, config.image_size, config.image_size}),
          kSamples * benchmarks::transformer_operations(config.layers, tokens, config.hidden_size, 2,
                                                        config.intermediate_size, false),
          3);
      add_real_time(model.name);
    }
  }

  /** What was measured last, by how much video it is at two samples a second. */
  void add_real_time(const std::string& name) {
    constexpr double kSamplesASecond = 2;
    const std::size_t types = sources_.size();
    for (std::size_t i = 0; i < types; ++i) {
      Stage stage = stages_[stages_.size() - types];
      stage.name = name + ", 2 samples a second, " + sources_[i].name();
      stage.unit = "x real";
      stage.rate = kSamples / kSamplesASecond / stage.seconds;
      add(std::move(stage));
    }
  }

  void measure_internvideo2() {
    const std::int64_t tokens = kFrames * kInternVideo2.grid() * kInternVideo2.grid() + 1;
    measure_encoder(
        "InternVideo2, one segment",
        [](const auto& p) { return std::make_unique<vision::InternVideo2Encoder>(p, kInternVideo2, kFrames); },
        at::randn({1, kFrames, 3, kInternVideo2.image_size, kInternVideo2.image_size}),
        benchmarks::transformer_operations(kInternVideo2.layers, tokens, kInternVideo2.hidden_size, 2,
                                           kInternVideo2.intermediate_size, false),
        1);
  }

  void measure_detectors() {
    VisionConfig config;
    config.image_size = 416;
    config.hidden_size = vision::kObjectFeatures;
    config.objects = 6;
    config.std = {1, 1, 1};
    const at::Tensor pixels = at::randn({1, kKeyframes, 3, config.image_size, config.image_size});
    for (const auto& [kind, operations] : {std::pair{"nanodet", benchmarks::nanodet_operations(config.image_size)},
                                           {"nanodet-plus", benchmarks::nanodet_plus_operations(config.image_size)}}) {
      config.type = kind;
      measure_encoder(
          config.type + ", " + std::to_string(kKeyframes) + " keyframes",
          [&](const auto& p) { return vision::make_encoder("", p, config, kKeyframes); }, pixels,
          static_cast<double>(kKeyframes) * operations, 10);
    }
  }

  static double block_weights(const LanguageModelConfig& config) {
    return 4.0 * config.hidden_size * config.hidden_size + 3.0 * config.hidden_size * config.intermediate_size;
  }

  /** A decoder with a cache that holds a prompt. */
  struct Reader {
    language::Decoder decoder;
    language::KvCache cache;

    Reader(const RandomParameters& source, const LanguageModelConfig& config)
        : decoder(parameters(source) / "language_model", config),
          cache(decoder.make_cache({.capacity = config.max_positions, .type = source.floating()})) {}

    void read(const at::Tensor& x, std::int64_t behind) {
      cache.truncate(0, behind);
      decoder.read({{.embeddings = x}}, cache, {});
    }
  };

  void measure_language() {
    const LanguageModelConfig config = phi(layers_);
    const at::Tensor prompt = at::randn({kPrefill, config.hidden_size}), token = prompt.narrow(0, 0, 1);
    const double weights = block_weights(config);
    const double keys_and_values = 2.0 * kPrefill * config.hidden_size;
    std::vector<std::unique_ptr<Reader>> readers;
    std::vector<Candidate> prefills, decodes;
    for (const RandomParameters& source : sources_) {
      Reader* reader = readers.emplace_back(std::make_unique<Reader>(source, config)).get();
      prefills.push_back({source.name(), [=] { reader->read(prompt, 0); },
                          benchmarks::transformer_operations(layers_, kPrefill, config.hidden_size, 3,
                                                             config.intermediate_size, true)});
      const double cached = static_cast<double>(c10::elementSize(source.floating()));
      decodes.push_back({source.name(), [=] { reader->read(token, kPrefill); },
                         static_cast<double>(layers_) * (source.bytes() * weights + cached * keys_and_values)});
    }
    compare_with_product("prefill of 3,480 tokens, " + std::to_string(layers_) + " layers", prefills, 2);
    compare_with_read("decode, " + std::to_string(layers_) + " layers", decodes);
  }

  /** Of one type, decoding of one sequence and of several, all of which continue the same video. */
  void measure_sequences() {
    for (const RandomParameters& source : sources_) measure_sequences(source);
  }

  void measure_sequences(const RandomParameters& source) {
    const LanguageModelConfig config = phi(layers_);
    const language::Decoder decoder(parameters(source) / "language_model", config);
    language::KvCache cache = decoder.make_cache(
        {.capacity = kQuestion + 1, .sequences = sequences_, .prefixes = {kPrefill}, .type = source.floating()});
    fill(cache, config, cache.prefix(0), kPrefill);
    std::vector<language::SequenceInput> inputs;
    for (std::int64_t i = 0; i < sequences_; ++i) {
      cache.restart(i, cache.prefix(0));
      fill(cache, config, i, kQuestion);
      inputs.push_back({.embeddings = at::randn({1, config.hidden_size}), .sequence = i});
    }
    const auto decode = [&](std::int64_t count) {
      for (std::int64_t i = 0; i < count; ++i) cache.truncate(i, kQuestion);
      decoder.read({inputs.begin(), inputs.begin() + count}, cache, {});
    };
    const double cached = static_cast<double>(c10::elementSize(source.floating())) * 2 * config.hidden_size;
    const auto work = [&](std::int64_t count) {
      const double positions = static_cast<double>(kPrefill + count * kQuestion);
      return static_cast<double>(layers_) * (source.bytes() * block_weights(config) + cached * positions);
    };
    const benchmarks::MemoryRead memory;
    const auto times = benchmarks::best_times({[&] { decode(1); }, [&] { decode(sequences_); }, [&] { memory(); }}, 10);
    const double read = memory.bytes() / times[2] * 1e-9;
    read_rate_ = std::max(read_rate_, read);
    for (const auto& [count, time] : {std::pair(std::int64_t{1}, times[0]), {sequences_, times[1]}}) {
      const double rate = static_cast<double>(count) / time;
      add({"decode " + std::to_string(count) + " together, " + std::to_string(layers_) + " layers, " + source.name(),
           "tokens/s", time, rate, work(count) / time * 1e-9 / read, rate * times[0], true});
    }
  }

  static void fill(language::KvCache& cache, const LanguageModelConfig& config, std::int64_t sequence,
                   std::int64_t positions) {
    for (std::int64_t layer = 0; layer < config.layers; ++layer) {
      const auto random = [&] { return at::randn({1, positions, config.kv_heads, config.head_size()}); };
      cache.write(layer, sequence, random(), random());
    }
    cache.advance(sequence, positions);
  }

  void compare_with_product(const std::string& name, const std::vector<Candidate>& candidates, int rounds) {
    const benchmarks::MatrixProduct product;
    const double rate = compare(
        name, candidates, "GFLOP/s", [&] { product(); }, product.operations(), rounds);
    product_rate_ = std::max(product_rate_, rate);
  }

  void compare_with_read(const std::string& name, const std::vector<Candidate>& candidates) {
    const benchmarks::MemoryRead memory;
    const double rate = compare(
        name, candidates, "GB/s", [&] { memory(); }, memory.bytes(), 10);
    read_rate_ = std::max(read_rate_, rate);
  }

  /** The candidates and the yardstick in turns; returns the yardstick's rate. */
  double compare(const std::string& name, const std::vector<Candidate>& candidates, const char* unit,
                 const std::function<void()>& yardstick, double yardstick_work, int rounds) {
    std::vector<std::function<void()>> functions;
    for (const Candidate& candidate : candidates) functions.push_back(candidate.run);
    functions.push_back(yardstick);
    const auto times = benchmarks::best_times(functions, rounds);
    const double best = yardstick_work / times.back() * 1e-9;
    for (std::size_t i = 0; i < candidates.size(); ++i) {
      const double rate = candidates[i].work / times[i] * 1e-9;
      add({name + ", " + candidates[i].type, unit, times[i], rate, rate / best, times[0] / times[i]});
    }
    return best;
  }

  void add(Stage stage) {
    if (!quiet_) {
      std::printf("%-44s %8.3f s  %8.1f %-8s %5.2f of the machine", stage.name.c_str(), stage.seconds, stage.rate,
                  stage.unit, stage.fraction);
      if (stage.is_over_one || sources_.size() > 1) std::printf("  %5.2f x", stage.speedup);
      std::printf("\n");
      std::fflush(stdout);
    }
    stages_.push_back(std::move(stage));
  }

  std::vector<RandomParameters> sources_;
  std::int64_t layers_, sequences_;
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
    std::printf(
        "%s{\"name\": \"%s\", \"seconds\": %.4f, \"rate\": %.2f, \"unit\": \"%s\", \"fraction\": %.3f, "
        "\"speedup\": %.3f}",
        separator, stage.name.c_str(), stage.seconds, stage.rate, stage.unit, stage.fraction, stage.speedup);
    separator = ", ";
  }
  std::printf("]}\n");
}

std::vector<std::string> split(const char* list) {
  std::vector<std::string> parts;
  for (std::size_t start = 0, end; start <= std::strlen(list); start = end + 1) {
    end = std::min(std::string_view(list).find(',', start), std::strlen(list));
    parts.emplace_back(list + start, end - start);
  }
  return parts;
}

void print_machine(const Bench& bench) {
  const auto* integers = ops::cpu::integer_kernels();
  std::printf("kernels: %s, of integers %s\n", ops::cpu::kernels().name, integers ? integers->name : "none");
  if (bench.product_rate() > 0) std::printf("the machine: matrix product %.1f GFLOP/s\n", bench.product_rate());
  if (bench.read_rate() > 0) std::printf("the machine: memory read %.1f GB/s\n", bench.read_rate());
}

/** The types named in a list with commas; none for another name. */
std::optional<std::vector<WeightType>> types_of(const char* list) {
  std::vector<WeightType> types;
  for (const std::string& name : split(list)) {
    const auto type = weight_type_from_name(name);
    if (!type) return std::nullopt;
    types.push_back(*type);
  }
  return types;
}

/** Of a list ended by null the one of this name; null where there is none. */
template <typename Kernels>
const Kernels* kernels_of(const Kernels* const* tables, const std::string& name) {
  while (*tables && name != (*tables)->name) ++tables;
  return *tables;
}

/** Chooses tables of kernels, of numbers and of integers, by their names; false for a name that is none here. */
bool use_kernels(const char* list) {
  for (const std::string& name : split(list)) {
    const auto* numbers = kernels_of(ops::cpu::supported_kernels(), name);
    const auto* integers = kernels_of(ops::cpu::supported_integer_kernels(), name);
    if (numbers) ops::cpu::use_kernels(numbers);
    if (integers || name == "no-integers") ops::cpu::use_integer_kernels(integers);
    if (!numbers && !integers && name != "no-integers") return false;
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  gboolean json = FALSE;
  g_autofree char *dtype = nullptr, *only = nullptr, *kernels = nullptr;
  gint layers = 2, sequences = 8, threads = 0;
  const std::string types = "Types of the weights (" + weight_type_names() + "), with commas; default: float32";
  const GOptionEntry entries[] = {
      {"json", 0, 0, G_OPTION_ARG_NONE, &json, "Print JSON", nullptr},
      {"dtype", 0, 0, G_OPTION_ARG_STRING, &dtype, types.c_str(), "TYPE,..."},
      {"layers", 0, 0, G_OPTION_ARG_INT, &layers, "Language model layers (default 2; 450 MB each in float32)", "N"},
      {"only", 0, 0, G_OPTION_ARG_STRING, &only,
       "Measure one part: clip, similarity, internvideo2, nanodet, language or sequences", "PART"},
      {"sequences", 0, 0, G_OPTION_ARG_INT, &sequences, "Questions decoded together (default 8)", "N"},
      {"kernels", 0, 0, G_OPTION_ARG_STRING, &kernels,
       "Instead of the best: avx512, avx2, baseline; amx, avx512vnni, avxvnni, avx2madd, no-integers", "NAME,..."},
      {"threads", 0, 0, G_OPTION_ARG_INT, &threads, "CPU threads (default 0: as many as cores)", "N"},
      {}};
  g_autoptr(GOptionContext) context = g_option_context_new(nullptr);
  g_option_context_add_main_entries(context, entries, nullptr);
  g_autoptr(GError) error = nullptr;
  const bool parsed = g_option_context_parse(context, &argc, &argv, &error);
  const auto chosen = types_of(dtype ? dtype : "float32");
  if (!parsed || argc != 1 || !chosen || layers < 1 || sequences < 1 || threads < 0 ||
      (kernels && !use_kernels(kernels))) {
    std::fprintf(stderr, "gvl-bench: %s\n", error ? error->message : "wrong usage, see --help");
    return 1;
  }

  ops::set_threads(threads);
  const std::string hint = ops::blas_hint();
  if (!hint.empty()) std::fprintf(stderr, "gvl-bench: the machine's matrix product: %s\n", hint.c_str());
  const c10::InferenceMode inference;
  Bench bench(*chosen, layers, sequences, json);
  if (!bench.run(only ? only : "")) {
    std::fprintf(stderr, "gvl-bench: --only %s: no such part\n", only);
    return 1;
  }
  json ? print_json(bench) : print_machine(bench);
  return 0;
}
