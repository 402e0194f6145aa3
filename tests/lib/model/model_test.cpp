/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gvl/model.hpp"

#include <atomic>
#include <cstring>
#include <latch>
#include <thread>

#include "model/loaded_model.hpp"
#include "model_test.hpp"
#include "random_model.hpp"

using namespace gvl;
using namespace gvl::model::test;

namespace {

/** Holds the model's scheduler until it is released. */
class HeldScheduler {
 public:
  explicit HeldScheduler(Model& model) {
    runtime::Scheduler& scheduler = dynamic_cast<model::LoadedModel&>(model).scheduler();
    const auto hold = scheduler.add_stage({"hold", 1, {}, [latch = latch_](const auto&) { latch->wait(); }});
    scheduler.submit(hold, this, std::make_shared<runtime::Job>());
  }
  ~HeldScheduler() { release(); }
  void release() {
    if (!released_) latch_->count_down();
    released_ = true;
  }

 private:
  std::shared_ptr<std::latch> latch_ = std::make_shared<std::latch>(1);
  bool released_ = false;
};

Tensor zeros(DataType type, std::vector<std::int64_t> shape) {
  const Tensor empty(type, std::move(shape));
  auto data = allocate_tensor_data(empty.bytes());
  std::memset(data.get(), 0, empty.bytes());
  return {empty.type, empty.shape, data};
}

VideoWindow empty_window(const Model& model) {
  const ModelConfig& config = model.config();
  return {Future<Tensor>::of(
              zeros(DataType::kFloat32, {config.segments * config.tokens_per_segment(), config.language.hidden_size})),
          8.0};
}

ErrorCode code_of(const std::function<void()>& run) {
  try {
    run();
  } catch (const Error& error) {
    return error.code();
  }
  ck_abort_msg("nothing was thrown");
  return ErrorCode::kCancelled;
}

void check_fixture_answers(const char* name) {
  const Fixture fixture = Fixture::open(io::test::fixture(name));
  const auto model = Model::load(converted(name));
  const auto answers = model->answer(encode(*model, fixture), fixture_queries(), fixture_options(), {});
  ck_assert_int_eq(answers.size(), 3);
  for (std::size_t i = 0; i < answers.size(); ++i) {
    const io::JsonValue expected = fixture.expected.object("generation").object(kFixtureTasks[i]);
    const Answer& answer = answers[i].get();
    ck_assert_msg(answer.tokens == gvl::test::integers(expected.array("tokens")), "%s: other tokens", kFixtureTasks[i]);
    expect_text(answer.text, expected.string("text"));
    expect_text(answer.text_seconds, expected.string("text_seconds"));
    ck_assert(answer.confidence > 0 && answer.confidence <= 1);
    for (const Interval& interval : answer.intervals) {
      ck_assert(0 <= interval.start && interval.start <= interval.stop && interval.stop <= fixture.duration());
      ck_assert(interval.confidence > 0 && interval.confidence <= 1);
    }
  }
}

}  // namespace

GVL_TEST(answers_as_the_published_phi_does) { check_fixture_answers("phi_c"); }

GVL_TEST(answers_as_the_published_llama_does) { check_fixture_answers("llama_c"); }

GVL_TEST(one_model_is_shared_by_who_names_it) {
  auto first = Model::load(converted("phi_c"));
  auto again = Model::load(converted("phi_c") / "../phi_c");
  ck_assert(first == again);
  expect_text(first->device(), "cpu");
  const std::weak_ptr<Model> watch = first;
  first.reset();
  again.reset();
  ck_assert(watch.expired());
  ck_assert(Model::load(converted("phi_c")) != nullptr);
}

GVL_TEST(other_options_make_another_instance) {
  const auto model = Model::load(converted("phi_c"));
  ck_assert(Model::load(converted("phi_c"), {.device = "cpu"}) == model);
  ck_assert(Model::load(converted("phi_c"), {.threads = 1}) != model);
  ck_assert(Model::load(converted("phi_c"), {.spatial = {.max_batch = 1}}) != model);
  ck_assert(Model::load(converted("phi_c"), {.answer = {.max_wait = std::chrono::milliseconds(1)}}) != model);
  expect_error("batch", ErrorCode::kInvalidArgument, {"temporal encoder", "at least one"},
               [] { Model::load(converted("phi_c"), {.temporal = {.max_batch = 0}}); });
}

GVL_TEST(equal_jobs_of_several_streams_give_what_each_gives_alone) {
  const Fixture fixture = Fixture::open(io::test::fixture("phi_c"));
  const auto model = Model::load(converted("phi_c"));
  const Tensor alone = encode(*model, fixture).tokens.get();
  HeldScheduler held(*model);
  std::vector<VideoWindow> windows;
  for (int stream = 0; stream < 3; ++stream) windows.push_back(encode(*model, fixture));
  ck_assert(!windows.back().tokens.ready());
  held.release();
  for (const VideoWindow& window : windows) {
    const Tensor& together = window.tokens.get();
    ck_assert(together.shape == alone.shape);
    for (std::int64_t i = 0; i < alone.elements(); ++i) {
      ck_assert(std::abs(together.as<float>()[i] - alone.as<float>()[i]) < 1e-4f);
    }
  }
}

/** A job that is absorbed by another as soon as it is submitted still gives its caller a future. */
GVL_TEST(futures_are_valid_however_soon_jobs_run) {
  const TemporaryFolder folder;
  convert(io::test::fixture("phi_c"), folder / "m");
  const auto model = Model::load(folder / "m");
  const ModelConfig& config = model->config();
  const Tensor pixels = zeros(DataType::kUInt8, {1, config.spatial.image_size, config.spatial.image_size, 3});
  std::atomic<int> invalid = 0;
  const auto ask = [&] {
    std::vector<Future<Tensor>> futures;
    for (int i = 0; i < 300; ++i) {
      futures.push_back(model->encode_spatial(Future<Tensor>::of(pixels), {}));
      invalid += futures.back().valid() ? 0 : 1;
    }
    for (const auto& future : futures) {
      if (future.valid()) future.get();
    }
  };
  std::thread one(ask), two(ask), three(ask);
  one.join();
  two.join();
  three.join();
  ck_assert_int_eq(invalid.load(), 0);
}

GVL_TEST(cancelled_work_says_so_and_the_rest_goes_on) {
  const Fixture fixture = Fixture::open(io::test::fixture("phi_c"));
  const auto model = Model::load(converted("phi_c"));
  HeldScheduler held(*model);
  const Cancellation cancellation;
  const VideoWindow dropped = encode(*model, fixture, cancellation);
  const auto no_answers = model->answer(dropped, fixture_queries(), fixture_options(), cancellation);
  const VideoWindow kept = encode(*model, fixture);
  cancellation.cancel();
  held.release();
  ck_assert(code_of([&] { dropped.tokens.get(); }) == ErrorCode::kCancelled);
  for (const auto& answer : no_answers) ck_assert(code_of([&] { answer.get(); }) == ErrorCode::kCancelled);
  kept.tokens.get();
}

GVL_TEST(a_running_generation_stops_between_two_tokens) {
  const auto model = Model::load(converted("phi_c"));
  GenerationOptions options;
  options.max_new_tokens = 100000;  // what random weights say would not end before
  const Cancellation cancellation;
  const auto answers = model->answer(empty_window(*model), {fixture_queries()[0]}, options, cancellation);
  model->encode_spatial(Future<Tensor>::of(zeros(DataType::kUInt8, {1, 1, 1, 3})), {});
  cancellation.cancel();
  ck_assert(code_of([&] { answers[0].get(); }) == ErrorCode::kCancelled);
}

GVL_TEST(dropping_the_model_breaks_what_waits) {
  auto model = Model::load(converted("phi_c"));
  const Promise<Tensor> never;
  const Future<Tensor> waiting = model->encode_spatial(never.future(), {});
  HeldScheduler held(*model);
  const auto answers = model->answer(empty_window(*model), {fixture_queries()[0]}, fixture_options(), {});
  held.release();
  model.reset();
  // Either it had begun, or it never will: nobody waits forever.
  try {
    answers[0].get();
  } catch (const Error& error) {
    ck_assert(error.code() == ErrorCode::kCancelled);
  }
  ck_assert(!waiting.ready());
}

GVL_TEST(a_query_that_cannot_be_asked_fails_alone) {
  const auto model = Model::load(converted("phi_c"));
  const std::string endless(100000, 'x');
  const std::vector<Query> queries{{Task::kGrounding, ""},
                                   {Task::kGrounding, "a \xff car"},
                                   {Task::kGrounding, endless},
                                   {Task::kGrounding, "a car"}};
  const auto answers = model->answer(empty_window(*model), queries, fixture_options(), {});
  expect_error("empty", ErrorCode::kInvalidArgument, {"empty"}, [&] { answers[0].get(); });
  expect_error("not UTF-8", ErrorCode::kInvalidArgument, {"UTF-8"}, [&] { answers[1].get(); });
  expect_error("long", ErrorCode::kInvalidArgument, {"too long", "2048"}, [&] { answers[2].get(); });
  ck_assert_int_eq(answers[3].get().tokens.size(), 24);
}

GVL_TEST(tensors_of_another_model_are_named) {
  const auto model = Model::load(converted("phi_c"));
  const auto wrong = [](DataType type, std::vector<std::int64_t> shape) {
    return Future<Tensor>::of(zeros(type, std::move(shape)));
  };
  expect_error("spatial", ErrorCode::kInvalidArgument, {"spatial encoder", "[1, 3, 3, 3]", "[1, 112, 112, 3]"}, [&] {
    model->encode_spatial(wrong(DataType::kUInt8, {1, 3, 3, 3}), {}).get();
  });
  expect_error("temporal", ErrorCode::kInvalidArgument, {"temporal encoder", "float32"}, [&] {
    model->encode_temporal(wrong(DataType::kFloat32, {4, 112, 112, 3}), {}).get();
  });
  expect_error("fusion", ErrorCode::kInvalidArgument, {"gvl/spatial-features"}, [&] {
    model->fuse(wrong(DataType::kFloat32, {1, 1}), wrong(DataType::kFloat32, {1, 1}), {}).get();
  });
  expect_error("window", ErrorCode::kInvalidArgument, {"gvl/video-tokens"}, [&] {
    model->answer({wrong(DataType::kFloat32, {1, 1}), 1}, {fixture_queries()[0]}, fixture_options(), {})[0].get();
  });
}

GVL_TEST(an_input_that_failed_fails_what_needs_it) {
  const auto model = Model::load(converted("phi_c"));
  Promise<Tensor> broken;
  const auto spatial = model->encode_spatial(broken.future(), {});
  broken.set_error(std::make_exception_ptr(Error(ErrorCode::kMalformed, "this frame cannot be read")));
  expect_error("input", ErrorCode::kMalformed, {"this frame cannot be read"}, [&] { spatial.get(); });
}

GVL_TEST(sampling_follows_its_seed) {
  const auto model = Model::load(converted("phi_c"));
  const auto tokens = [&](double temperature, double top_p, std::uint64_t seed) {
    GenerationOptions options = fixture_options();
    options.temperature = temperature;
    options.top_p = top_p;
    options.seed = seed;
    return model->answer(empty_window(*model), {fixture_queries()[0]}, options, {})[0].get().tokens;
  };
  const auto greedy = tokens(0, 1, 0);
  ck_assert(tokens(0, 1, 5) == greedy);
  ck_assert(tokens(2.0, 1, 7) == tokens(2.0, 1, 7));
  ck_assert(tokens(2.0, 1, 7) != tokens(2.0, 1, 8));
  ck_assert_msg(tokens(2.0, 1e-6, 7) == greedy, "a nucleus of one token is greedy");
  ck_assert(tokens(2.0, 1, 7) != greedy);
}

GVL_TEST(unusable_folders_are_named) {
  const TemporaryFolder folder;
  const std::filesystem::path tokenizer = io::test::fixture("phi_c/tokenizer/tokenizer.json");
  const auto expect = [&](const char* label, ErrorCode code, std::vector<std::string> parts) {
    expect_error(label, code, parts, [&] { Model::load(folder.path() / "m"); });
  };
  expect("missing", ErrorCode::kNotFound, {"m"});
  write_file(folder / "m", "");
  expect("file", ErrorCode::kNotFound, {"a model is a folder"});
  std::filesystem::remove(folder / "m");

  model::test::write_random_model(folder / "m", model::test::small_config(), tokenizer);
  Model::load(folder / "m");
  for (const char* name : {"config.json", "model.safetensors", "tokenizer.json"}) {
    const std::string whole = read_file(folder.path() / "m" / name);
    write_file(folder.path() / "m" / name, whole.substr(0, whole.size() / 2));
    expect(name, ErrorCode::kMalformed, {name});
    write_file(folder.path() / "m" / name, "");
    expect(name, ErrorCode::kMalformed, {name});
    std::filesystem::remove(folder.path() / "m" / name);
    expect(name, ErrorCode::kNotFound, {name});
    write_file(folder.path() / "m" / name, whole);
  }
  ModelConfig other = model::test::small_config();
  other.language.vocab_size = 1200;
  model::test::write_random_model(folder / "m", other, tokenizer);
  expect("vocabulary", ErrorCode::kMalformed, {"tokenizer.json", "1200"});
  write_file(folder.path() / "m/config.json", model::test::small_config().to_json());
  expect("shape", ErrorCode::kMalformed, {"model.safetensors", "embed_tokens", "1454", "1200"});
}

GVL_TEST(unknown_devices_are_named) {
  expect_error("device", ErrorCode::kInvalidArgument, {"gpu", "auto"},
               [] { Model::load(converted("phi_c"), {.device = "gpu"}); });
}

GVL_TEST(weights_that_are_no_numbers_are_told) {
  const TemporaryFolder folder;
  std::filesystem::copy(converted("phi_c"), folder / "m");
  const io::SafetensorsFile file = io::SafetensorsFile::open(folder.path() / "m/model.safetensors");
  std::string data = read_file(folder.path() / "m/model.safetensors");
  const Tensor norm = file.get("language_model.model.norm.weight");
  const std::size_t offset = data.find(bytes_of(norm));
  ck_assert(offset != std::string::npos);
  for (std::size_t i = 0; i < norm.bytes(); ++i) data[offset + i] = '\xff';
  write_file(folder.path() / "m/model.safetensors", data);
  const auto model = Model::load(folder / "m");
  expect_error("NaN", ErrorCode::kMalformed, {"not numbers"},
               [&] { model->answer(empty_window(*model), {fixture_queries()[0]}, fixture_options(), {})[0].get(); });
}

GVL_TEST(a_configuration_chooses_its_encoders) {
  const TemporaryFolder folder;
  const auto tokenizer = io::test::fixture("phi_c/tokenizer/tokenizer.json");
  ModelConfig config = model::test::small_config();
  config.temporal.type = "clip";
  model::test::write_random_model(folder / "m", config, tokenizer);
  const auto model = Model::load(folder / "m");
  expect_text(model->config().temporal.type, "clip");
  const std::int64_t size = config.temporal.image_size;
  const Tensor pixels = zeros(DataType::kUInt8, {config.frames_per_segment(), size, size, 3});
  const Tensor features = model->encode_temporal(Future<Tensor>::of(pixels), {}).get();
  ck_assert_int_eq(features.shape[0], config.temporal_tokens_per_segment());

  config.temporal.type = "eye";
  write_file(folder.path() / "m/config.json", config.to_json());
  expect_error("encoder", ErrorCode::kUnsupported, {"config.json", "\"eye\"", "clip, internvideo2"},
               [&] { Model::load(folder / "m", {.threads = 1}); });
}

namespace {

/** A detector that sees two of a segment's frames. */
ModelConfig detector_config() {
  ModelConfig config = model::test::small_config();
  config.spatial = {.image_size = 64,
                    .hidden_size = 102,
                    .mean = {0.5, 0.5, 0.5},
                    .std = {0.2, 0.2, 0.2},
                    .type = "nanodet",
                    .fit = PictureFit::kPad,
                    .keyframes = 2,
                    .objects = 3};
  config.spatial_pooling = SpatialPooling::kNone;
  return config;
}

}  // namespace

GVL_TEST(a_detector_is_a_spatial_encoder) {
  const TemporaryFolder folder;
  const ModelConfig config = detector_config();
  model::test::write_random_model(folder / "m", config, io::test::fixture("phi_c/tokenizer/tokenizer.json"));
  const auto model = Model::load(folder / "m");
  expect_text(model->config().to_json(), config.to_json().c_str());
  const Tensor keyframes = zeros(DataType::kUInt8, {2, 64, 64, 3});
  const auto spatial = model->encode_spatial(Future<Tensor>::of(keyframes), {});
  ck_assert(spatial.get().shape == std::vector<std::int64_t>({2 * 4, 102}));
  const std::int64_t size = config.temporal.image_size;
  const Tensor frames = zeros(DataType::kUInt8, {config.frames_per_segment(), size, size, 3});
  const auto tokens = model->fuse(spatial, model->encode_temporal(Future<Tensor>::of(frames), {}), {});
  ck_assert(tokens.get().shape ==
            std::vector<std::int64_t>({config.tokens_per_segment(), config.language.hidden_size}));
  ck_assert_int_eq(config.tokens_per_segment(), 2 * 4 + config.temporal_tokens_per_segment() + 1);
  expect_error("one keyframe", ErrorCode::kInvalidArgument, {"[1, 64, 64, 3]", "[2, 64, 64, 3]"}, [&] {
    model->encode_spatial(Future<Tensor>::of(zeros(DataType::kUInt8, {1, 64, 64, 3})), {}).get();
  });
}

GVL_TEST(a_configuration_is_refused_where_its_streams_do_not_fit) {
  const TemporaryFolder folder;
  const auto refuse = [&](auto change, std::vector<std::string> words) {
    ModelConfig config = detector_config();
    change(config);
    write_file(folder.path() / "config.json", config.to_json());
    expect_error("streams", ErrorCode::kMalformed, words, [&] { ModelConfig::load(folder / "config.json"); });
  };
  refuse([](ModelConfig& config) { config.spatial.keyframes = 3; }, {"keyframes", "does not divide"});
  refuse([](ModelConfig& config) { config.spatial_pooling = SpatialPooling::kAdaptive8x8; },
         {"spatial_pooling", "\"none\" with a detector"});
  refuse([](ModelConfig& config) { config.temporal = config.spatial; }, {"temporal", "objects"});
}

GVL_TEST(keys_and_values_are_kept_as_is_asked_for) {
  const auto ask = [](const ModelOptions& options) {
    const auto model = Model::load(converted("phi_c"), options);
    const VideoWindow window = encode(*model, Fixture::open(io::test::fixture("phi_c")));
    return model->answer(window, {fixture_queries()[0]}, fixture_options(), {})[0].get();
  };
  const Answer whole = ask({}), narrow = ask({.cache_type = DataType::kBFloat16});
  ck_assert(!narrow.tokens.empty() && narrow.confidence != whole.confidence);
  expect_error("type", ErrorCode::kInvalidArgument, {"int8", "bfloat16"},
               [&] { ask({.cache_type = DataType::kInt8}); });
}
