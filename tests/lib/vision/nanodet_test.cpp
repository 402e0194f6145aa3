/* SPDX-License-Identifier: LGPL-2.1-or-later */
// NanoDet against what TensorFlow.js computes of the published files (tests/data/nanodet/make.mjs), and NanoDet-Plus
// against what its published code does (tests/data/nanodet-plus/make.py). The picture is a frame of cityCC0.mpg, which
// is in the public domain.
#include "vision/nanodet.hpp"

#include <c10/core/InferenceMode.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <vector>

#include "io/json.hpp"
#include "io/weights.hpp"
#include "layers/tensor_bridge.hpp"
#include "support/fixtures.hpp"
#include "support/testing.hpp"
#include "vision/nanodet_plus.hpp"
#include "vision/pooling.hpp"

using namespace gvl;
using namespace gvl::vision;

namespace {

constexpr std::int64_t kSize = 416;

class FileParameters : public layers::ParameterSource {
 public:
  explicit FileParameters(const std::filesystem::path& file) : weights_(io::Weights::open(file)) {}

  at::Tensor load(const std::string& name, const std::vector<std::int64_t>& shape) const override {
    return layers::to_aten(weights_.get(name, shape));
  }

 private:
  io::Weights weights_;
};

VisionConfig nanodet_config() {
  VisionConfig config;
  config.image_size = kSize;
  config.mean = {0.485, 0.456, 0.406};
  config.std = {0.229, 0.224, 0.225};
  return config;
}

at::Tensor read_picture(const std::filesystem::path& file) {
  auto pixels = allocate_tensor_data(kSize * kSize * 3);
  std::ifstream stream(file, std::ios::binary);
  stream.read(reinterpret_cast<char*>(pixels.get()), kSize * kSize * 3);
  ck_assert_msg(stream.gcount() == kSize * kSize * 3, "%s: too short", file.c_str());
  return layers::to_aten({DataType::kUInt8, {1, kSize, kSize, 3}, pixels});
}

void expect_near(const at::Tensor& ours, const io::JsonValue& theirs, double tolerance, const char* what) {
  const at::Tensor row = ours.contiguous();
  ck_assert_uint_eq(theirs.size(), static_cast<std::size_t>(row.numel()));
  for (std::size_t i = 0; i < theirs.size(); ++i) {
    const double difference = std::abs(row.data_ptr<float>()[i] - theirs.at(i).as_number());
    ck_assert_msg(difference < tolerance, "%s %zu: %g apart", what, i, difference);
  }
}

template <typename Network>
void expect_published(const char* name, const char* model) {
  const c10::InferenceMode inference;
  const auto folder = std::filesystem::path(std::getenv("GVL_MODELS")) / model;
  const FileParameters source(folder / "model.safetensors");
  const Network network(layers::Parameters(source, at::kCPU, at::kFloat) / "spatial_encoder");
  const auto reference = io::JsonValue::load(test::fixture(name) / "scores.json");
  for (const io::JsonValue& picture : reference.array("pictures").elements()) {
    const at::Tensor pixels = read_picture(test::fixture("nanodet") / picture.string("picture"));
    const auto levels = network.forward(normalise(pixels, nanodet_config(), at::kFloat), {});
    const auto theirs = picture.array("levels").elements();
    ck_assert_uint_eq(levels.size(), theirs.size());
    for (std::size_t i = 0; i < levels.size(); ++i) {
      expect_near(levels[i].scores[0].amax(0), theirs[i].array("strongest"), 1e-4, "strongest score");
      for (const io::JsonValue& place : theirs[i].array("places").elements()) {
        const std::int64_t at = place.integer("place", 0);
        expect_near(levels[i].scores[0][at], place.array("scores"), 1e-4, "score");
        expect_near(levels[i].sides[0][at], place.array("sides"), 1e-3, "side");
      }
    }
  }
}

}  // namespace

GVL_TEST(nanodet_equals_the_published_network) { expect_published<NanoDet>("nanodet", "nanodet"); }

GVL_TEST(nanodet_plus_equals_the_published_network) { expect_published<NanoDetPlus>("nanodet-plus", "things"); }
