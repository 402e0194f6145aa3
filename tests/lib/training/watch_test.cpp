/* SPDX-License-Identifier: LGPL-2.1-or-later */
// What a model learns of watched scenes: a detector's word for them, and texts.
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/linalg_qr.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include <cmath>
#include <fstream>
#include <limits>

#include "gvl/error.hpp"
#include "language/rope.hpp"
#include "layers/tensor_bridge.hpp"
#include "model/model_folder.hpp"
#include "scenes/watch/things.hpp"
#include "scenes/watch/watch_conversation.hpp"
#include "support/fixtures.hpp"
#include "support/temporary.hpp"
#include "support/testing.hpp"
#include "training/bpe_trainer.hpp"
#include "training/initialisation/initialiser.hpp"
#include "training/initialisation/keyframe_comparison.hpp"
#include "training/initialisation/query_key_matching.hpp"
#include "training/initialisation/thing_projector.hpp"
#include "training/initialisation/word_reading.hpp"
#include "training/objective.hpp"
#include "training/parameter_set.hpp"
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

/** What the projector makes of rows of features at first. */
at::Tensor projected(const training::ThingProjector& projector, const at::Tensor& rows) {
  const at::Tensor hidden = at::gelu(at::linear(rows, projector.value("spatial_projector.linear_1.weight"),
                                                projector.value("spatial_projector.linear_1.bias")));
  return at::linear(hidden, projector.value("spatial_projector.linear_2.weight"),
                    projector.value("spatial_projector.linear_2.bias"));
}

/** A thing that is seen has its code, and attention finds it by what is asked for. */
GVL_TEST(things_are_found_from_the_first_step_on) {
  const ModelConfig config = with_detector();
  const training::EventClasses classes{45, vision::NanoDet::kClasses};
  const training::ThingProjector projector(config, classes, 1);
  const auto codes = training::event_codes(classes, 192);
  // Events' codes are what they are without things.
  ck_assert(codes.asked.narrow(0, 0, 45).equal(training::event_codes({45, 0}, 192).asked));
  at::Tensor row = at::zeros({vision::kObjectFeatures});
  const at::Tensor nothing = projected(projector, row);
  row[At::kScores + kDog] = 0.7;
  const at::Tensor seen = at::matmul(codes.shown.narrow(0, 45, classes.things), projected(projector, row).sub(nothing));
  ck_assert_int_eq(seen.argmax().item<int>(), kDog);
  const at::Tensor matching = training::thing_matching(config.language, classes, 396);
  const at::Tensor query = at::matmul(matching.narrow(0, 0, 192), codes.asked[45 + kDog]).view({6, 32});
  const at::Tensor begins = codes.shown.narrow(0, classes.count() + 45, classes.things);
  const at::Tensor keys = at::matmul(begins, matching.narrow(0, 192, 192).t()).view({-1, 6, 32});
  const at::Tensor scores = query.mul(keys).sum(2);
  for (std::int64_t head = 0; head < 3; ++head) {
    ck_assert_int_eq(scores.select(1, head).argmax().item<int>(), kDog);
  }
}

/**
 * What a layer that begins with keyframe_comparison() adds to tokens [n, H], of which the first stands at position
 * `first`: [n, H].
 */
at::Tensor added(const LanguageModelConfig& config, const training::AttentionValues& attention,
                 const at::Tensor& tokens, std::int64_t first) {
  const std::int64_t n = tokens.size(0);
  const at::Tensor normed = tokens.div(tokens.square().mean(1, true).add(1e-5).sqrt());
  const at::Tensor mixed = at::matmul(normed, attention.qkv.t()).unflatten(1, {3, config.heads, config.head_size()});
  const auto rope = language::rope_table(config, language::RopeFactors::kShort, first, n, at::kCPU);
  const auto turned = [&](std::int64_t which) {
    const auto halves = mixed.select(1, which).chunk(2, -1);
    const at::Tensor cos = rope.cos.unsqueeze(1), sin = rope.sin.unsqueeze(1);
    const at::Tensor parts[] = {halves[0].mul(cos).sub(halves[1].mul(sin)), halves[1].mul(cos).add(halves[0].mul(sin))};
    return at::cat(at::TensorList(parts), -1).transpose(0, 1);
  };
  const at::Tensor later = at::ones({n, n}, at::kBool).triu(1);
  const at::Tensor scores = at::matmul(turned(0), turned(1).transpose(1, 2))
                                .div(std::sqrt(static_cast<double>(config.head_size())))
                                .masked_fill(later, -std::numeric_limits<double>::infinity());
  const at::Tensor seen = at::matmul(at::softmax(scores, -1), mixed.select(1, 2).transpose(0, 1));
  return at::matmul(seen.transpose(0, 1).flatten(1), attention.o.t());
}

GVL_TEST(a_first_layer_sees_what_comes_and_goes) {
  const ModelConfig config = with_detector();
  const training::EventClasses classes{45, vision::NanoDet::kClasses};
  const training::ThingProjector projector(config, classes, 1);
  const auto attention = training::keyframe_comparison(config, classes, projector.picture());
  const auto codes = training::event_codes(classes, 192);
  constexpr std::int64_t kKeyframes = 48, kFirst = 10, kLast = 29, kCup = 41;
  // Keyframes in a brightness that wanders, with a cup all the time and a dog for a while, also as an object.
  at::Tensor rows = at::zeros({kKeyframes, config.spatial.objects + 1, vision::kObjectFeatures});
  const at::Tensor picture = rows.select(1, 0), object = rows.select(1, 1);
  picture.select(1, At::kIsPicture).fill_(1);
  picture.select(1, At::kBrightness).copy_(at::arange(kKeyframes).div(96.0).add(0.3));
  picture.select(1, At::kScores + kCup).fill_(0.6);
  object.select(1, At::kIsObject).fill_(1);
  for (const at::Tensor& each : {picture, object}) {
    each.select(1, At::kScores + kDog).narrow(0, kFirst, kLast + 1 - kFirst).fill_(0.7);
  }
  // Each segment: keyframes with two tokens of the temporal stream behind each, and one that ends it.
  const at::Tensor spatial = projected(projector, rows).unflatten(0, {config.segments, 4});
  const at::Tensor keyframes[] = {spatial, at::zeros({config.segments, 4, 2, 192})};
  const at::Tensor segments[] = {at::cat(at::TensorList(keyframes), 2).flatten(1, 2),
                                 at::zeros({config.segments, 1, 192})};
  const at::Tensor tokens = at::cat(at::TensorList(segments), 1).flatten(0, 1);
  ck_assert_int_eq(tokens.size(0), config.segments * config.tokens_per_segment());
  const at::Tensor change = added(config.language, attention, tokens, 2);
  const at::Tensor of_pictures =
      change.unflatten(0, {config.segments, -1}).narrow(1, 0, 32).unflatten(1, {4, 8}).flatten(0, 1).select(1, 0);
  const at::Tensor begins = at::matmul(of_pictures, codes.shown.narrow(0, classes.count() + 45, classes.things).t())
                                .narrow(0, 1, kKeyframes - 1);
  const at::Tensor of_dog = begins.select(1, kDog);
  ck_assert_int_eq(of_dog.argmax().item<int>() + 1, kFirst);
  ck_assert_int_eq(of_dog.argmin().item<int>() + 1, kLast + 1);
  const double most = of_dog.max().item<double>();
  ck_assert_msg(most > 10 && of_dog.min().item<double>() < -10, "%g", most);
  // Nothing else comes or goes.
  at::Tensor rest = begins.clone();
  rest.select(1, kDog).narrow(0, kFirst - 1, 1).zero_();
  rest.select(1, kDog).narrow(0, kLast, 1).zero_();
  ck_assert_msg(rest.abs().max().item<double>() < 0.2 * most, "%g of %g", rest.abs().max().item<double>(), most);
  // Tokens that are no pictures' stay as they are.
  const at::Tensor temporal = change.unflatten(0, {config.segments, -1}).narrow(1, 6, 2);
  ck_assert_msg(temporal.abs().max().item<double>() < 1e-3, "%g", temporal.abs().max().item<double>());
}

/** What each word of a question is told, with the things of nouns' tokens at first: which thing is asked for at its
 * end. */
GVL_TEST(a_second_layer_reads_which_things_are_named) {
  const gvl::test::TemporaryFolder folder;
  const auto texts = scenes::watched_corpus(3, 4000);
  std::ofstream(folder.path() / "tokenizer.json") << training::train_byte_level_bpe(texts, 2000, {"<|end|>"});
  ModelConfig config = with_detector();
  config.language.vocab_size = 2200;
  const auto tokenizer = model::load_tokenizer(folder.path() / "tokenizer.json", config);
  const training::EventClasses classes{45, vision::NanoDet::kClasses};
  const training::WordReading reading(config.language, classes, *tokenizer.tokenizer);
  at::manual_seed(1);
  const at::Tensor table = reading.embeddings(at::randn({config.language.vocab_size, 192}));
  const at::Tensor asked = training::event_codes(classes, 192).asked.narrow(0, 45, classes.things);
  const auto read = [&](const std::string& question) {
    const auto ids = tokenizer.tokenizer->encode(question, false);
    const at::Tensor tokens = table.index_select(0, at::tensor(ids, at::kLong));
    return at::matmul(asked, added(config.language, reading.attention(), tokens, 400)[std::ssize(ids) - 1]);
  };
  const std::pair<const char*, const char*> questions[] = {{"when does a dog appear?", "dog"},
                                                           {"Find when the cars leave the picture.", "car"},
                                                           {"somebody walks to the left in the video", "person"},
                                                           {"The umbrella is in the middle of the screen.", "umbrella"},
                                                           {"two dogs pass from left to right", "dog"}};
  for (const auto& [question, name] : questions) {
    const at::Tensor codes = read(question);
    ck_assert_msg(scenes::thing_at(codes.argmax().item<int>()).name == name, "%s: %s", question,
                  std::string(scenes::thing_at(codes.argmax().item<int>()).name).c_str());
  }
  // A word for several means each of them.
  const at::Tensor codes = read("a vehicle stands on the right");
  const auto several = codes.topk(4);
  for (std::int64_t i = 0; i < 4; ++i) {
    const std::string_view name = scenes::thing_at(std::get<1>(several)[i].item<int>()).name;
    ck_assert_msg(name == "car" || name == "truck" || name == "bus" || name == "motorcycle" || name == "bicycle" ||
                      name == "train" || name == "boat" || name == "airplane",
                  "%s", std::string(name).c_str());
  }
}

/** What is asked for is told the moment at which it begins; that of its end is copied to elsewhere. */
GVL_TEST(a_third_layer_finds_what_is_named) {
  const ModelConfig config = with_detector();
  const training::EventClasses classes{45, vision::NanoDet::kClasses};
  const auto codes = training::event_codes(classes, 192);
  constexpr std::int64_t kMoments = 16, kTokens = 49, kCat = 15;
  at::manual_seed(4);
  const at::Tensor moments = std::get<0>(at::linalg_qr(at::randn({192, kMoments}))).t();
  const auto attention = training::thing_matching_layer(config.language, classes, moments, 400);
  at::Tensor tokens = at::randn({kTokens, 192}).mul(0.1);
  const auto put = [&](std::int64_t token, std::int64_t phase, int thing, std::int64_t moment) {
    tokens[token].add_(codes.shown[phase * classes.count() + 45 + thing], 8).add_(moments[moment], 4);
  };
  put(10, 1, kDog, 3);
  put(30, 2, kDog, 7);
  put(20, 1, kCat, 5);
  tokens[kTokens - 1].add_(codes.asked[45 + kDog], 8);
  const at::Tensor told = added(config.language, attention, tokens, 2)[kTokens - 1];
  const at::Tensor of_begin = at::matmul(moments, told);
  ck_assert_int_eq(of_begin.argmax().item<int>(), 3);
  const at::Tensor elsewhere = told.sub(at::matmul(of_begin, moments));
  ck_assert_msg(elsewhere.norm().item<double>() > 0.5 * of_begin.norm().item<double>(), "%g %g",
                elsewhere.norm().item<double>(), of_begin.norm().item<double>());
}

/** Pictures are known by a direction that no other token has. */
GVL_TEST(only_pictures_are_known_as_such) {
  ModelConfig config = with_detector();
  config.language.vocab_size = 1454;
  const auto tokenizer = model::load_tokenizer(gvl::test::fixture("phi_c") / "tokenizer" / "tokenizer.json", config);
  const training::EventClasses classes{45, vision::NanoDet::kClasses};
  training::TrainingConfig training{.data = io::JsonValue::parse("{}", "data")};
  training.initialisation.new_layers = {0};
  training.initialisation.things = true;
  const auto initialisers = training::make_initialisers(training, config, true, tokenizer, classes);
  const auto value = training::initialised({}, initialisers, config, training.seed);
  const at::Tensor picture = training::ThingProjector(config, classes, training.seed).picture();
  for (const char* name : {"language_model.model.embed_tokens.weight", "temporal_projector.linear_2.bias", "glb_GN"}) {
    const bool table = std::string_view(name).ends_with("tokens.weight");
    const at::Tensor tokens =
        value(name, table ? std::vector<std::int64_t>({1454, 192}) : std::vector<std::int64_t>({192}));
    ck_assert(tokens.defined() && at::matmul(tokens, picture).abs().max().item<double>() < 1e-3);
  }
  const at::Tensor matrix = value("temporal_projector.linear_2.weight", {192, 192});
  ck_assert(at::matmul(picture, matrix).abs().max().item<double>() < 1e-3 && matrix.norm().item<double>() > 1);
  ck_assert(value("language_model.model.layers.0.self_attn.o_proj.weight", {192, 192}).norm().item<double>() > 1);
}

/** Behind a detector, pictures' tokens tell what is seen, and what has come and gone since the keyframe before. */
GVL_TEST(what_becomes_of_things_is_told_by_keyframes) {
  ModelConfig config = with_detector();
  config.language.vocab_size = 1454;
  config.language.layers = 1;
  config.language.intermediate_size = 16;
  const auto tokenizer = model::load_tokenizer(gvl::test::fixture("phi_c") / "tokenizer" / "tokenizer.json", config);
  constexpr std::int64_t kEvents = 2, kThings = vision::NanoDet::kClasses, kClasses = kEvents + kThings;
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

GVL_TEST(comparing_keyframes_needs_room) {
  ModelConfig config = with_detector();
  config.language.kv_heads = 3;
  try {
    training::keyframe_comparison(config, {45, vision::NanoDet::kClasses}, at::ones({192}));
    ck_abort_msg("heads that share keys were accepted");
  } catch (const Error& error) {
    ck_assert(error.code() == ErrorCode::kInvalidArgument);
  }
}
