/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "training/feature_cache.hpp"

#include <fstream>
#include <opencv2/videoio.hpp>

#include "io/weights.hpp"
#include "layers/tensor_bridge.hpp"
#include "training/trainer.hpp"
#include "training/video_source.hpp"
#include "training_test.hpp"

using namespace gvl;
using namespace gvl::training::test;
using training::FeatureCache;
using training::TrainingConfig;
using training::VideoFeatures;

namespace {

namespace fs = std::filesystem;

void read_without_gstreamer() { setenv("OPENCV_VIDEOIO_PRIORITY_GSTREAMER", "0", 1); }
GVL_FIXTURE(read_without_gstreamer, nullptr);

Tensor ramp(std::vector<std::int64_t> shape, float first) {
  Tensor tensor(DataType::kFloat32, std::move(shape));
  auto data = allocate_tensor_data(tensor.bytes());
  for (std::int64_t i = 0; i < tensor.elements(); ++i)
    reinterpret_cast<float*>(data.get())[i] = first + static_cast<float>(i);
  return {DataType::kFloat32, tensor.shape, data};
}

GVL_TEST(features_come_back_as_long_as_they_hold) {
  const TemporaryFolder root;
  const fs::path video = root / "a.mkv";
  std::ofstream(video) << "frames";
  const FeatureCache cache(root / "kept", "encoders");
  ck_assert(!cache.find(video));
  cache.add(video, {12.34567890123, ramp({2, 3, 4}, 0.1F), ramp({2, 5, 6}, 7)});
  const auto found = cache.find(video);
  ck_assert(found && found->duration == 12.34567890123);
  ck_assert(found->spatial.shape == std::vector<std::int64_t>({2, 3, 4}) && found->temporal.as<float>()[59] == 66);
  ck_assert(found->spatial.as<float>()[1] == 1.1F);
  // The same file by another path, and other encoders.
  ck_assert(cache.find(root / "kept" / ".." / "a.mkv").has_value());
  ck_assert(!FeatureCache(root / "kept", "others").find(video));
  ck_assert(!cache.find(root / "b.mkv"));
  // Another content: of another size, or written later.
  const auto written = fs::last_write_time(video);
  std::ofstream(video) << "other";
  fs::last_write_time(video, written);
  ck_assert(!cache.find(video));
  std::ofstream(video) << "frames";
  fs::last_write_time(video, written + std::chrono::seconds(1));
  ck_assert(!cache.find(video));
  fs::last_write_time(video, written);
  ck_assert(cache.find(video).has_value());
  // A file that is damaged is as none, and is written anew.
  const fs::path kept = fs::directory_iterator(root / "kept")->path();
  fs::resize_file(kept, fs::file_size(kept) - 1);
  ck_assert(!cache.find(video));
  cache.add(video, *found);
  ck_assert(cache.find(video).has_value());
}

GVL_TEST(fingerprints_are_of_the_encoders_and_what_they_see) {
  const TemporaryFolder root;
  write_small_model(root / "model");
  const ModelConfig config = small_config();
  const auto fingerprint = training::encoder_fingerprint(root / "model", config, "cpu float32");
  ck_assert(fingerprint.has_value());
  ck_assert(training::encoder_fingerprint(root / "model", config, "cpu float32") == fingerprint);
  ck_assert(training::encoder_fingerprint(root / "model", config, "cuda:0 bfloat16") != fingerprint);
  ModelConfig other = config;
  other.spatial.image_size *= 2;
  ck_assert(training::encoder_fingerprint(root / "model", other, "cpu float32") != fingerprint);
  ck_assert(!training::encoder_fingerprint(root / "none", config, "cpu float32"));
}

void write_video(const fs::path& file, int frames) {
  cv::VideoWriter video(file.string(), cv::CAP_OPENCV_MJPEG, cv::VideoWriter::fourcc('M', 'J', 'P', 'G'), 10, {64, 48});
  for (int i = 0; i < frames; ++i) video.write(cv::Mat(48, 64, CV_8UC3, cv::Scalar(7 * i % 256, 3 * i % 256, 90)));
}

void write_data(const fs::path& root) {
  std::vector<training::ConversationRecord> records;
  for (const std::string name : {"a.avi", "b.avi", "c.avi"}) {
    write_video(root / name, 20 + 7 * static_cast<int>(records.size()));
    records.push_back({name, name, name, "made", {{"<image>\nWhen is it?", "From <0.5> to <1>."}}});
    records.back().texts.push_back({"<image>\nWhat is " + name + "?", "A video."});
  }
  training::write_conversations(root / "list.json", records);
}

/** The weights that a run ends with. */
std::map<std::string, at::Tensor> trained(const fs::path& root, const std::string& output, const std::string& features,
                                          const std::string& more = "\"stage\": \"temporal\"") {
  const fs::path file = root / (output + ".json");
  std::ofstream(file) << "{\"model\": \"model\", \"output\": \"" << output << "\", " << more
                      << ", \"steps\": 3, \"batch_videos\": 2, \"threads\": 1, \"learning_rate\": 1e-3, \"data\": "
                         "{\"conversations\": {\"files\": [\"list.json\"]"
                      << features << "}}}";
  const TrainingConfig config = TrainingConfig::load(file);
  training::Trainer trainer(config, [&](const ModelConfig& model) {
    return std::make_shared<training::VideoSource>(config.data.object("conversations"), model, config.seed,
                                                   training::feature_cache_of(config, model));
  });
  trainer.run({}, Cancellation());
  trainer.export_model(config.output / "model", WeightType::kFloat32);
  const io::Weights opened = io::Weights::open(config.output / "model");
  std::map<std::string, at::Tensor> tensors;
  for (const std::string& name : opened.names()) tensors[name] = layers::to_aten(opened.get(name)).clone();
  return tensors;
}

double largest_difference(const std::map<std::string, at::Tensor>& ours,
                          const std::map<std::string, at::Tensor>& theirs) {
  double largest = 0;
  for (const auto& [name, tensor] : ours)
    largest = std::max(largest, tensor.sub(theirs.at(name)).abs().max().item<double>());
  return largest;
}

std::size_t files_in(const fs::path& folder) {
  return fs::exists(folder) ? static_cast<std::size_t>(std::distance(fs::directory_iterator(folder), {})) : 0;
}

GVL_TEST(a_run_sees_each_video_once) {
  const TemporaryFolder root;
  write_small_model(root / "model");
  write_data(root.path());
  const auto first = trained(root.path(), "first", "");
  ck_assert_uint_eq(files_in(root / "first" / "features"), 3);
  // Pixels are encoded all at once, features a video at a time.
  const auto plain = trained(root.path(), "plain", ", \"features\": \"\"");
  ck_assert_uint_eq(files_in(root / "plain" / "features"), 0);
  const double difference = largest_difference(first, plain);
  ck_assert_msg(difference < 1e-4, "%g", difference);
  ck_assert(largest_difference(first, trained(root.path(), "learnt", "", "\"stage\": \"all\"")) > 1e-4);
  ck_assert_uint_eq(files_in(root / "learnt" / "features"), 0);
  // Nobody looks at the videos again: what stands in their place is of their size and time.
  for (const char* name : {"a.avi", "b.avi", "c.avi"}) {
    const auto time = fs::last_write_time(root / name);
    const std::string noise(fs::file_size(root / name), 'x');
    std::ofstream(root / name) << noise;
    fs::last_write_time(root / name, time);
  }
  ck_assert(largest_difference(first, trained(root.path(), "again", ", \"features\": \"first/features\"")) == 0);
  // But when they are others.
  fs::last_write_time(root / "b.avi", fs::last_write_time(root / "b.avi") + std::chrono::seconds(1));
  expect_error("changed", ErrorCode::kMalformed, {"b.avi"},
               [&] { trained(root.path(), "changed", ", \"features\": \"first/features\""); });
}

}  // namespace
