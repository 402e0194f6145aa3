/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * gvl-parity [--dtype TYPE] FIXTURE_DIR...: is our engine the published model? Converts each fixture's official
 * release, runs every stage on the fixture's inputs and compares with what the published implementation computed. With
 * --dtype, weights are of that type, and features and logits may differ by what kTypeTolerances says. Prints a row a
 * stage; exits 0 when all are within tolerance, 1 when one is not, 2 when a fixture cannot be used.
 */
#include <ATen/core/Tensor.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <iterator>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "gvl/convert.hpp"
#include "gvl/error.hpp"
#include "gvl/model.hpp"
#include "gvl/preprocess.hpp"
#include "gvl/sampling.hpp"
#include "io/data_types.hpp"
#include "layers/tensor_bridge.hpp"
#include "model/grounder.hpp"
#include "model/model_folder.hpp"
#include "model/network.hpp"
#include "ops/ops.hpp"
#include "report.hpp"
#include "support/reference.hpp"
#include "support/temporary.hpp"
#include "vision/pooling.hpp"
#ifdef GVL_HAVE_TRAINING
#include "training-parity.hpp"
#endif

namespace {

namespace fs = std::filesystem;
using namespace gvl;
using gvl::test::Fixture;
using gvl::test::integers;
using parity::Report;

// What float32 computed in another order may differ by.
constexpr double kFeatureTolerance = 2e-4;
constexpr double kLogitTolerance = 5e-4;
constexpr double kPixelTolerance = 1.0;           // in 8-bit terms
constexpr double kPixelFractionTolerance = 1e-3;  // of the pixels may be off by that one

/** What another type of weights may change: |ours - theirs| / |theirs| of features and of logits, Euclidean norms. */
struct TypeTolerance {
  WeightType type;
  double features, logits;
};
constexpr TypeTolerance kTypeTolerances[] = {
    {WeightType::kFloat16, 0.001, 0.0015}, {WeightType::kBFloat16, 0.007, 0.01}, {WeightType::kFloat32, 5e-6, 5e-6},
    {WeightType::kInt8, 0.025, 0.035},     {WeightType::kInt4, 0.025, 0.22},
};

constexpr std::pair<const char*, Task> kTasks[] = {
    {"grounding", Task::kGrounding}, {"qa", Task::kQuestion}, {"referring", Task::kReferring}};

const TypeTolerance& tolerance_of(WeightType type) {
  return *std::find_if(std::begin(kTypeTolerances), std::end(kTypeTolerances),
                       [&](const TypeTolerance& tolerance) { return tolerance.type == type; });
}

template <typename T>
std::size_t differing(const std::vector<T>& a, const std::vector<T>& b) {
  std::size_t count = a.size() > b.size() ? a.size() - b.size() : b.size() - a.size();
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) count += a[i] != b[i];
  return count;
}

class Parity {
 public:
  /** `dtype`: what the model's weights were converted to; none: they are the release's. */
  Parity(const Fixture& fixture, const fs::path& model, std::optional<WeightType> dtype, Report& report)
      : fixture_(fixture),
        dtype_(dtype),
        report_(report),
        config_(ModelConfig::load(model / model::kConfigFile)),
        parameters_(model),
        network_(layers::Parameters(parameters_, at::kCPU, at::kFloat), config_),
        grounder_(network_, model::load_tokenizer(model / model::kTokenizerFile, config_), cache_type()) {}

  void run() {
    check_sampling();
    check_pixels("temporal pixels", "temporal_pixel_values", config_.temporal, all_samples());
    check_pixels("spatial pixels", "spatial_pixel_values", config_.spatial, keyframes());
    check_tokenizer();
    const at::Tensor video_tokens = check_streams();
    for (const auto& [name, task] : kTasks) check_task(name, task, video_tokens);
#ifdef GVL_HAVE_TRAINING
    if (!dtype_) parity::check_training(fixture_, report_);
#endif
  }

 private:
  /** The largest difference, or, of weights of another type, how large all are beside `theirs`. */
  double error_of(const at::Tensor& ours, const at::Tensor& theirs) const {
    if (ours.sizes() != theirs.sizes()) return std::numeric_limits<double>::infinity();
    const at::Tensor difference = ours.sub(theirs);
    return dtype_ ? difference.norm().div(theirs.norm()).item<double>() : difference.abs().max().item<double>();
  }

  void check_features(const std::string& stage, const at::Tensor& ours, const std::string& name) {
    report_.add(stage, error_of(ours, expected(name)), dtype_ ? tolerance_of(*dtype_).features : kFeatureTolerance);
  }

  void check_logits(const std::string& stage, const at::Tensor& ours, const at::Tensor& theirs) {
    report_.add(stage, error_of(ours, theirs), dtype_ ? tolerance_of(*dtype_).logits : kLogitTolerance);
  }

  at::Tensor expected(const std::string& name) const { return layers::to_aten(fixture_.tensors.get(name)); }

  std::vector<std::int64_t> all_samples() const {
    std::vector<std::int64_t> samples;
    for (std::int64_t i = 0; i < config_.frames; ++i) samples.push_back(i);
    return samples;
  }

  std::vector<std::int64_t> keyframes() const {
    std::vector<std::int64_t> samples;
    const std::int64_t per_segment = config_.frames_per_segment();
    for (std::int64_t i = 0; i < config_.segments; ++i) samples.push_back(i * per_segment + keyframe_of(per_segment));
    return samples;
  }

  void check_sampling() {
    std::size_t wrong = differing(sample_indices(config_.frames, fixture_.expected.integer("num_video_frames", 1)),
                                  integers(fixture_.expected.array("frame_indices")));
    std::size_t total = static_cast<std::size_t>(config_.frames);
    for (const io::JsonValue& sampling : fixture_.expected.array("frame_sampling").elements()) {
      const std::vector<std::int64_t> indices = integers(sampling.array("indices"));
      wrong += differing(sample_indices(sampling.integer("num_frames", 1), sampling.integer("num_video_frames", 1)),
                         indices);
      total += indices.size();
    }
    report_.add_equal("frame indices", wrong, total);
  }

  void check_pixels(const char* stage, const char* tensor, const VisionConfig& config,
                    const std::vector<std::int64_t>& samples) {
    const Tensor frames = fixture_.tensors.get("frames_rgb");
    const std::int64_t height = frames.shape.at(1), width = frames.shape.at(2);
    const std::int64_t size = config.image_size;
    std::vector<at::Tensor> ours;
    for (const std::int64_t sample : samples) {
      auto pixels = allocate_tensor_data(static_cast<std::size_t>(size * size * 3));
      const RgbView view{frames.as<std::uint8_t>() + sample * height * width * 3, width, height, width * 3};
      resize_and_crop(view, size,
                      {reinterpret_cast<std::uint8_t*>(pixels.get()), static_cast<std::size_t>(size * size * 3)});
      ours.push_back(layers::to_aten({DataType::kUInt8, {size, size, 3}, pixels}));
    }
    const at::Tensor mean = layers::to_aten(floats({config.mean.begin(), config.mean.end()})).view({1, 3, 1, 1});
    const at::Tensor std = layers::to_aten(floats({config.std.begin(), config.std.end()})).view({1, 3, 1, 1});
    const at::Tensor theirs = expected(tensor).mul(std).add(mean).mul(255).round();
    const at::Tensor difference = at::stack(ours).to(at::kFloat).movedim(-1, 1).sub(theirs).abs();
    report_.add(stage, difference.max().item<double>(), kPixelTolerance);
    report_.add(std::string(stage) + ", part that differs", difference.gt(0).to(at::kDouble).mean().item<double>(),
                kPixelFractionTolerance);
  }

  static Tensor floats(const std::vector<double>& values) {
    auto data = allocate_tensor_data(values.size() * sizeof(float));
    for (std::size_t i = 0; i < values.size(); ++i) {
      reinterpret_cast<float*>(data.get())[i] = static_cast<float>(values[i]);
    }
    return {DataType::kFloat32, {static_cast<std::int64_t>(values.size())}, data};
  }

  void check_tokenizer() {
    std::size_t wrong_ids = 0, wrong_texts = 0, total = 0;
    for (const io::JsonValue& test : fixture_.expected.array("tokenizer").elements()) {
      const std::vector<std::int64_t> ids = integers(test.array("ids"));
      wrong_ids += grounder_.prompts().tokenizer().encode(test.string("text")) != ids;
      wrong_texts += grounder_.prompts().tokenizer().decode(ids) != test.string("decoded");
      ++total;
    }
    report_.add_equal("tokenizer: ids", wrong_ids, total);
    report_.add_equal("tokenizer: decoded text", wrong_texts, total);
  }

  at::Tensor check_streams() {
    const Cancellation cancellation;
    const at::Tensor spatial =
        network_.spatial_encoder().forward(expected("spatial_pixel_values").unsqueeze(1), cancellation);
    check_features("spatial features", spatial, "spatial_features");

    const at::Tensor pixels = expected("temporal_pixel_values");
    const at::Tensor segments = pixels.unflatten(0, {config_.segments, config_.frames_per_segment()});
    const at::Tensor temporal = network_.temporal_encoder().forward(segments, cancellation);
    check_features("temporal features", temporal, "temporal_features");

    const at::Tensor spatial_pooled = vision::pool_spatial(spatial, config_.spatial_pooling);
    const at::Tensor temporal_pooled =
        vision::pool_temporal(temporal, config_.frames_per_segment(), config_.temporal_grid);
    const at::Tensor video_tokens = network_.fusion().forward(spatial_pooled, temporal_pooled).flatten(0, 1);
    check_features("video tokens", video_tokens, "video_tokens");
    return video_tokens;
  }

  /** The fixture's prompt, its video mark -200 where `<image>` was, cut in two there. */
  text::PromptTokens prompt_of(const std::string& task) const {
    const std::vector<std::int64_t> ids = fixture_.ids("input_ids_" + task);
    const auto video = std::find(ids.begin(), ids.end(), -200);
    if (video == ids.end()) throw Error(ErrorCode::kMalformed, "input_ids_" + task + ": has no -200");
    return {{ids.begin(), video}, {video + 1, ids.end()}};
  }

  /** What a user asks to get the fixture's prompt: the text that its template holds. */
  Query query_of(const std::string& task, Task kind) const {
    const std::string prompt = fixture_.expected.object("prompts").string(task);
    const PromptConfig& prompts = config_.prompts;
    const std::string& form = kind == Task::kGrounding   ? prompts.grounding
                              : kind == Task::kReferring ? prompts.referring
                                                         : prompts.question;
    const std::size_t place = form.find("{query}");
    const std::string head = prompts.system + prompts.user + form.substr(0, place);
    const std::string tail = form.substr(place + std::string("{query}").size()) + prompts.assistant;
    if (!prompt.starts_with(head) || !prompt.ends_with(tail) || prompt.size() < head.size() + tail.size()) {
      throw Error(ErrorCode::kMalformed, "expected.json: prompts." + task + ": is not made by this model's template");
    }
    return {kind, prompt.substr(head.size(), prompt.size() - head.size() - tail.size())};
  }

  void check_task(const std::string& name, Task kind, const at::Tensor& video_tokens) {
    const text::PromptTokens theirs = prompt_of(name);
    const text::PromptTokens ours = grounder_.prompts().build(query_of(name, kind), fixture_.duration());
    report_.add_equal(
        name + ": prompt ids",
        differing(ours.before_video, theirs.before_video) + differing(ours.after_video, theirs.after_video),
        theirs.before_video.size() + theirs.after_video.size());

    const Cancellation cancellation;
    const at::Tensor prefix = grounder_.embed_prefix(theirs.before_video, video_tokens);
    const std::int64_t capacity = prefix.size(0) + static_cast<std::int64_t>(theirs.after_video.size()) + 1;
    language::PrefixedGenerator first(network_.decoder(), {prefix}, {.capacity = capacity, .type = cache_type()});
    const at::Tensor logits = first.read_prompt(theirs.after_video, cancellation);
    check_logits(name + ": first logits", logits, expected("logits_" + name));
    check_top_logits(name, prefix, theirs.after_video);
    // Of random weights many tokens are about as likely: the least difference chooses others.
    if (!dtype_) check_answer(name, kind, video_tokens);
  }

  /** The five highest logits of every step, behind the fixture's own tokens. */
  void check_top_logits(const std::string& name, const at::Tensor& prefix, const std::vector<std::int64_t>& prompt) {
    const std::vector<std::int64_t> tokens = generated(name);
    const auto steps = fixture_.expected.object("top_logits").array(name).elements();
    const std::int64_t capacity = prefix.size(0) + static_cast<std::int64_t>(prompt.size() + tokens.size());
    language::PrefixedGenerator generator(network_.decoder(), {prefix}, {.capacity = capacity, .type = cache_type()});
    std::vector<std::int64_t> read = prompt;
    std::vector<double> ours, published;
    for (std::size_t step = 0; step < steps.size(); ++step) {
      const at::Tensor logits = generator.read_prompt(read, Cancellation());
      for (const io::JsonValue& top : steps[step].elements()) {
        ours.push_back(logits[top.at(0).as_integer(0, logits.size(0) - 1)].item<double>());
        published.push_back(top.at(1).as_number());
      }
      if (step < tokens.size()) read.push_back(tokens[step]);
    }
    check_logits(name + ": top logits of each step", at::tensor(ours, at::kDouble), at::tensor(published, at::kDouble));
  }

  std::vector<std::int64_t> generated(const std::string& name) const {
    return integers(fixture_.expected.object("generation").object(name).array("tokens"));
  }

  /** The whole way of a query, as a user asks it. */
  void check_answer(const std::string& name, Task kind, const at::Tensor& video_tokens) {
    const io::JsonValue theirs = fixture_.expected.object("generation").object(name);
    const std::vector<std::int64_t> tokens = generated(name);
    GenerationOptions options;
    options.max_new_tokens = static_cast<std::int64_t>(tokens.size());
    grounder_.answer(
        {{layers::from_aten(video_tokens), fixture_.duration(), {query_of(name, kind)}, options, Cancellation()}},
        [&](const model::Grounder::Result& result) {
          if (result.error) std::rethrow_exception(result.error);
          report_.add_equal(name + ": greedy tokens", differing(result.answer.tokens, tokens), tokens.size());
          report_.add_equal(name + ": text", result.answer.text != theirs.string("text"), 1);
          report_.add_equal(name + ": text in seconds", result.answer.text_seconds != theirs.string("text_seconds"), 1);
        });
  }

  c10::ScalarType cache_type() const { return layers::to_scalar_type(io::traits_of(config_.dtype).floating); }

  const Fixture& fixture_;
  std::optional<WeightType> dtype_;
  Report& report_;
  ModelConfig config_;
  model::FolderParameters parameters_;
  model::Network network_;
  model::Grounder grounder_;
};

bool check(const fs::path& folder, std::optional<WeightType> dtype) {
  const Fixture fixture = Fixture::open(folder);
  const gvl::test::TemporaryFolder work;
  convert(folder, work / "model", {.dtype = dtype});
  Report report(folder.string() + (dtype ? std::string(" as ") + name_of(*dtype) : ""));
  Parity(fixture, work / "model", dtype, report).run();
  return report.ok();
}

}  // namespace

int main(int argc, char** argv) {
  std::optional<WeightType> dtype;
  int first = 1;
  if (argc > 2 && std::string(argv[1]) == "--dtype") {
    dtype = weight_type_from_name(argv[2]);
    first = 3;
  }
  if (first >= argc || (first == 3 && !dtype)) {
    std::fprintf(stderr, "usage: gvl-parity [--dtype TYPE] FIXTURE_DIR...\n");
    return 2;
  }
  ops::set_threads(0);
  bool ok = true;
  for (int i = first; i < argc; ++i) {
    try {
      ok = check(argv[i], dtype) && ok;
    } catch (const std::exception& error) {
      std::fprintf(stderr, "gvl-parity: %s: %s\n", argv[i], error.what());
      return 2;
    }
  }
  return ok ? 0 : 1;
}
