/* SPDX-License-Identifier: LGPL-2.1-or-later */

// The default model, a composite: each query is answered as the member that knows its words answers alone, and folders
// that are none are named.

#include <ATen/ops/cat.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/randint.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>
#include <cstdlib>

#include "gvl/model_folders.hpp"
#include "layers/tensor_bridge.hpp"
#include "model_test.hpp"
#include "vision/object_features.hpp"

using namespace gvl;
using namespace gvl::model::test;

namespace {

namespace fs = std::filesystem;
using At = vision::ObjectFeature;
using layers::from_aten;
using layers::to_aten;

constexpr std::int64_t kDog = 16;
constexpr double kDuration = 48;

fs::path shipped(const char* name) { return fs::path(std::getenv("GVL_MODELS")) / name; }

/** The three shipped models beside each other, of which a test may change the composite. */
class Models {
 public:
  Models() {
    for (const char* name : {"default", "faults", "things"}) fs::copy(shipped(name), root_ / name);
  }
  fs::path path(const char* name) const { return root_ / name; }
  void describe(const std::string& members, const std::string& more = "") const {
    write_file(path("default") / "config.json",
               R"({"type": "composite", "format_version": 1, "members": )" + members + more + "}");
  }
  void replace(const char* name, const std::string& from, const std::string& to) const {
    const fs::path file = path(name) / "config.json";
    std::string text = read_file(file);
    const std::size_t at = text.find(from);
    ck_assert_msg(at != text.npos, "%s has no %s", name, from.c_str());
    write_file(file, text.replace(at, from.size(), to));
  }

 private:
  TemporaryFolder root_;
};

Tensor random_pixels(std::int64_t count, std::int64_t size) {
  return from_aten(at::randint(256, {count, size, size, 3}, at::kByte));
}

Tensor of_segment(Model& model, const Tensor& spatial, const Tensor& temporal) {
  return model
      .fuse(model.encode_spatial(Future<Tensor>::of(spatial), {}),
            model.encode_temporal(Future<Tensor>::of(temporal), {}), {})
      .get();
}

/** Tokens of the language member drawn at random, and those of a detector that sees two dogs in samples 10 to 19. */
struct TwoTokens {
  at::Tensor language, things;

  explicit TwoTokens(const ModelConfig& config) {
    const ModelConfig &first = config.members[0], &second = config.members[1];
    language = at::rand({config.segments, first.tokens_per_segment(), first.token_width()}).sub(0.5);
    const std::int64_t rows = second.spatial.objects + 1;
    const at::Tensor seen = at::zeros({second.frames * rows, vision::kObjectFeatures});
    for (std::int64_t sample = 10; sample < 20; ++sample) {
      for (const std::int64_t row : {0, 1, 2}) seen[sample * rows + row][At::kScores + kDog] = 0.8F;
    }
    things = seen.view({config.segments, second.tokens_per_segment(), second.token_width()});
  }

  static VideoWindow window(const at::Tensor& tokens) {
    return {Future<Tensor>::of(from_aten(tokens.flatten(0, 1).contiguous())), kDuration};
  }
  at::Tensor both() const {
    return at::cat({language, at::constant_pad_nd(things, {0, language.size(2) - things.size(2)})}, 1);
  }
};

double stretched(double confidence, double from, double to) {
  return confidence < from ? confidence * to / from : to + (confidence - from) * (1 - to) / (1 - from);
}

constexpr double kTolerance = 1e-4;  // queries that are decoded together round otherwise than alone

void expect_same(const Answer& found, const Answer& alone, double from, double to) {
  expect_text(found.text_seconds, alone.text_seconds);
  expect_text(found.text, alone.text);
  ck_assert_uint_eq(found.intervals.size(), alone.intervals.size());
  ck_assert_double_eq_tol(found.confidence, stretched(alone.confidence, from, to), kTolerance);
  for (std::size_t i = 0; i < alone.intervals.size(); ++i) {
    ck_assert_double_eq_tol(found.intervals[i].start, alone.intervals[i].start, 1e-9);
    ck_assert_double_eq_tol(found.intervals[i].stop, alone.intervals[i].stop, 1e-9);
    ck_assert_double_eq_tol(found.intervals[i].confidence, stretched(alone.intervals[i].confidence, from, to),
                            kTolerance);
  }
}

}  // namespace

GVL_TEST(segments_have_the_tokens_of_both_members) {
  const auto both = Model::load(shipped("default")), faults = Model::load(shipped("faults")),
             things = Model::load(shipped("things"));
  const ModelConfig& config = both->config();
  const Tensor spatial = random_pixels(config.spatial.keyframes, config.spatial.image_size);
  const Tensor temporal = random_pixels(config.frames_per_segment(), config.temporal.image_size);
  const Tensor key = from_aten(to_aten(temporal).narrow(0, keyframe_of(config.frames_per_segment()), 1));
  const at::Tensor tokens = to_aten(of_segment(*both, spatial, temporal));
  const at::Tensor of_faults = to_aten(of_segment(*faults, key, temporal));
  const at::Tensor of_things = to_aten(of_segment(*things, spatial, spatial));
  ck_assert_int_eq(tokens.size(0), of_faults.size(0) + of_things.size(0));
  ck_assert(tokens.narrow(0, 0, of_faults.size(0)).equal(of_faults));
  const at::Tensor rest = tokens.narrow(0, of_faults.size(0), of_things.size(0));
  ck_assert(rest.narrow(1, 0, of_things.size(1)).equal(of_things));
  ck_assert(!rest.narrow(1, of_things.size(1), rest.size(1) - of_things.size(1)).any().item<bool>());
}

GVL_TEST(each_query_goes_to_the_member_that_knows_its_words) {
  const auto both = Model::load(shipped("default")), faults = Model::load(shipped("faults")),
             things = Model::load(shipped("things"));
  const double scale = both->config().min_confidence;
  const TwoTokens tokens(both->config());
  const std::vector<Query> queries{{Task::kGrounding, "two dogs"},
                                   {Task::kGrounding, "the picture goes black"},
                                   {Task::kGrounding, "a red car"},
                                   {Task::kQuestion, "What happens to the dogs?"},
                                   {Task::kDenseCaption, ""},
                                   {Task::kGrounding, "a dog appears"},
                                   {Task::kGrounding, "a dog walks along the road in the evening"},
                                   {Task::kGrounding, "a hand covers the lens"}};
  const auto found = both->answer(TwoTokens::window(tokens.both()), queries, {}, {});
  ck_assert_uint_eq(found.size(), queries.size());
  for (std::size_t i = 0; i < queries.size(); ++i) {
    const bool of_things = i == 0 || i == 2 || i == 5 || i == 6;
    Model& alone = of_things ? *things : *faults;
    const VideoWindow window = TwoTokens::window(of_things ? tokens.things : tokens.language);
    expect_same(found[i].get(), alone.answer(window, {queries[i]}, {}, {}).front().get(), alone.config().min_confidence,
                scale);
  }
  const Interval dogs = found[0].get().intervals.at(0);
  ck_assert(dogs.start > 9 && dogs.stop < 21 && dogs.confidence >= scale);
}

GVL_TEST(several_windows_are_answered_in_their_order) {
  const auto both = Model::load(shipped("default"));
  const TwoTokens tokens(both->config());
  const VideoWindow window = TwoTokens::window(tokens.both());
  const VideoWindow other = TwoTokens::window(at::zeros_like(tokens.both()));
  const VideoWindow none = TwoTokens::window(tokens.things);
  const auto first = both->answer(window, {{Task::kGrounding, "two dogs"}}, {}, {});
  const auto wrong = both->answer(none, {{Task::kGrounding, "two dogs"}, {Task::kQuestion, "why?"}}, {}, {});
  const auto second = both->answer(other, {{Task::kGrounding, "two dogs"}}, {}, {});
  ck_assert_uint_eq(first[0].get().intervals.size(), 1);
  ck_assert_uint_eq(second[0].get().intervals.size(), 0);
  for (const auto& answer : wrong) {
    expect_error("another model's tokens", ErrorCode::kInvalidArgument, {"gvl/video-tokens"}, [&] { answer.get(); });
  }
}

GVL_TEST(unknown_words_are_those_of_the_member_that_is_asked) {
  const auto both = Model::load(shipped("default"));
  const auto unknown = [&](Task task, const std::string& text) { return both->unknown_words({task, text}); };
  ck_assert(unknown(Task::kGrounding, "a person waits") == std::vector<std::string>{"waits"});
  ck_assert(unknown(Task::kGrounding, "the picture goes black").empty());
  ck_assert(unknown(Task::kGrounding, "a tokamak") == std::vector<std::string>{"tokamak"});
  const Query question{Task::kQuestion, "does a person wait?"};
  const auto faults = Model::load(shipped("faults"))->unknown_words(question);
  ck_assert(std::find(faults.begin(), faults.end(), "person") != faults.end());
  ck_assert(both->unknown_words(question) == faults);
}

GVL_TEST(a_members_min_confidence_is_the_composites) {
  for (const double least : {0.0, 0.1, 0.9, 1.0}) {
    const Models models;
    models.describe(R"(["faults", "things"])", ", \"min_confidence\": " + std::to_string(least));
    const auto both = Model::load(models.path("default")), things = Model::load(models.path("things"));
    const TwoTokens tokens(both->config());
    const auto ask = [](Model& model, const at::Tensor& rows) {
      return model.answer(TwoTokens::window(rows), {{Task::kGrounding, "two dogs"}}, {}, {}).front().get();
    };
    expect_same(ask(*both, tokens.both()), ask(*things, tokens.things), things->config().min_confidence, least);
  }
}

GVL_TEST(configurations_are_written_as_they_are_read) {
  const Models models;
  const ModelConfig config = ModelConfig::load(models.path("default") / "config.json");
  ck_assert(config.answers(Task::kQuestion) && config.answers(Task::kGrounding));
  write_file(models.path("default") / "config.json", config.to_json());
  const ModelConfig again = ModelConfig::load(models.path("default") / "config.json");
  expect_text(again.to_json(), config.to_json());
  ck_assert_int_eq(again.tokens_per_segment(), config.tokens_per_segment());
}

GVL_TEST(folders_that_are_no_composites_are_named) {
  const auto refused = [](const std::string& members, const std::string& named, ErrorCode code = ErrorCode::kMalformed,
                          const std::string& more = "") {
    const Models models;
    models.describe(members, more);
    const std::string file = (models.path("default") / "config.json").string();
    expect_error(members, code, {file, named}, [&] { Model::load(models.path("default")); });
  };
  refused(R"(["faults"])", "members: needs two");
  refused(R"(["faults", "things", "things"])", "members: needs two");
  refused(R"("faults")", "members");
  refused(R"(["things", "faults"])", "members[0]: is not a Grounded-VideoLLM");
  refused(R"(["faults", "faults"])", "members[1]: is not a model of things");
  refused(R"(["default", "things"])", "members[0]: is not a Grounded-VideoLLM");
  refused(R"(["faults", "../things"])", "members[1]: is not the name of a folder");
  refused(R"(["faults", ".."])", "members[1]: is not the name of a folder");
  refused(R"(["faults", ""])", "members[1]: is not the name of a folder");
  refused(R"(["faults", "nothing"])", "members[1]: there is no", ErrorCode::kNotFound);
  refused(R"(["faults", "things"])", "min_confidence", ErrorCode::kMalformed, R"(, "min_confidence": 2)");
  refused(R"(["faults", "things"])", "frames", ErrorCode::kMalformed, R"(, "frames": 96)");
}

GVL_TEST(members_that_do_not_go_together_are_named) {
  const auto refused = [](const char* member, const std::string& from, const std::string& to, const std::string& named,
                          ErrorCode code = ErrorCode::kMalformed) {
    const Models models;
    models.replace(member, from, to);
    const std::string file = (models.path("default") / "config.json").string();
    expect_error(named, code, {file, named}, [&] { Model::load(models.path("default")); });
  };
  refused("things", "\"segments\" : 12", "\"segments\" : 6", "members: have 12 and 6 segments");
  refused("things", "\"frames\" : 48", "\"frames\" : 36", "members: have 8 and 3 frames");
  refused("faults", "\"image_size\" : 96", "\"image_size\" : 48", "members[0]: sees other pictures",
          ErrorCode::kUnsupported);
}

GVL_TEST(a_composites_files_lie_in_three_folders) {
  const Models models;
  const auto names_of = [](const std::vector<fs::path>& folders) {
    std::string names;
    for (const fs::path& folder : folders) names += folder.filename().string() + " ";
    return names;
  };
  expect_text(names_of(folders_of_model(models.path("default"))), "default faults things ");
  expect_text(names_of(folders_of_model(models.path("things"))), "things ");
  expect_text(names_of(folders_of_model(models.path("nothing"))), "nothing ");
  for (const fs::path& folder : folders_of_model(models.path("default"))) ck_assert(fs::exists(folder / "config.json"));
}

GVL_TEST(damage_in_a_member_is_named) {
  const Models models;
  fs::remove(models.path("things") / "things.json");
  expect_error("things.json", ErrorCode::kNotFound, {(models.path("things") / "things.json").string()},
               [&] { Model::load(models.path("default")); });
}

GVL_TEST(a_composite_is_checked_as_its_members_are_and_not_converted) {
  const ModelSummary both = verify(shipped("default")), faults = verify(shipped("faults")),
                     things = verify(shipped("things"));
  expect_text(both.type, "composite");
  ck_assert_uint_eq(both.tensors, faults.tensors + things.tensors);
  ck_assert_uint_eq(both.bytes, faults.bytes + things.bytes);
  const TemporaryFolder folder;
  const auto convert_it = [&] { convert(shipped("default"), folder / "out", {.dtype = WeightType::kInt8}); };
  expect_error("convert", ErrorCode::kUnsupported, {shipped("default").string(), "faults and things"}, convert_it);
  ck_assert(!fs::exists(folder / "out"));
}
