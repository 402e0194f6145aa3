/* SPDX-License-Identifier: LGPL-2.1-or-later */
// What every kind of encoder must do.
#include "vision/encoder.hpp"

#include <ATen/ops/randn.h>
#include <c10/core/InferenceMode.h>

#include <set>

#include "gvl/error.hpp"
#include "support/testing.hpp"
#include "vision/object_features.hpp"

using namespace gvl;
using namespace gvl::vision;

namespace {

class RandomParameters : public layers::ParameterSource {
 public:
  at::Tensor load(const std::string&, const std::vector<std::int64_t>& shape) const override {
    return at::randn(shape).mul(0.05);
  }
};

VisionConfig small_config() {
  VisionConfig config;
  config.image_size = 28;
  config.patch_size = 14;
  config.hidden_size = 32;
  config.intermediate_size = 64;
  config.layers = 2;
  config.heads = 4;
  config.norm_eps = 1e-5;
  return config;
}

VisionConfig config_for(std::string_view kind) {
  VisionConfig config = small_config();
  config.type = kind;
  if (!kind.starts_with("nanodet")) return config;
  config.image_size = 64;
  config.patch_size = 0;
  config.hidden_size = kObjectFeatures;
  config.objects = 5;
  config.std = {1, 1, 1};
  return config;
}

constexpr std::int64_t kFrames = 3;

}  // namespace

GVL_TEST(every_encoder_describes_all_frames) {
  const c10::InferenceMode inference;
  const RandomParameters source;
  std::set<std::string_view> names;
  for (const EncoderKind& kind : encoder_kinds()) {
    ck_assert(!kind.name.empty() && names.insert(kind.name).second);
    const VisionConfig config = config_for(kind.name);
    const auto encoder = make_encoder("", layers::Parameters(source, at::kCPU, at::kFloat), config, kFrames);
    const at::Tensor pixels = at::randn({2, kFrames, 3, config.image_size, config.image_size});
    const at::Tensor features = encoder->forward(pixels, {});
    ck_assert(features.sizes() == at::IntArrayRef({2, kFrames * config.tokens(), config.hidden_size}));
    // One of a batch is what it is alone, and another than its neighbour.
    const at::Tensor second = encoder->forward(pixels.narrow(0, 1, 1), {});
    ck_assert(features.narrow(0, 1, 1).sub(second).abs().max().item<double>() < 1e-4);
    ck_assert(features[0].sub(features[1]).abs().max().item<double>() > 1e-3);

    const Cancellation cancelled;
    cancelled.cancel();
    try {
      encoder->forward(pixels, cancelled);
      ck_abort_msg("%s does not hear that it is cancelled", std::string(kind.name).c_str());
    } catch (const Error& error) {
      ck_assert(error.code() == ErrorCode::kCancelled);
    }
  }
}

GVL_TEST(an_encoder_is_chosen_by_name) {
  const RandomParameters source;
  const layers::Parameters parameters(source, at::kCPU, at::kFloat);
  VisionConfig config = small_config();
  ck_assert(make_encoder("clip", parameters, config, 1) != nullptr);
  config.type = "eye";
  try {
    make_encoder("clip", parameters, config, 1);
    ck_abort_msg("there is no such encoder");
  } catch (const Error& error) {
    ck_assert(error.code() == ErrorCode::kUnsupported);
    ck_assert_msg(std::string(error.what()).find("clip, internvideo2, nanodet, nanodet-plus") != std::string::npos,
                  "%s", error.what());
  }
}

GVL_TEST(a_detector_says_which_configuration_it_cannot_have) {
  const RandomParameters source;
  const layers::Parameters parameters(source, at::kCPU, at::kFloat);
  const auto expect = [&](auto change, const char* words) {
    VisionConfig config = config_for("nanodet");
    change(config);
    try {
      make_encoder("", parameters, config, 1);
      ck_abort_msg("taken: %s", words);
    } catch (const Error& error) {
      ck_assert_msg(std::string(error.what()).find(words) != std::string::npos, "%s", error.what());
    }
  };
  expect([](VisionConfig& config) { config.objects = 0; }, "needs \"objects\"");
  expect([](VisionConfig& config) { config.hidden_size = 32; }, "hidden_size of 102, not 32");
  expect([](VisionConfig& config) { config.image_size = 100; }, "multiples of 32, not 100");
}

GVL_TEST(a_transformer_says_that_it_has_no_patches) {
  const RandomParameters source;
  const layers::Parameters parameters(source, at::kCPU, at::kFloat);
  VisionConfig config = small_config();
  config.patch_size = 0;  // as of a config.json that describes a detector under a transformer's name
  for (const char* kind : {"clip", "internvideo2"}) {
    try {
      make_encoder(kind, parameters, config, kFrames);
      ck_abort_msg("%s takes pictures apart into nothing", kind);
    } catch (const Error& error) {
      ck_assert_msg(std::string(error.what()).find("patch_size must be at least 1") != std::string::npos, "%s",
                    error.what());
    }
  }
}
