/* SPDX-License-Identifier: LGPL-2.1-or-later */
// What a model learns of watched scenes: a detector's word for them, and texts.
#include <ATen/ops/zeros.h>

#include <cmath>

#include "detector_model.hpp"
#include "gvl/error.hpp"
#include "layers/tensor_bridge.hpp"
#include "model/model_folder.hpp"
#include "scenes/watch/things.hpp"
#include "support/fixtures.hpp"
#include "support/testing.hpp"
#include "training/objective.hpp"
#include "training/parameter_set.hpp"
#include "training/simulated_detector.hpp"
#include "training/watch_source.hpp"
#include "vision/object_features.hpp"

using namespace gvl;
using gvl::test::kDog;
using gvl::test::with_detector;
using At = vision::ObjectFeature;

namespace {

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

/** Behind a detector, pictures' tokens tell what is seen, and what has come and gone since the keyframe before. */
GVL_TEST(what_becomes_of_things_is_told_by_keyframes) {
  ModelConfig config = with_detector();
  config.language.vocab_size = 1454;
  config.language.layers = 1;
  config.language.intermediate_size = 16;
  const auto tokenizer = model::load_tokenizer(gvl::test::fixture("phi_c") / "tokenizer" / "tokenizer.json", config);
  constexpr std::int64_t kEvents = 2, kThings = vision::kCocoClasses, kClasses = kEvents + kThings;
  // Hidden states of zero, of which classifiers say what their biases say: a logit of -4.
  const auto silent = [](const std::string& name, const auto& shape) {
    return name == "language_model.model.norm.weight" ? at::zeros(shape) : at::Tensor();
  };
  const training::ParameterSet parameters(silent, config, {{{"training.", {1e-3}}}, {}}, 1, at::kCPU);
  training::ObjectiveOptions options;
  options.dense = {.weight = 1, .layer = 0};
  const training::Objective objective(layers::Parameters(parameters, at::kCPU, at::kFloat), config, tokenizer.temporal,
                                      {kEvents, kThings}, options);
  const auto loss = [&](const at::Tensor& labels) {
    training::Sample sample;
    sample.duration = 96;
    sample.spatial_features = layers::from_aten(at::zeros({12, 24, vision::kObjectFeatures}));
    sample.temporal_features = layers::from_aten(at::zeros({12, 8 * 4, 32}));
    sample.frame_labels = layers::from_aten(labels);
    const training::TokenizedSample tokens{{1}, {{{2, 3, 4, 5}, 2}}};
    return objective.losses(training::make_batch({&sample, 1}, {&tokens, 1}), 0).frames.item<double>();
  };
  // Three classifiers of events, of whose phases none is ever seen, and one of things.
  const double none = std::log1p(std::exp(-4.0)), least = (3 * 3 * kEvents + 3 * kThings) * none;
  at::Tensor labels = at::zeros({96, 3 * kClasses});
  ck_assert_msg(std::abs(loss(labels) - least) < 1e-3, "%g instead of %g", loss(labels), least);
  // Each label of 48 keyframes costs 4 / 48 more. Seen in 20 keyframes, it comes once and goes once, whatever is said
  // of frames between them.
  const at::Tensor dog = labels.select(1, kEvents + kDog);
  dog.narrow(0, 20, 40).fill_(1);
  labels.select(1, kClasses + kEvents + kDog).fill_(1);
  ck_assert_msg(std::abs(loss(labels) - least - 22 * 4 / 48.0) < 1e-3, "%g", (loss(labels) - least) * 12);
  // From the first keyframe to the last it comes with the first and goes with the last.
  dog.fill_(1);
  ck_assert_msg(std::abs(loss(labels) - least - 50 * 4 / 48.0) < 1e-3, "%g", (loss(labels) - least) * 12);
  // What is not known costs nothing.
  labels.unflatten(1, {3, kClasses}).narrow(2, kEvents, kThings).fill_(-1);
  ck_assert_msg(std::abs(loss(labels) - 3 * 3 * kEvents * none) < 1e-3, "%g", loss(labels));
}
