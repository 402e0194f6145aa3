/* SPDX-License-Identifier: LGPL-2.1-or-later */
// What a model learns of watched scenes: a detector's word for them, and texts.
#include <ATen/ops/gelu.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/zeros.h>

#include <cmath>

#include "gvl/error.hpp"
#include "layers/tensor_bridge.hpp"
#include "scenes/watch/things.hpp"
#include "support/testing.hpp"
#include "training/initialisation/query_key_matching.hpp"
#include "training/initialisation/thing_projector.hpp"
#include "training/simulated_detector.hpp"
#include "training/watch_source.hpp"
#include "vision/object_features.hpp"

using namespace gvl;
using At = vision::ObjectFeature;

namespace {

constexpr int kDog = 16;

ModelConfig with_detector() {
  ModelConfig config;
  config.frames = 96;
  config.segments = 12;
  config.spatial = {
      .image_size = 416, .hidden_size = vision::kObjectFeatures, .type = "nanodet", .keyframes = 4, .objects = 5};
  config.spatial_pooling = SpatialPooling::kNone;
  config.temporal = {28, 14, 32, 64, 1, 4, 1e-6, {0.5, 0.5, 0.5}, {0.5, 0.5, 0.5}};
  config.temporal_grid = 1;
  config.language.hidden_size = 192;
  config.language.heads = config.language.kv_heads = 6;
  config.language.rope_theta = 1e7;
  config.prompts.grounding = "<image> {query}";
  config.prompts.dense_caption = "<image> all";
  return config;
}

/** A red dog stands in the middle from 24 to 72 of 96 seconds. */
scenes::WatchedScene dog_in_the_middle() {
  scenes::WatchedScene scene{.duration = 96};
  scene.tracks.push_back(
      {.thing = kDog, .colour = "red", .start = 24, .stop = 72, .path = {{.time = 24, .box = {0.5, 0.5, 0.3, 0.4}}}});
  return scene;
}

/** What rows of pictures, [keyframes] of them, say of a feature. */
at::Tensor of_pictures(const at::Tensor& features, std::int64_t feature) {
  return features.unflatten(1, {4, 6}).select(2, 0).select(2, feature).flatten();
}

}  // namespace

GVL_TEST(a_simulated_detector_sees_what_is_there) {
  const ModelConfig config = with_detector();
  double there = 0, absent = 0, other = 0;
  int objects = 0, placed = 0, red = 0;
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    const at::Tensor features = training::simulate_detector(dog_in_the_middle(), seed, config);
    ck_assert(features.sizes() == at::IntArrayRef({12, 4 * 6, vision::kObjectFeatures}));
    ck_assert(of_pictures(features, At::kIsPicture).eq(1).all().item<bool>());
    const at::Tensor dog = of_pictures(features, At::kScores + kDog);
    there += dog.narrow(0, 12, 24).mean().item<double>() / 40;
    absent += (dog.narrow(0, 0, 12).mean().item<double>() + dog.narrow(0, 36, 12).mean().item<double>()) / 80;
    other += of_pictures(features, At::kScores + 60).narrow(0, 12, 24).mean().item<double>() / 40;
    // Objects that are surely dogs are where it is, and mostly of its colour.
    const at::Tensor rows = features.flatten(0, 1);
    for (std::int64_t i = 0; i < rows.size(0); ++i) {
      if (rows[i][At::kIsObject].item<float>() == 0 || rows[i][At::kScores + kDog].item<float>() < 0.5) continue;
      ++objects;
      placed += std::abs(rows[i][At::kCentre].item<float>() - 0.5F) < 0.1F ? 1 : 0;
      red += rows[i].narrow(0, At::kColours, vision::kColours).argmax().item<std::int64_t>() ==
                     static_cast<std::int64_t>(vision::Colour::kRed)
                 ? 1
                 : 0;
    }
  }
  ck_assert_msg(there > 0.35 && absent < 0.1 && other < 0.1, "%g %g %g", there, absent, other);
  ck_assert_msg(objects > 100 && placed * 10 > objects * 9 && red * 2 > objects && red < objects, "%d %d %d", objects,
                placed, red);
}

GVL_TEST(a_simulation_follows_its_seed) {
  const ModelConfig config = with_detector();
  const auto features = [&](std::uint64_t seed) {
    return training::simulate_detector(dog_in_the_middle(), seed, config);
  };
  ck_assert(features(3).equal(features(3)));
  ck_assert(!features(3).equal(features(4)));
}

GVL_TEST(watched_scenes_are_samples) {
  const ModelConfig config = with_detector();
  training::WatchSourceOptions options;
  options.backgrounds = 2;
  const training::WatchSource source(options, {}, config);
  const training::EventClasses classes = source.event_classes();
  ck_assert_int_eq(classes.things, static_cast<int>(scenes::kThings));
  int asked = 0, seen = 0;
  for (std::int64_t index = 0; index < 8; ++index) {
    const training::Sample sample = source.make(index);
    ck_assert(sample.spatial_features.shape == std::vector<std::int64_t>({12, 24, vision::kObjectFeatures}));
    ck_assert(!sample.spatial_pixels.has_data() && !sample.temporal_features.has_data());
    ck_assert(sample.temporal_pixels.shape == std::vector<std::int64_t>({12, 8, 28, 28, 3}));
    const at::Tensor labels = layers::to_aten(sample.frame_labels);
    ck_assert(labels.sizes() == at::IntArrayRef({96, 3 * classes.count()}));
    // Events do not happen. Whatever is seen begins and ends.
    const at::Tensor phases = labels.unflatten(1, {3, classes.count()});
    ck_assert(phases.narrow(2, 0, classes.events).eq(0).all().item<bool>());
    const at::Tensor things = phases.narrow(2, classes.events, classes.things).amax(0);
    ck_assert(things[0].equal(things[1]) && things[0].equal(things[2]));
    seen += things[0].sum().item<int>();
    for (const training::TrainingText& text : sample.texts) {
      ck_assert(text.user_turn.find("<image>") != std::string::npos && !text.answer.empty());
      for (const std::int64_t each : text.classes) ck_assert(each >= classes.events && each < classes.count());
      asked += text.classes.empty() ? 0 : 1;
    }
  }
  ck_assert_msg(seen > 8 && asked > 60, "%d %d", seen, asked);
  ck_assert(layers::to_aten(source.make(5).spatial_features).equal(layers::to_aten(source.make(5).spatial_features)));
}

GVL_TEST(watched_scenes_need_a_detector) {
  ModelConfig config = with_detector();
  config.spatial.objects = 0;
  try {
    training::WatchSource({}, {}, config);
    ck_abort_msg("a transformer was taken");
  } catch (const Error& error) {
    ck_assert_msg(std::string(error.what()).find("data.watched") != std::string::npos, "%s", error.what());
  }
}

GVL_TEST(two_sources_are_mixed_in_their_share) {
  class Counted : public training::SampleSource {
   public:
    explicit Counted(double duration) : duration_(duration) {}
    std::int64_t size() const noexcept override { return 0; }
    training::Sample make(std::int64_t) const override { return {.duration = duration_}; }

   private:
    double duration_;
  };
  const training::MixedSource mixed(std::make_shared<Counted>(1), std::make_shared<Counted>(2), 0.75, 5);
  int first = 0;
  for (std::int64_t i = 0; i < 1000; ++i) first += mixed.make(i).duration == 1 ? 1 : 0;
  ck_assert_msg(first > 700 && first < 800, "%d", first);
}

/** A thing that is seen has its code, and attention finds it by what is asked for. */
GVL_TEST(things_are_found_from_the_first_step_on) {
  const ModelConfig config = with_detector();
  const training::EventClasses classes{45, vision::NanoDet::kClasses};
  const training::ThingProjector projector(config, classes, 1);
  const auto codes = training::event_codes(classes, 192);
  // Events' codes are what they are without things.
  ck_assert(codes.asked.narrow(0, 0, 45).equal(training::event_codes({45, 0}, 192).asked));
  const auto project = [&](const at::Tensor& x) {
    const at::Tensor hidden = at::gelu(at::linear(x, projector.value("spatial_projector.linear_1.weight"),
                                                  projector.value("spatial_projector.linear_1.bias")));
    return at::linear(hidden, projector.value("spatial_projector.linear_2.weight"),
                      projector.value("spatial_projector.linear_2.bias"));
  };
  at::Tensor row = at::zeros({vision::kObjectFeatures});
  const at::Tensor nothing = project(row);
  row[At::kScores + kDog] = 0.7;
  const at::Tensor seen = at::matmul(codes.shown.narrow(0, 45, classes.things), project(row).sub(nothing));
  ck_assert_int_eq(seen.argmax().item<int>(), kDog);
  const at::Tensor matching = training::thing_matching(config.language, classes);
  const at::Tensor query = at::matmul(matching.narrow(0, 0, 192), codes.asked[45 + kDog]).view({6, 32});
  const at::Tensor begins = codes.shown.narrow(0, classes.count() + 45, classes.things);
  const at::Tensor keys = at::matmul(begins, matching.narrow(0, 192, 192).t()).view({-1, 6, 32});
  const at::Tensor scores = query.mul(keys).sum(2);
  for (std::int64_t head = 0; head < 3; ++head) {
    ck_assert_int_eq(scores.select(1, head).argmax().item<int>(), kDog);
  }
}
