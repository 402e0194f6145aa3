/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <opencv2/videoio.hpp>

#include "io/language_model.hpp"
#include "model/model_folder.hpp"
#include "training/batch.hpp"
#include "training/conversation_file.hpp"
#include "training/scene_source.hpp"
#include "training/video_source.hpp"
#include "training_test.hpp"

using namespace gvl;
using namespace gvl::training::test;

namespace {

namespace fs = std::filesystem;

constexpr double kRate = 10;

/** A video whose frame i is grey, 8 i bright. */
void write_grey_video(const fs::path& file, int frames) {
  cv::VideoWriter video(file.string(), cv::CAP_OPENCV_MJPEG, cv::VideoWriter::fourcc('M', 'J', 'P', 'G'), kRate,
                        {64, 48});
  for (int i = 0; i < frames; ++i) video.write(cv::Mat(48, 64, CV_8UC3, cv::Scalar::all(8 * i)));
}

void expect_failure(const std::function<void()>& action, const std::string& part) {
  try {
    action();
    ck_abort_msg("nothing failed where %s is wrong", part.c_str());
  } catch (const Error& error) {
    ck_assert_msg(std::string(error.what()).find(part) != std::string::npos, "\"%s\" does not name %s", error.what(),
                  part.c_str());
  }
}

io::JsonValue write_json(const fs::path& file, const std::string& text) {
  std::ofstream(file) << text;
  return io::JsonValue::load(file);
}

// With GStreamer, OpenCV 4.6 asks avidemux a question that makes it complain, which is taken for a failure here. The
// shell test of gvl-train reads that way.
void read_without_gstreamer() { setenv("OPENCV_VIDEOIO_PRIORITY_GSTREAMER", "0", 1); }
GVL_FIXTURE(read_without_gstreamer, nullptr);

GVL_TEST(test_a_video_is_read_where_the_model_looks) {
  const TemporaryFolder root;
  write_grey_video(root / "grey.avi", 30);
  const ModelConfig config = small_config();
  const training::Sample sample = training::read_video(root / "grey.avi", config);
  ck_assert_msg(std::abs(sample.duration - 3) < 1e-9, "%f s", sample.duration);
  const std::vector<std::int64_t> indices = sample_indices(config.frames, 30);
  const std::size_t picture = sample.temporal_pixels.bytes() / static_cast<std::size_t>(config.frames);
  for (std::size_t i = 0; i < indices.size(); ++i) {
    const int brightness = sample.temporal_pixels.as<std::uint8_t>()[i * picture];
    ck_assert_msg(std::abs(brightness - 8 * static_cast<int>(indices[i])) <= 3, "sample %d is %d bright",
                  static_cast<int>(i), brightness);
  }
  // Keyframe of segment 1 is its sample 2: 4 + 2.
  const std::size_t large = sample.spatial_pixels.bytes() / static_cast<std::size_t>(config.segments);
  ck_assert(std::abs(sample.spatial_pixels.as<std::uint8_t>()[large] - 8 * static_cast<int>(indices[6])) <= 3);
}

GVL_TEST(test_videos_that_cannot_be_read_are_named) {
  const TemporaryFolder root;
  std::ofstream(root / "text.avi") << "no video";
  expect_failure([&] { training::read_video(root / "text.avi", small_config()); }, "text.avi");
  expect_failure([&] { training::read_video(root / "none.avi", small_config()); }, "none.avi");
}

GVL_TEST(test_conversations_come_back) {
  const TemporaryFolder root;
  const std::vector<training::ConversationRecord> records{
      {"1", "a", "a.avi", "made", {{"<image>\nWhat \"is\" it?", "From <1.5> to <2>."}, {"<image>\nAnd?", "Nothing."}}}};
  training::write_conversations(root / "list.json", records);
  const auto read = training::read_conversations(root / "list.json", "videos");
  ck_assert_int_eq(static_cast<int>(read.size()), 1);
  ck_assert(read[0].video_file == fs::path("videos/a.avi") && read[0].question_id == "1");
  ck_assert_int_eq(static_cast<int>(read[0].texts.size()), 2);
  ck_assert_str_eq(read[0].texts[0].user_turn.c_str(), "<image> <timestamp_grounding>\nWhat \"is\" it?");
  ck_assert_str_eq(read[0].texts[1].user_turn.c_str(), "<image>\nAnd?");
  ck_assert_str_eq(read[0].texts[0].answer.c_str(), "From <1.5> to <2>.");
  // As published: ids that are numbers, questions without a mark.
  write_json(root / "other.json",
             "[{\"question_id\": 7, \"video_file\": \"v\", \"conversation\": [{\"from\": \"human\", \"value\": \"Q\"}, "
             "{\"from\": \"gpt\", \"value\": \"A\"}]}]");
  const auto other = training::read_conversations(root / "other.json", "");
  ck_assert_str_eq(other[0].texts[0].user_turn.c_str(), "<image>\nQ");
  ck_assert_str_eq(other[0].question_id.c_str(), "7");
}

// What the published loader's detect_timestamp_response() and its template make of a first turn with "<image>".
GVL_TEST(test_questions_are_those_of_the_published_loader) {
  struct Case {
    std::string question, answer, user_turn;
  };
  const std::vector<Case> cases{
      {"<image>\nWhen does it rain?", "From <1.5> to <2>.", "<image> <timestamp_grounding>\nWhen does it rain?"},
      {"<image>\nWhat is it?", "Rain.", "<image>\nWhat is it?"},
      {" <image> \n What is it? ", "Rain.", "<image>\nWhat is it?"},
      {"What is it?\n<image>", "Rain.", "<image>\nWhat is it?"},
      {"<image>\nWhat is it?", "Rain <b>.", "<image>\nWhat is it?"},
      {"<image>\nQ?", "at <-3>.", "<image> <timestamp_grounding>\nQ?"},
      {"<image>\nQ?", "at <.5> and <5.>, <1e3>, < 4>, <", "<image>\nQ?"},
      {"<image>\nFrom <1> to <2>?", "It rains.", "<image>\nFrom <1> to <2>?"},
      // Later turns have no "<image>" there; here each is a first one.
      {"When does it rain?", "From <1> to <2>.", "<image> <timestamp_grounding>\nWhen does it rain?"},
      // There "<image>" stays a second time, which the published template then has twice.
      {"What is it?\n<image>", "At <3>.", "<image> <timestamp_grounding>\nWhat is it?"},
      // Data that have the token.
      {"<image> <timestamp_grounding>\nWhen?", "At <3>.", "<image> <timestamp_grounding>\nWhen?"}};
  const TemporaryFolder root;
  std::vector<training::ConversationRecord> records(1);
  for (const Case& each : cases) records[0].texts.push_back({each.question, each.answer});
  training::write_conversations(root / "list.json", records);
  const auto read = training::read_conversations(root / "list.json", "");
  for (std::size_t i = 0; i < cases.size(); ++i)
    ck_assert_str_eq(read[0].texts[i].user_turn.c_str(), cases[i].user_turn.c_str());
}

GVL_TEST(test_bad_conversations_are_named) {
  const TemporaryFolder root;
  const auto fails = [&](const std::string& text, const std::string& part) {
    std::ofstream(root / "bad.json") << text;
    expect_failure([&] { training::read_conversations(root / "bad.json", ""); }, part);
  };
  fails("{}", "bad.json");
  fails("[{}]", "video_file");
  fails("[{\"video_file\": \"v\", \"conversation\": []}]", "pairs");
  fails("[{\"video_file\": \"v\", \"conversation\": [{\"from\": \"human\", \"value\": \"Q\"}]}]", "pairs");
  fails(
      "[{\"video_file\": \"v\", \"conversation\": [{\"from\": \"gpt\", \"value\": \"Q\"}, {\"from\": \"gpt\", "
      "\"value\": \"Q\"}]}]",
      "from");
}

GVL_TEST(test_epochs_have_another_order) {
  const TemporaryFolder root;
  const ModelConfig config = small_config();
  std::vector<training::ConversationRecord> records;
  for (int i = 0; i < 6; ++i) {
    const std::string name = std::to_string(i) + ".avi";
    write_grey_video(root / name, 4 + i);
    records.push_back({name, name, name, "made", {{"<image>\nA", "B"}, {"<image>\nC", "D"}, {"<image>\nE", "F"}}});
  }
  training::write_conversations(root / "list.json", records);
  const io::JsonValue data = write_json(root / "data.json", "{\"files\": [\"list.json\"], \"texts_per_video\": 2}");
  const training::VideoSource source(data, config, 1);
  // Three questions about each of six videos, at most two at a time.
  ck_assert_int_eq(static_cast<int>(source.size()), 12);
  const auto epoch = [&](std::int64_t number) {
    std::vector<double> durations;
    for (std::int64_t i = 0; i < 12; ++i) durations.push_back(source.make(number * 12 + i).duration);
    return durations;
  };
  auto first = epoch(0), second = epoch(1);
  ck_assert(first != second && first == epoch(0));
  std::sort(first.begin(), first.end());
  std::sort(second.begin(), second.end());
  ck_assert_msg(first == second, "an epoch does not have every video");
  fs::remove(root / "3.avi");
  expect_failure([&] { training::VideoSource(data, config, 1); }, "3.avi");
}

GVL_TEST(test_scene_options_are_checked) {
  const TemporaryFolder root;
  const auto read = [&](const std::string& text) {
    return training::SceneSourceOptions::read(write_json(root / "scenes.json", text));
  };
  const auto options =
      read("{\"weights\": {\"freeze\": 3}, \"clips\": [\"a.avi\"], \"conversations\": {\"absent\": 5}}");
  ck_assert(options.lasting.compose.weights[static_cast<std::size_t>(scenes::EventKind::kFreeze)] == 3);
  ck_assert(options.assets.clips.at(0) == root / "a.avi" && options.lasting.conversations.absent == 5);
  const auto curriculum =
      read("{\"longest\": 30, \"first\": [{\"videos\": 7, \"longest\": 20, \"conversations\": {\"absent\": 1}}]}");
  ck_assert(curriculum.first.size() == 1 && curriculum.first[0].videos == 7);
  ck_assert(curriculum.first[0].compose.longest == 20 && curriculum.lasting.compose.longest == 30);
  ck_assert(curriculum.first[0].conversations.absent == 1 && curriculum.lasting.conversations.absent != 1);
  const auto shares = read("{\"repeats\": 0.2, \"long\": 0.15, \"first\": [{\"videos\": 7, \"repeats\": 0}]}");
  ck_assert(shares.lasting.compose.repeats == 0.2 && shares.lasting.compose.long_events == 0.15);
  ck_assert(shares.first.at(0).compose.repeats == 0 && shares.first[0].compose.long_events == 0.15);
  expect_failure([&] { read("{\"repeats\": 1.5}"); }, "repeats");
  expect_failure([&] { read("{\"long\": -0.5}"); }, "long");
  expect_failure([&] { read("{\"repeats\": 0.6, \"long\": 0.6}"); }, "together");
  expect_failure([&] { read("{\"weights\": {\"freze\": 3}}"); }, "freze");
  expect_failure([&] { read("{\"first\": [{\"longest\": 20}]}"); }, "videos");
  expect_failure([&] { read("{\"videos\": 0}"); }, "videos");
  expect_failure([&] { read("{\"longst\": 30}"); }, "longst");
  expect_failure([&] { read("{\"first\": [{\"videos\": 7, \"seed\": 3}]}"); }, "seed");
}

GVL_TEST(test_curriculum_stages_come_one_after_the_other) {
  training::SceneSourceOptions options;
  options.lasting.compose.shortest = options.lasting.compose.longest = 24;
  for (const double duration : {10.0, 16.0}) {
    training::CurriculumStage stage = options.lasting;
    stage.videos = 2;
    stage.compose.shortest = stage.compose.longest = duration;
    options.first.push_back(stage);
  }
  const training::SceneSource source(options, small_config());
  const double durations[] = {10, 10, 16, 16, 24, 24};
  for (std::int64_t i = 0; i < 6; ++i) {
    ck_assert_msg(std::abs(source.composition(i).scene.duration - durations[i]) < 0.2, "video %d", static_cast<int>(i));
  }
}

/** What frames are labelled with is what the scene says of them. */
void expect_labels_of_scenes(const training::SceneSourceOptions& options) {
  ModelConfig config = small_config();
  config.frames = 48;
  const training::SceneSource source(options, config);
  for (std::int64_t index = 0; index < 10; ++index) {
    const training::Sample sample = source.make(index);
    const scenes::Scene scene = source.composition(index).scene;
    ck_assert(sample.temporal_pixels.shape == std::vector<std::int64_t>({3, 16, 28, 28, 3}));
    ck_assert(!sample.texts.empty() && sample.duration == scene.duration);
    const std::int64_t classes = 3 * source.event_classes().count();
    const auto conversations = source.conversations(scene, index);
    for (std::size_t i = 0; i < conversations.size(); ++i) {
      const bool told = conversations[i].task == Task::kGrounding && !conversations[i].events.empty();
      ck_assert(sample.texts[i].classes.empty() != told);
      if (told) {
        ck_assert_int_eq(sample.texts[i].classes.at(0), static_cast<int>(conversations[i].events.front().kind));
      }
    }
    for (std::int64_t frame = 0; frame < config.frames; ++frame) {
      const double time = (static_cast<double>(frame) + 0.5) * scene.duration / static_cast<double>(config.frames);
      for (std::size_t kind = 0; kind < scenes::kEventKinds; ++kind) {
        bool expected = false;
        for (const auto& event : scene.events) {
          expected =
              expected || (static_cast<std::size_t>(event.kind) == kind && time >= event.start && time < event.stop);
        }
        const float label = sample.frame_labels.as<float>()[frame * classes + static_cast<std::int64_t>(kind)];
        ck_assert_msg((label == 1) == expected, "video %d frame %d kind %d", static_cast<int>(index),
                      static_cast<int>(frame), static_cast<int>(kind));
      }
    }
  }
}

GVL_TEST(test_scene_samples) {
  training::SceneSourceOptions options;
  options.lasting.compose.shortest = options.lasting.compose.longest = 24;
  expect_labels_of_scenes(options);
  options.lasting.compose.repeats = 0.7;
  options.lasting.compose.long_events = 0.3;
  expect_labels_of_scenes(options);
}

ModelConfig with_small_patches() {
  ModelConfig config = small_config();
  config.frames = 48;
  config.temporal.patch_size = 7;
  return config;
}

/** Videos of 24 s that all hold objects. */
training::SceneSourceOptions with_objects() {
  training::SceneSourceOptions options;
  options.lasting.compose.shortest = options.lasting.compose.longest = 24;
  options.lasting.compose.without_objects = 0;
  return options;
}

/** Patches show what their frame shows: all of them what happens to the picture, some what happens to an object. */
GVL_TEST(test_patches_are_labelled) {
  const ModelConfig config = with_small_patches();
  const training::SceneSourceOptions options = with_objects();
  const training::SceneSource source(options, config);
  const std::int64_t classes = 3 * source.event_classes().count(),
                     patches = config.temporal.grid() * config.temporal.grid();
  int of_picture = 0, of_objects = 0, whole_objects = 0;
  for (std::int64_t index = 0; index < 10; ++index) {
    const training::Sample sample = source.make(index);
    ck_assert(sample.patch_labels.shape == std::vector<std::int64_t>({config.frames, patches, classes}));
    for (std::int64_t frame = 0; frame < config.frames; ++frame) {
      for (std::int64_t which = 0; which < classes; ++which) {
        const bool shown = sample.frame_labels.as<float>()[frame * classes + which] == 1;
        std::int64_t count = 0;
        for (std::int64_t patch = 0; patch < patches; ++patch) {
          count += sample.patch_labels.as<float>()[(frame * patches + patch) * classes + which] == 1 ? 1 : 0;
        }
        if (!shown) ck_assert_int_eq(static_cast<int>(count), 0);
        const std::int64_t kind = which % source.event_classes().count();
        const bool object = kind >= static_cast<std::int64_t>(scenes::kEventKinds) ||
                            group_of(static_cast<scenes::EventKind>(kind)) == scenes::EventGroup::kObject;
        if (!shown || (object && count == 0)) continue;  // an object may be outside the picture
        if (!object) ck_assert_int_eq(static_cast<int>(count), static_cast<int>(patches));
        if (object && count == patches) ++whole_objects;
        ++(object ? of_objects : of_picture);
      }
    }
  }
  ck_assert_msg(of_picture > 100 && of_objects > 100, "%d, %d", of_picture, of_objects);
  ck_assert_msg(whole_objects * 4 < of_objects, "%d of %d objects fill the picture", whole_objects, of_objects);
}

/** Row by row: an object's patch is the one that its middle lies in. */
GVL_TEST(test_patches_lie_in_rows) {
  const ModelConfig config = with_small_patches();
  const training::SceneSourceOptions options = with_objects();
  const training::SceneSource source(options, config);
  const auto assets = std::make_shared<const scenes::Assets>(options.assets);
  const std::int64_t classes = 3 * source.event_classes().count(), side = config.temporal.grid();
  int seen = 0, off_the_diagonal = 0;
  for (std::int64_t index = 0; index < 10; ++index) {
    const training::Sample sample = source.make(index);
    const scenes::Renderer renderer(assets, source.composition(index));
    const double width = renderer.scene().width, height = renderer.scene().height, square = std::min(width, height);
    for (const scenes::Event& event : renderer.scene().events) {
      if (event.object < 0) continue;
      for (std::int64_t frame = 0; frame < config.frames; ++frame) {
        const double time = (static_cast<double>(frame) + 0.5) * renderer.scene().duration / 48;
        const cv::Rect2d place = renderer.place_of(static_cast<std::size_t>(event.object), time);
        if (time < event.start || time >= event.stop || place.area() < 0.02 * square * square) continue;
        const double x = (place.x + place.width / 2 - (width - square) / 2) / square;
        const double y = (place.y + place.height / 2 - (height - square) / 2) / square;
        if (x < 0 || x >= 1 || y < 0 || y >= 1) continue;
        const auto column = static_cast<std::int64_t>(x * static_cast<double>(side));
        const auto row = static_cast<std::int64_t>(y * static_cast<double>(side));
        const std::int64_t patch = (frame * side + row) * side + column;
        ck_assert_msg(sample.patch_labels.as<float>()[patch * classes + static_cast<std::int64_t>(event.kind)] == 1,
                      "video %d frame %d", static_cast<int>(index), static_cast<int>(frame));
        ++seen;
        off_the_diagonal += row != column;
      }
    }
  }
  ck_assert_msg(seen > 50 && off_the_diagonal > 20, "%d, %d", seen, off_the_diagonal);
}

/** An option in tokens ends where its words do. */
GVL_TEST(test_options_end_where_they_end) {
  const ModelConfig config = small_config();
  const auto tokenizer = model::load_tokenizer(fixture("phi_c") / "tokenizer" / "tokenizer.json", config);
  const text::PromptBuilder prompts(tokenizer.tokenizer, tokenizer.temporal, config.prompts);
  const std::string turn = "<image>\nQuestion: What happens after <12.5>?\nOptions:\n(A) it rains\n(B) it snows";
  training::TrainingText text{turn, "Answer: (B) it snows"};
  text.options = {{turn.find("rains") + 5, {4}, 15.0}, {turn.size(), {}, std::nullopt, true}};
  const training::TokenizedText tokens =
      training::tokenize(prompts, io::language_model(config.language.type), text, 60, nullptr);
  ck_assert_int_eq(tokens.options.size(), 2);
  const char* ends[] = {"(A) it rains", "(B) it snows"};
  for (std::size_t i = 0; i < 2; ++i) {
    const auto at = static_cast<std::ptrdiff_t>(tokens.options[i].at);
    const std::vector<std::int64_t> read(tokens.ids.begin(), tokens.ids.begin() + at);
    const std::string words = tokenizer.tokenizer->decode(read, false);
    ck_assert_msg(words.ends_with(ends[i]), "it ends as %s", words.c_str());
    ck_assert(at < static_cast<std::ptrdiff_t>(tokens.first_label));
  }
  // 15 of 60 s.
  ck_assert_int_eq(static_cast<int>(tokens.options[0].moment), static_cast<int>(config.temporal_tokens / 4));
  ck_assert(tokens.options[0].classes == std::vector<std::int64_t>{4} && tokens.options[1].moment == -1);
  ck_assert(!tokens.options[0].right && tokens.options[1].right);
}

}  // namespace
