/* SPDX-License-Identifier: LGPL-2.1-or-later */

// A similarity model against transformers' CLIPModel (tests/data/clip), and what it answers.

#include "model/similarity_engine.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <cmath>

#include "layers/tensor_bridge.hpp"
#include "model_test.hpp"

using namespace gvl;
using namespace gvl::model::test;

namespace {

namespace fs = std::filesystem;

constexpr const char* kModels[] = {"clip/quick-gelu", "clip/gelu"};
constexpr double kParity = 1e-4;

/** A converted fixture, and what transformers says of it. */
struct Clip {
  explicit Clip(const std::string& name)
      : folder(converted(name)),
        config(ModelConfig::load(folder / "config.json")),
        parameters(folder, config.dtype),
        network(layers::Parameters(parameters, at::kCPU, at::kFloat), config),
        tokenizer(model::load_text_tokenizer(folder / "tokenizer.json", config)),
        expected(io::JsonValue::load(fixture(name) / "expected.json")) {}

  fs::path folder;
  ModelConfig config;
  model::FolderParameters parameters;
  model::SimilarityNetwork network;
  std::shared_ptr<const text::Tokenizer> tokenizer;
  io::JsonValue expected;
};

std::vector<double> numbers(const io::JsonValue& array) {
  std::vector<double> values;
  for (const io::JsonValue& value : array.elements()) values.push_back(value.as_number());
  return values;
}

void expect_near(const std::string& what, const at::Tensor& found, const std::vector<double>& expected) {
  const at::Tensor values = found.to(at::kFloat).contiguous();
  ck_assert_int_eq(values.numel(), static_cast<std::int64_t>(expected.size()));
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const double difference = std::abs(static_cast<double>(values.data_ptr<float>()[i]) - expected[i]);
    ck_assert_msg(difference < kParity, "%s: value %zu is off by %g", what.c_str(), i, difference);
  }
}

/** The fixtures' pictures: a segment's, uint8 [n, S, S, 3]. */
Tensor pictures(const ModelConfig& config) {
  const std::string bytes = read_file(fixture("clip/pictures.rgb"));
  auto data = allocate_tensor_data(bytes.size());
  std::copy(bytes.begin(), bytes.end(), reinterpret_cast<char*>(data.get()));
  const std::int64_t size = config.spatial.image_size;
  return {DataType::kUInt8, {static_cast<std::int64_t>(bytes.size()) / (size * size * 3), size, size, 3}, data};
}

/** A window whose samples `first` to `last` are like a query, more than the others by a little noise. */
VideoWindow window_of(const ModelConfig& config, const at::Tensor& query, std::int64_t first, std::int64_t last) {
  std::vector<at::Tensor> samples;
  gvl::test::Random random;
  const std::int64_t width = config.similarity.embedding_size;
  for (std::int64_t i = 0; i < config.frames; ++i) {
    std::vector<float> noise;
    for (std::int64_t j = 0; j < width; ++j) noise.push_back(static_cast<float>(random.below(2001)) / 1000 - 1);
    const at::Tensor sample = at::tensor(noise) * 0.1 + query * (i >= first && i <= last ? 1.0 : 0.2);
    samples.push_back(sample / sample.norm());
  }
  return {Future<Tensor>::of(layers::from_aten(at::stack(samples))), 60, 100};
}

Answer ask(Model& model, const VideoWindow& window, const Query& query, const GenerationOptions& options = {}) {
  return model.answer(window, {query}, options, {}).front().get();
}

/** The model with nothing beside the bare query: what random weights say of generic texts tells nothing. */
class BareModel {
 public:
  BareModel() {
    fs::copy(converted(kModels[0]), folder());
    ModelConfig config = ModelConfig::load(folder() / "config.json");
    config.similarity.generic_queries.clear();
    write_file(folder() / "config.json", config.to_json());
  }
  fs::path folder() const { return root_ / "bare"; }

 private:
  TemporaryFolder root_;
};

/** A copy of the fixture that a test may damage. */
class Release {
 public:
  explicit Release(const char* name) {
    fs::copy(fixture(name), root(), fs::copy_options::recursive);
    fs::remove(root() / "expected.json");
  }
  fs::path root() const { return folder_ / "release"; }
  fs::path out() const { return folder_ / "out"; }

 private:
  TemporaryFolder folder_;
};

void expect_refused(const Release& release, const std::string& label, ErrorCode code,
                    const std::vector<std::string>& parts) {
  expect_error(label, code, parts, [&] { convert(release.root(), release.out()); });
  ck_assert_msg(!fs::exists(release.out()), "%s: something was written", label.c_str());
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  ck_assert_msg(at != text.npos, "the test has no %s to replace", from.c_str());
  return text.replace(at, from.size(), to);
}

}  // namespace

GVL_TEST(ids_and_texts_are_those_of_transformers) {
  const c10::InferenceMode inference;
  for (const char* name : kModels) {
    const Clip clip(name);
    for (const io::JsonValue& known : clip.expected.array("texts").elements()) {
      const std::string label = std::string(name) + " '" + known.string("text") + "'";
      const auto ids = clip.tokenizer->encode(known.string("text"));
      std::vector<std::int64_t> expected;
      for (const io::JsonValue& id : known.array("ids").elements()) expected.push_back(id.as_integer());
      std::string found;
      for (const std::int64_t id : ids) found += " " + clip.tokenizer->id_to_token(id).value_or("?");
      ck_assert_msg(ids == expected, "%s: is read as%s", label.c_str(), found.c_str());
      // transformers reads what lies before the first end token, which no query's text can name.
      if (std::count(ids.begin(), ids.end(), ids.back()) > 1) continue;
      expect_near(label, clip.network.texts().forward(ids), numbers(known.array("embedding")));
    }
  }
}

GVL_TEST(pictures_are_those_of_transformers) {
  for (const char* name : kModels) {
    const Clip clip(name);
    const auto model = Model::load(clip.folder);
    const Tensor features = model->encode_spatial(Future<Tensor>::of(pictures(clip.config)), {}).get();
    std::vector<double> expected;
    for (const io::JsonValue& picture : clip.expected.array("pictures").elements()) {
      const std::vector<double> row = numbers(picture);
      expected.insert(expected.end(), row.begin(), row.end());
    }
    expect_near(name, layers::to_aten(features).flatten(), expected);
  }
}

GVL_TEST(converting_again_gives_the_same) {
  const Clip clip(kModels[0]);
  expect_text(clip.config.to_json(), read_file(clip.folder / "config.json"));
  ck_assert(clip.config.type == ModelType::kSimilarity);
  ck_assert_int_eq(clip.config.spatial.keyframes, clip.config.frames_per_segment());
  ck_assert_int_eq(clip.config.tokens_per_segment(), clip.config.frames_per_segment());
  const ModelSummary summary = verify(clip.folder);
  expect_text(summary.type, "similarity");
}

GVL_TEST(small_weights_are_nearly_as_good) {
  const c10::InferenceMode inference;
  const TemporaryFolder out;
  convert(converted(kModels[0]), out / "int8", {.dtype = WeightType::kInt8});
  const Clip clip(kModels[0]);
  const auto small = Model::load(out / "int8"), whole = Model::load(clip.folder);
  ck_assert(small->config().dtype == WeightType::kInt8);
  const auto features = [&](Model& model) {
    return layers::to_aten(model.encode_spatial(Future<Tensor>::of(pictures(clip.config)), {}).get()).squeeze(0);
  };
  const at::Tensor cosines = (features(*small) * features(*whole)).sum(-1);
  ck_assert_msg(cosines.min().item<double>() > 0.99, "a cosine of %f", cosines.min().item<double>());
}

GVL_TEST(a_query_is_the_mean_of_its_phrasings_and_encoded_once) {
  const c10::InferenceMode inference;
  const model::SimilarityEngine engine(converted(kModels[0]), at::kCPU);
  const Clip clip(kModels[0]);
  at::Tensor sum = at::zeros({clip.config.similarity.embedding_size});
  for (const char* text : {"a red car", "a photo of a red car", "a video frame that shows a red car"}) {
    sum = sum + clip.network.texts().forward(clip.tokenizer->encode(text));
  }
  const at::Tensor found = engine.texts().of({Task::kGrounding, " a red car\n"}, {});
  ck_assert((found - sum / sum.norm()).abs().max().item<float>() < 1e-6F);
  ck_assert(engine.texts().of({Task::kGrounding, "a red car"}, {}).data_ptr() == found.data_ptr());
}

GVL_TEST(finds_when_pictures_are_like_the_query) {
  const BareModel bare;
  const model::SimilarityEngine engine(bare.folder(), at::kCPU);
  const auto model = Model::load(bare.folder());
  const Query query{Task::kGrounding, "a person opens the door"};
  const VideoWindow window = window_of(model->config(), engine.texts().of(query, {}), 30, 59);
  const Answer answer = ask(*model, window, query, {.max_moments = 1});
  ck_assert_int_eq(static_cast<int>(answer.intervals.size()), 1);
  // Sample i of 120 is shown from i / 2 to (i + 1) / 2 seconds.
  ck_assert_msg(std::abs(answer.intervals[0].start - 15) < 0.6, "%f", answer.intervals[0].start);
  ck_assert_msg(std::abs(answer.intervals[0].stop - 30) < 0.6, "%f", answer.intervals[0].stop);
  ck_assert_msg(answer.intervals[0].confidence > 0.5, "%f", answer.intervals[0].confidence);
  // Times in words are the video's: the window begins at 100 s.
  ck_assert_msg(answer.text_seconds.starts_with("From 11"), "%s", answer.text_seconds.c_str());
  VideoWindow uneven = window;
  uneven.boundaries = {0};
  for (int i = 1; i <= 12; ++i) uneven.boundaries.push_back(i < 6 ? i : 5 + (i - 5) * 55.0 / 7);
  const Answer stretched = ask(*model, uneven, query, {.max_moments = 1});
  ck_assert_msg(std::abs(stretched.intervals.at(0).start - 3) < 0.15, "%f", stretched.intervals[0].start);
  const VideoWindow nothing = window_of(model->config(), engine.texts().of(query, {}), 1, 0);
  for (const Interval& interval : ask(*model, nothing, query).intervals)
    ck_assert_msg(interval.confidence < model->config().min_confidence, "%f", interval.confidence);
}

GVL_TEST(what_it_cannot_answer_is_said) {
  const auto model = Model::load(converted(kModels[0]));
  const VideoWindow window = window_of(model->config(), at::ones({model->config().similarity.embedding_size}), 1, 0);
  for (const Task task : {Task::kQuestion, Task::kReferring, Task::kDenseCaption}) {
    expect_error("task", ErrorCode::kUnsupported, {"quick-gelu", "grounding", std::string(name_of(task))}, [&] {
      ask(*model, window, {task, "What is happening from 1 to 2 seconds?"});
    });
  }
  std::string endless;
  for (int i = 0; i < 80; ++i) endless += "cat ";
  expect_error("long", ErrorCode::kInvalidArgument, {"too long", "77"}, [&] {
    ask(*model, window, {Task::kGrounding, endless});
  });
  expect_error("empty", ErrorCode::kInvalidArgument, {"empty"}, [&] { ask(*model, window, {Task::kGrounding, " "}); });
  expect_error("bytes", ErrorCode::kInvalidArgument, {"UTF-8"}, [&] {
    ask(*model, window, {Task::kGrounding, "\xff"});
  });
  // A query's text names no token: it cannot end the text early.
  ck_assert(ask(*model, window, {Task::kGrounding, "a<|endoftext|>b"}).query.text == "a<|endoftext|>b");
}

GVL_TEST(a_folder_of_the_release_is_no_model_yet) {
  expect_error("load", ErrorCode::kUnsupported, {"quick-gelu", "gvl-convert"},
               [] { Model::load(fixture(kModels[0])); });
}

GVL_TEST(files_that_are_missing_or_cut_short_are_named) {
  for (const char* name : kModels) {
    const Release release(name);
    for (const auto& entry : fs::directory_iterator(release.root())) {
      const std::string file = entry.path().filename().string(), whole = read_file(entry.path());
      // Without it the folder is looked at as one of the official release.
      if (file != "config.json") {
        fs::remove(entry.path());
        expect_error(file + " missing", ErrorCode::kNotFound, {}, [&] { convert(release.root(), release.out()); });
      }
      for (const std::string& cut : {whole.substr(0, whole.size() / 2), std::string()}) {
        write_file(entry.path(), cut);
        // Half of the merges are a list of merges.
        if (file == "merges.txt") continue;
        ck_assert(!loads_or_throws(file, [&] { convert(release.root(), release.out()); }));
        ck_assert(!fs::exists(release.out()));
      }
      write_file(entry.path(), whole);
    }
    convert(release.root(), release.out());
  }
}

GVL_TEST(what_transformers_would_do_otherwise_is_refused) {
  struct Case {
    const char *file, *from, *to;
    ErrorCode code;
    std::vector<std::string> parts;
  };
  const ErrorCode malformed = ErrorCode::kMalformed, unsupported = ErrorCode::kUnsupported;
  const Case cases[] = {
      {"config.json",
       "\"hidden_act\": \"quick_gelu\"",
       "\"hidden_act\": \"relu\"",
       unsupported,
       {"hidden_act", "relu"}},
      {"config.json", "\"patch_size\": 8", "\"patch_size\": 16", malformed, {"embeddings.p"}},
      {"config.json", "\"patch_size\": 8", "\"patch_size\": 7", malformed, {"config.json", "patch_size"}},
      {"config.json", "\"projection_dim\": 20", "\"projection_dim\": \"20\"", malformed, {"projection_dim"}},
      {"preprocessor_config.json",
       "\"do_center_crop\": true",
       "\"do_center_crop\": false",
       unsupported,
       {"preprocessor_config.json", "do_center_crop"}},
      {"preprocessor_config.json", "\"resample\": 3", "\"resample\": 2", unsupported, {"resample", "bicubic"}},
      {"preprocessor_config.json", "\"shortest_edge\": 32", "\"shortest_edge\": 64", unsupported, {"size", "32"}},
      {"tokenizer.json", "\"<|endoftext|>\"", "\"<|end|>\"", malformed, {"tokenizer.json"}},
  };
  for (const Case& one : cases) {
    const Release release(kModels[0]);
    const fs::path file = release.root() / one.file;
    write_file(file, replaced(read_file(file), one.from, one.to));
    expect_refused(release, one.to, one.code, one.parts);
  }
  const Release older(kModels[1]);
  write_file(older.root() / "vocab.json", replaced(read_file(older.root() / "vocab.json"), "<|endoftext|>", "<|end|>"));
  expect_refused(older, "vocabulary", malformed, {"vocab.json", "<|endoftext|>"});
  write_file(older.root() / "vocab.json", read_file(fixture(kModels[1]) / "vocab.json"));
  write_file(older.root() / "merges.txt", "#version\none two three\n");
  expect_refused(older, "merges", malformed, {"merges[0]"});
}

GVL_TEST(members_of_the_configuration_are_checked) {
  const TemporaryFolder folder;
  const std::string whole = read_file(converted(kModels[0]) / "config.json");
  struct Case {
    const char *from, *to;
    std::vector<std::string> parts;
  };
  const Case cases[] = {
      {"\"similarity\"", "\"other\"", {"type", "other", "similarity"}},
      {"\"frames\" : 120", "\"frames\" : 4800", {"frames", "2048"}},
      {"\"frames\" : 120", "\"frames\" : 121", {"segments", "does not divide"}},
      {"\"heads\" : 3", "\"heads\" : 5", {"spatial", "heads"}},
      {"\"max_positions\" : 77", "\"max_positions\" : 2", {"text.max_positions"}},
      {"\"logit_scale\" : ", "\"logit_scale\" : -", {"logit_scale"}},
      {"\"a photo of {query}\"", "\"a photo\"", {"phrasings[1]", "{query}"}},
      {"\"a picture\"", "\"\"", {"generic_queries[1]", "empty"}},
      {"\"smoothing\" : 1", "\"smoothing\" : -1", {"search.smoothing"}},
      {"\"shortest\" : 2", "\"shortest\" : 61", {"search.shortest"}},
      {"\"separation\" : 2", "\"seperation\" : 2", {"search", "seperation"}},
      {"\"embedding_size\" : 20", "\"embedding_size\" : 0", {"embedding_size"}},
      {"\"min_confidence\" : 0.5", "\"min_confidence\" : 2", {"min_confidence"}},
  };
  for (const Case& one : cases) {
    write_file(folder / "config.json", replaced(whole, one.from, one.to));
    std::vector<std::string> parts = one.parts;
    parts.push_back("config.json");
    bool refused = false;
    try {
      ModelConfig::load(folder / "config.json");
    } catch (const Error& error) {
      refused = true;
      for (const std::string& part : parts)
        ck_assert_msg(std::string(error.what()).find(part) != std::string::npos, "no '%s' in: %s", part.c_str(),
                      error.what());
    }
    ck_assert_msg(refused, "%s was taken", one.to);
  }
}

/** Damaged files are an error that names them, or load. */
GVL_TEST(random_damage_is_an_error_or_nothing) {
  Random random;
  const TemporaryFolder folder;
  fs::copy(converted(kModels[0]), folder / "m");
  for (const char* name : {"config.json", "tokenizer.json"}) {
    const std::string whole = read_file(folder / "m" / name);
    for (int i = 0; i < 20; ++i) {
      write_file(folder / "m" / name, mutate(whole, random));
      loads_or_throws("/m", [&] { model::SimilarityEngine(folder / "m", at::kCPU); });
    }
    write_file(folder / "m" / name, whole);
  }
}
