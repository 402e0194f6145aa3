/* SPDX-License-Identifier: LGPL-2.1-or-later */
// How a model begins that answers about what a detector sees.
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/silu.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include <cmath>
#include <fstream>

#include "detector_model.hpp"
#include "gvl/error.hpp"
#include "model/model_folder.hpp"
#include "reading_layers.hpp"
#include "scenes/watch/things.hpp"
#include "scenes/watch/watch_conversation.hpp"
#include "support/fixtures.hpp"
#include "support/temporary.hpp"
#include "support/testing.hpp"
#include "training/bpe_trainer.hpp"
#include "training/initialisation/initialiser.hpp"
#include "training/initialisation/keyframe_comparison.hpp"
#include "training/initialisation/landmarks.hpp"
#include "training/initialisation/previous_token_heads.hpp"
#include "training/initialisation/query_key_matching.hpp"
#include "training/initialisation/thing_projector.hpp"
#include "training/initialisation/word_reading.hpp"
#include "vision/object_features.hpp"

using namespace gvl;
using gvl::test::added;
using gvl::test::directions_beside;
using gvl::test::kDog;
using gvl::test::reading_directions;
using gvl::test::thing_codes;
using gvl::test::with_detector;
using At = vision::ObjectFeature;

namespace {

/** What the projector makes of rows of features at first. */
at::Tensor projected(const training::ThingProjector& projector, const at::Tensor& rows) {
  const at::Tensor hidden = at::gelu(at::linear(rows, projector.value("spatial_projector.linear_1.weight"),
                                                projector.value("spatial_projector.linear_1.bias")));
  return at::linear(hidden, projector.value("spatial_projector.linear_2.weight"),
                    projector.value("spatial_projector.linear_2.bias"));
}

constexpr std::int64_t kKeyframes = 48, kFirst = 10, kLast = 29;
constexpr int kCup = 41;

/** Tokens [n, 192] of keyframes in a brightness that wanders, with a cup all the time and a dog for a while. */
at::Tensor cup_and_dog(const ModelConfig& config, const training::ThingProjector& projector) {
  at::Tensor rows = at::zeros({kKeyframes, config.spatial.objects + 1, vision::kObjectFeatures});
  const at::Tensor pictures = rows.select(1, 0), object = rows.select(1, 1);
  pictures.select(1, At::kIsPicture).fill_(1);
  pictures.select(1, At::kBrightness).copy_(at::arange(kKeyframes).div(96.0).add(0.3));
  pictures.select(1, At::kScores + kCup).fill_(0.6);
  // The dog is an object, too.
  object.select(1, At::kIsObject).fill_(1);
  for (const at::Tensor& each : {pictures, object}) {
    each.select(1, At::kScores + kDog).narrow(0, kFirst, kLast + 1 - kFirst).fill_(0.7);
  }
  // Each segment: keyframes with two tokens of the temporal stream behind each, and one that ends it.
  const at::Tensor spatial = projected(projector, rows).unflatten(0, {config.segments, 4});
  const at::Tensor keyframes[] = {spatial, at::zeros({config.segments, 4, 2, 192})};
  const at::Tensor segments[] = {at::cat(at::TensorList(keyframes), 2).flatten(1, 2),
                                 at::zeros({config.segments, 1, 192})};
  return at::cat(at::TensorList(segments), 1).flatten(0, 1);
}

}  // namespace

/** A thing that is seen has its code, and attention finds it by what is asked for. */
GVL_TEST(things_are_found_from_the_first_step_on) {
  const ModelConfig config = with_detector();
  const training::EventClasses classes{45, vision::kCocoClasses};
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

GVL_TEST(a_first_layer_sees_what_comes_and_goes) {
  const ModelConfig config = with_detector();
  const training::EventClasses classes{45, vision::kCocoClasses};
  const training::ThingProjector projector(config, classes, 1);
  const at::Tensor picture = projector.picture().div(projector.picture().norm());
  const at::Tensor others = directions_beside(picture.unsqueeze(0), 2);
  const auto attention = training::keyframe_comparison(
      config, classes, {.picture = picture, .beginning = others[0], .common = others[1], .common_length = 5});
  const at::Tensor video = cup_and_dog(config, projector);
  ck_assert_int_eq(video.size(0), config.segments * config.tokens_per_segment());
  // Before the video stands the beginning, behind it what is known as a picture and shows nothing.
  const at::Tensor tokens[] = {others[0].mul(14).unsqueeze(0), video, picture.mul(42).unsqueeze(0)};
  const at::Tensor all = added(config.language, attention, at::cat(at::TensorList(tokens)), 0);
  const at::Tensor change = all.narrow(0, 1, video.size(0));
  const at::Tensor of_pictures =
      change.unflatten(0, {config.segments, -1}).narrow(1, 0, 32).unflatten(1, {4, 8}).flatten(0, 1).select(1, 0);
  const at::Tensor begins = at::matmul(of_pictures, thing_codes(classes, 1).t());
  const at::Tensor at_end = at::matmul(thing_codes(classes, 1), all[video.size(0) + 1]);
  const auto is_near = [](std::int64_t found, std::int64_t expected) {
    ck_assert_msg(std::abs(found - expected) <= 1, "%lld instead of %lld", static_cast<long long>(found),
                  static_cast<long long>(expected));
  };
  const at::Tensor of_dog = begins.select(1, kDog), of_cup = begins.select(1, kCup);
  is_near(of_dog.argmax().item<std::int64_t>(), kFirst);
  is_near(of_dog.argmin().item<std::int64_t>(), kLast + 1);
  const double most = of_dog.max().item<double>();
  ck_assert_msg(most > 30 && of_dog.min().item<double>() < -30, "%g", most);
  // What is there at first begins there, what is there at last ends at the end.
  ck_assert_int_eq(of_cup.argmax().item<int>(), 0);
  ck_assert_int_eq(at_end.argmin().item<int>(), kCup);
  ck_assert_msg(of_cup[0].item<double>() > 30 && at_end[kCup].item<double>() < -15, "%g, %g", of_cup[0].item<double>(),
                at_end[kCup].item<double>());
  // Nothing else comes or goes, and no cup later.
  at::Tensor rest = begins.clone();
  rest.select(1, kDog).zero_();
  rest.select(1, kCup).narrow(0, 0, 6).zero_();
  ck_assert_msg(rest.abs().max().item<double>() < 0.2 * most, "%g of %g", rest.abs().max().item<double>(), most);
  // Tokens that are no pictures' stay as they are.
  const at::Tensor temporal = change.unflatten(0, {config.segments, -1}).narrow(1, 6, 2);
  ck_assert_msg(temporal.abs().max().item<double>() < 1e-3, "%g", temporal.abs().max().item<double>());
}

/** Each word is told the word before it, if that is one of those that matter. */
GVL_TEST(a_first_layer_tells_the_word_before) {
  const ModelConfig config = with_detector();
  const training::EventClasses classes{45, vision::kCocoClasses};
  const at::Tensor known = directions_beside(at::zeros({0, 192}), 30);
  const at::Tensor picture = known[0], beginning = known[1], common = known[2], told = known.narrow(0, 3, 2);
  training::ComparisonDirections directions{
      .picture = picture, .beginning = beginning, .common = common, .common_length = 5};
  directions.words = {{known[5], told[0].mul(20)}, {known[6], told[1].mul(20)}};
  const auto attention = training::keyframe_comparison(config, classes, directions);
  // Of twenty words behind a video, the ninth and the eighteenth are told to the words behind them.
  constexpr std::int64_t kWords = 20, kFrom = 8, kUntil = 17;
  at::Tensor words = known.narrow(0, 7, kWords).mul(13).add(common.mul(5));
  words[kFrom].copy_(known[5].mul(13).add(common, 5));
  words[kUntil].copy_(known[6].mul(13).add(common, 5));
  const at::Tensor tokens[] = {beginning.mul(14).unsqueeze(0), at::zeros({400, 192}), words};
  const at::Tensor change =
      added(config.language, attention, at::cat(at::TensorList(tokens)), 0).narrow(0, 401, kWords);
  const at::Tensor said = at::matmul(change, told.t());
  for (std::int64_t i = 0; i < 2; ++i) {
    const std::int64_t behind = (i == 0 ? kFrom : kUntil) + 1;
    ck_assert_int_eq(said.select(1, i).argmax().item<int>(), behind);
    ck_assert_msg(said[behind][i].item<double>() > 12, "%g", said[behind][i].item<double>());
    at::Tensor others = said.select(1, i).clone();
    others.narrow(0, behind, 1).zero_();
    ck_assert_msg(others.max().item<double>() < 4, "%g", others.max().item<double>());
  }
  // Of things they are told nothing.
  const double things = at::matmul(change, thing_codes(classes, 1).t()).abs().max().item<double>();
  ck_assert_msg(things < 6, "%g", things);
}

/** What each word of a question is told, with the things of nouns' tokens at first: which thing is asked for at its
 * end. */
GVL_TEST(a_second_layer_reads_which_things_are_named) {
  const gvl::test::TemporaryFolder folder;
  const auto texts = scenes::watched_corpus(3, 4000);
  std::ofstream(folder.path() / "tokenizer.json") << training::train_byte_level_bpe(texts, 2000, {"<|end|>"});
  ModelConfig config = with_detector();
  config.language.vocab_size = 2400;
  config.language.intermediate_size = 512;
  const auto tokenizer = model::load_tokenizer(folder.path() / "tokenizer.json", config);
  const training::EventClasses classes{45, vision::kCocoClasses};
  const training::WordReading reading(config.language, classes, *tokenizer.tokenizer);
  at::manual_seed(1);
  const at::Tensor table = reading.embeddings(at::randn({config.language.vocab_size, 192}));
  const at::Tensor asked = training::event_codes(classes, 192).asked.narrow(0, 45, classes.things);
  const auto read = [&](const std::string& question) {
    const auto ids = tokenizer.tokenizer->encode(question, false);
    const at::Tensor tokens = table.index_select(0, at::tensor(ids, at::kLong));
    return at::matmul(asked, added(config.language, reading.attention(reading_directions(classes)), tokens,
                                   400)[std::ssize(ids) - 1]);
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

/** Before a time, what begins or ends there is looked for; elsewhere nothing is. */
GVL_TEST(what_has_to_be_looked_for_is_known_before_each_time) {
  ModelConfig config = with_detector();
  config.language.intermediate_size = 512;
  config.language.vocab_size = 1454;
  const auto tokenizer = model::load_tokenizer(gvl::test::fixture("phi_c") / "tokenizer" / "tokenizer.json", config);
  const training::EventClasses classes{45, vision::kCocoClasses};
  const training::WordReading reading(config.language, classes, *tokenizer.tokenizer);
  const training::ReadingDirections directions = reading_directions(classes);
  const training::MlpValues mlp = reading.mlp(directions);
  const at::Tensor asked = thing_codes(classes, 0)[kDog].mul(30);
  const at::Tensor word = training::PreviousTokenHeads({}, config.language).common().mul(5);
  const auto added_to = [&](const at::Tensor& token) {
    const at::Tensor normed = token.div(token.square().mean().add(1e-5).sqrt());
    const auto units = at::matmul(mlp.gate_up, normed).chunk(2);
    return at::matmul(mlp.down, at::silu(units[0]).mul(units[1]));
  };
  const auto sought = [&](const at::Tensor& token) { return at::matmul(thing_codes(classes, 1), added_to(token)); };
  const at::Tensor begins = sought(asked.add(word).add(directions.from, 20));
  const at::Tensor ends = sought(asked.add(word).add(directions.until, 20));
  const at::Tensor nothing = sought(asked.add(word));
  ck_assert_int_eq(begins.argmax().item<int>(), kDog);
  ck_assert_int_eq(ends.argmin().item<int>(), kDog);
  const double most = begins[kDog].item<double>();
  ck_assert_msg(most > 40 && ends[kDog].item<double>() < -40, "%g, %g", most, ends[kDog].item<double>());
  ck_assert_msg(nothing.abs().max().item<double>() < 0.15 * most, "%g", nothing.abs().max().item<double>());
  // The very first token is marked.
  const double marked = added_to(directions.beginning.mul(14)).dot(directions.nothing).item<double>();
  ck_assert_msg(marked > 100 && std::abs(added_to(asked.add(word)).dot(directions.nothing).item<double>()) < 5, "%g",
                marked);
  // Pictures are looked at before times and before answers.
  const auto looks = [&](const at::Tensor& known) {
    return added_to(asked.add(word).add(known, 20)).dot(directions.looks).item<double>();
  };
  const double otherwise = std::abs(looks(at::zeros({192})));
  for (const at::Tensor& known : {directions.answer, directions.from, directions.until}) {
    ck_assert_msg(looks(known) > 5 * otherwise && looks(known) > 20, "%g, %g", looks(known), otherwise);
  }
}

/** What is looked for is told the moment at which it is found, and what is seen is said to happen. */
GVL_TEST(a_third_layer_finds_what_is_looked_for) {
  const ModelConfig config = with_detector();
  const training::EventClasses classes{45, vision::kCocoClasses};
  constexpr std::int64_t kMoments = 11, kTokens = 49, kCat = 15, kLast = kTokens - 1;
  const at::Tensor codes[] = {thing_codes(classes, 0), thing_codes(classes, 1)};
  const at::Tensor known = directions_beside(at::cat(at::TensorList(codes)), kMoments + 4);
  const at::Tensor moments = known.narrow(0, 0, kMoments), happens = known[kMoments + 1], looks = known[kMoments + 2];
  const at::Tensor nothing = known[kMoments + 3];
  const at::Tensor picture = known[kMoments];
  const auto attention =
      training::thing_matching_layer(config.language, classes, {moments, picture, looks, nothing, happens}, 400);
  at::Tensor tokens = at::zeros({kTokens, 192});
  tokens[0].add_(nothing, 150);
  const auto put = [&](std::int64_t token, std::int64_t phase, int thing, std::int64_t moment) {
    tokens[token].add_(thing_codes(classes, phase)[thing], 60).add_(moments[moment], 40).add_(picture, 160);
  };
  put(10, 1, kDog, 3);
  put(30, 2, kDog, 7);
  put(20, 1, kCat, 5);
  put(25, 0, kDog, 9);
  // Not a picture, whatever it holds.
  tokens[22].add_(thing_codes(classes, 1)[kDog], 60).add_(moments[2], 40);
  const auto told = [&](std::int64_t phase, int thing) {
    at::Tensor asked = tokens.clone();
    asked[kLast].add_(thing_codes(classes, phase)[thing], phase == 0 ? 50 : 100).add_(looks, 40);
    return added(config.language, attention, asked, 2)[kLast];
  };
  ck_assert_int_eq(at::matmul(moments, told(1, kDog)).argmax().item<int>(), 3);
  ck_assert_int_eq(at::matmul(moments, told(2, kDog)).argmax().item<int>(), 7);
  ck_assert_int_eq(at::matmul(moments, told(1, kCat)).argmax().item<int>(), 5);
  const double seen = told(0, kDog).dot(happens).item<double>(), other = told(0, kCat).dot(happens).item<double>();
  ck_assert_msg(seen > 20 && other < 0.3 * seen, "%g, %g", seen, other);
}

/** Pictures are known by a direction that no other token has, but that behind the video. */
GVL_TEST(only_pictures_are_known_as_such) {
  const gvl::test::TemporaryFolder folder;
  std::ofstream(folder.path() / "tokenizer.json")
      << training::train_byte_level_bpe(scenes::watched_corpus(3, 4000), 2000, {"<|end|>"});
  ModelConfig config = with_detector();
  config.language.vocab_size = 2400;
  config.language.intermediate_size = 512;
  const auto tokenizer = model::load_tokenizer(folder.path() / "tokenizer.json", config);
  const training::EventClasses classes{45, vision::kCocoClasses};
  training::TrainingConfig training{.data = io::JsonValue::parse("{}", "data")};
  training.initialisation.new_layers = {0, 1, 4};
  training.initialisation.things = true;
  const auto initialisers = training::make_initialisers(training, config, true, tokenizer, classes);
  const auto value = training::initialised({}, initialisers, config, training.seed);
  const at::Tensor picture = training::ThingProjector(config, classes, training.seed).picture();
  const at::Tensor table = value("language_model.model.embed_tokens.weight", {2200, 192});
  at::Tensor known = at::matmul(table, picture.div(picture.norm()));
  const std::int64_t question = tokenizer.temporal.grounding_id();
  ck_assert_msg(known[question].item<double>() > 30, "%g", known[question].item<double>());
  known[question].zero_();
  ck_assert(known.abs().max().item<double>() < 1e-3);
  for (const char* name : {"temporal_projector.linear_2.bias", "glb_GN"}) {
    ck_assert(std::abs(value(name, {192}).dot(picture).item<double>()) < 1e-3);
  }
  const at::Tensor matrix = value("temporal_projector.linear_2.weight", {192, 192});
  ck_assert(at::matmul(picture, matrix).abs().max().item<double>() < 1e-3 && matrix.norm().item<double>() > 1);
  ck_assert(value("language_model.model.layers.0.self_attn.o_proj.weight", {192, 192}).norm().item<double>() > 1);
  // The others are of one length, but for nouns.
  const double length = table.norm(2, 1).median().item<double>();
  ck_assert_msg(length > 12 && length < 17, "%g", length);
}

/** Texts whose words the layers cannot know are refused. */
GVL_TEST(reading_layers_need_prompts_and_words) {
  ModelConfig config = with_detector();
  config.language.vocab_size = 1454;
  config.language.intermediate_size = 512;
  const auto tokenizer = model::load_tokenizer(gvl::test::fixture("phi_c") / "tokenizer" / "tokenizer.json", config);
  const auto refused = [&](const std::string& word) {
    try {
      const training::Landmarks landmarks(config.prompts, tokenizer);
      ck_abort_msg("accepted");
    } catch (const Error& error) {
      ck_assert_msg(std::string(error.what()).find(word) != std::string::npos, "%s", error.what());
    }
  };
  config.prompts.absent = "";
  refused("\"absent\"");
  config.prompts.system = "";
  refused("\"system\"");
}

GVL_TEST(comparing_keyframes_needs_room) {
  ModelConfig config = with_detector();
  config.language.kv_heads = 3;
  try {
    training::keyframe_comparison(
        config, {45, vision::kCocoClasses},
        {.picture = at::ones({192}), .beginning = at::ones({192}), .common = at::ones({192}), .common_length = 5});
    ck_abort_msg("heads that share keys were accepted");
  } catch (const Error& error) {
    ck_assert(error.code() == ErrorCode::kInvalidArgument);
  }
}
