/* SPDX-License-Identifier: LGPL-2.1-or-later */

// A model of things: what it answers about windows in which its detector would see something, and folders that are
// none.

#include <ATen/ops/zeros.h>

#include <cmath>
#include <cstdlib>

#include "layers/tensor_bridge.hpp"
#include "model_test.hpp"
#include "vision/object_features.hpp"

using namespace gvl;
using namespace gvl::model::test;

namespace {

namespace fs = std::filesystem;
using At = vision::ObjectFeature;

constexpr std::int64_t kDog = 16;
constexpr double kDuration = 48, kStart = 100;

fs::path shipped() { return fs::path(std::getenv("GVL_MODELS")) / "things"; }

/** A copy of the shipped folder that a test may damage. */
class Folder {
 public:
  Folder() { fs::copy(shipped(), path(), fs::copy_options::recursive); }
  fs::path path() const { return root_ / "things"; }
  void replace(const char* file, const std::string& from, const std::string& to) const {
    std::string text = read_file(path() / file);
    const std::size_t at = text.find(from);
    ck_assert_msg(at != text.npos, "%s has no %s", file, from.c_str());
    write_file(path() / file, text.replace(at, from.size(), to));
  }

 private:
  TemporaryFolder root_;
};

/** Two dogs, a second sample of which is missed: in samples 10 to 19 and 30 to 33 of 48, each a second long. */
VideoWindow window_with_dogs(const ModelConfig& config) {
  const std::int64_t rows = config.spatial.objects + 1;
  const at::Tensor tokens = at::zeros({config.frames * rows, vision::kObjectFeatures});
  for (const std::int64_t sample : {10, 11, 13, 14, 15, 16, 17, 18, 19, 30, 31, 32, 33}) {
    for (const std::int64_t row : {0, 1}) tokens[sample * rows + row][At::kScores + kDog] = 0.8F;
  }
  return {Future<Tensor>::of(layers::from_aten(tokens)), kDuration, kStart};
}

std::string described(const Answer& answer) {
  std::string text;
  for (const Interval& interval : answer.intervals) {
    text += std::to_string(std::lround(interval.start)) + "-" + std::to_string(std::lround(interval.stop)) + " ";
  }
  return text;
}

void expect_refused(const Folder& folder, const std::string& named, ErrorCode code = ErrorCode::kMalformed) {
  expect_error(named, code, {folder.path().string(), named}, [&] { Model::load(folder.path()); });
}

}  // namespace

GVL_TEST(windows_are_answered_by_what_is_seen) {
  const auto model = Model::load(shipped());
  const VideoWindow window = window_with_dogs(model->config());
  const auto ask = [&](const char* query, int most) {
    return model->answer(window, {{Task::kGrounding, query}}, {.max_moments = most}, {}).front().get();
  };
  expect_text(described(ask("a dog lies there", 8)), "10-20 30-34 ");
  expect_text(described(ask("a dog lies there", 1)), "10-20 ");
  expect_text(described(ask("a dog appears", 8)), "9-11 29-31 ");
  expect_text(described(ask("an animal", 1)), "10-20 ");
  expect_text(described(ask("a tokamak", 8)), "");
  const Answer absent = ask("a cat and a dog", 8);
  ck_assert_msg(absent.confidence < 0.01, "a cat that is not there: %f", absent.confidence);
  const Answer dog = ask("a dog", 1);
  ck_assert(dog.confidence > 0.6 && dog.confidence <= 0.8);
  ck_assert_msg(dog.text.find("110") != std::string::npos, "no time of the video in '%s'", dog.text.c_str());
}

GVL_TEST(other_tasks_name_the_model) {
  const auto model = Model::load(shipped());
  const VideoWindow window = window_with_dogs(model->config());
  expect_error("qa", ErrorCode::kUnsupported, {shipped().string(), "type things", "not qa"}, [&] {
    model->answer(window, {{Task::kQuestion, "what is this?"}}, {}, {}).front().get();
  });
  ck_assert(!model->config().answers(Task::kDenseCaption) && model->config().answers(Task::kGrounding));
}

GVL_TEST(words_that_it_does_not_know_are_told) {
  const auto model = Model::load(shipped());
  const std::vector<std::string> unknown = model->unknown_words({Task::kGrounding, "two dogs ignite a tokamak"});
  ck_assert_int_eq(unknown.size(), 2);
}

GVL_TEST(configurations_are_written_as_they_are_read) {
  const ModelConfig config = ModelConfig::load(shipped() / "config.json");
  const TemporaryFolder folder;
  write_file(folder / "config.json", config.to_json());
  expect_text(ModelConfig::load(folder / "config.json").to_json(), config.to_json());
}

GVL_TEST(damaged_folders_are_named) {
  const auto damaged = [](const char* file, const std::string& from, const std::string& to, const std::string& named,
                          ErrorCode code = ErrorCode::kMalformed) {
    const Folder folder;
    folder.replace(file, from, to);
    expect_refused(folder, named, code);
  };
  damaged("config.json", "\"objects\" : 8,", "", "spatial");
  damaged("config.json", "\"frames\" : 48", "\"frames\" : 2", "segments");
  damaged("config.json", "\"nanodet-plus\"", "\"clip\"", "spatial.type: is 'clip'", ErrorCode::kUnsupported);
  damaged("config.json", "\"max_moments\"", "\"search\": {\"smoothing\": 2}, \"max_moments\"", "search.smoothing");
  damaged("config.json", "\"max_moments\"", "\"search\": {\"part\": 1.5}, \"max_moments\"", "search.part");
  damaged("config.json", "\"max_moments\"", "\"search\": {\"parts\": 0.5}, \"max_moments\"", "parts");
  damaged("things.json", "{\"name\": \"bicycle\"", "{\"nam\": \"bicycle\"", "things[1]");
  damaged("things.json", "\"colours\"", "\"colors\"", "colors");
  const Folder without;
  fs::remove(without.path() / "things.json");
  expect_refused(without, "things.json", ErrorCode::kNotFound);
}
