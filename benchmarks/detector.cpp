/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "detector.hpp"

#include <ATen/ops/empty.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>

#include "gvl/sampling.hpp"
#include "layers/parameters.hpp"
#include "model/model_folder.hpp"
#include "training/video_file.hpp"
#include "vision/nanodet.hpp"
#include "vision/nanodet_plus.hpp"
#include "vision/pooling.hpp"

namespace gvl::benchmarks {
namespace {

constexpr std::int64_t kBatch = 8;

VisionConfig detector_config() {
  VisionConfig config;
  config.image_size = Pictures::kSide;
  config.fit = PictureFit::kPad;
  config.mean = {0.485, 0.456, 0.406};
  config.std = {0.229, 0.224, 0.225};
  return config;
}

std::unique_ptr<const vision::CocoDetector> load(const std::filesystem::path& folder) {
  const model::FolderParameters source(folder);
  const auto parameters = layers::Parameters(source, at::kCPU, at::kFloat) / "spatial_encoder";
  if (source.contains("spatial_encoder.backbone.conv1.0.weight")) {
    return std::make_unique<const vision::NanoDetPlus>(parameters);
  }
  return std::make_unique<const vision::NanoDet>(parameters);
}

}  // namespace

const std::array<std::string_view, vision::kCocoClasses> kClassNames{
    "person",         "bicycle",    "car",           "motorcycle",    "airplane",     "bus",           "train",
    "truck",          "boat",       "traffic light", "fire hydrant",  "stop sign",    "parking meter", "bench",
    "bird",           "cat",        "dog",           "horse",         "sheep",        "cow",           "elephant",
    "bear",           "zebra",      "giraffe",       "backpack",      "umbrella",     "handbag",       "tie",
    "suitcase",       "frisbee",    "skis",          "snowboard",     "sports ball",  "kite",          "baseball bat",
    "baseball glove", "skateboard", "surfboard",     "tennis racket", "bottle",       "wine glass",    "cup",
    "fork",           "knife",      "spoon",         "bowl",          "banana",       "apple",         "sandwich",
    "orange",         "broccoli",   "carrot",        "hot dog",       "pizza",        "donut",         "cake",
    "chair",          "couch",      "potted plant",  "bed",           "dining table", "toilet",        "tv",
    "laptop",         "mouse",      "remote",        "keyboard",      "cell phone",   "microwave",     "oven",
    "toaster",        "sink",       "refrigerator",  "book",          "clock",        "vase",          "scissors",
    "teddy bear",     "hair drier", "toothbrush"};

std::optional<std::size_t> class_of(std::string_view name) {
  const auto found = std::find(kClassNames.begin(), kClassNames.end(), name);
  if (found == kClassNames.end()) return std::nullopt;
  return static_cast<std::size_t>(found - kClassNames.begin());
}

Pictures::Pictures(std::int64_t number) : pixels_(at::empty({number, kSide, kSide, 3}, at::kByte)) {}

void Pictures::put(std::int64_t index, const RgbView& frame) {
  constexpr std::int64_t kBytes = kSide * kSide * 3;
  make_picture(frame, detector_config(),
               {pixels_.data_ptr<std::uint8_t>() + index * kBytes, static_cast<std::size_t>(kBytes)});
}

at::Tensor Pictures::in_unit_range() const {
  return pixels_.permute({0, 3, 1, 2}).to(at::kFloat).div(255).contiguous();
}

Keyframes read_keyframes(const std::filesystem::path& file, std::int64_t most) {
  training::VideoFile video(file);
  const std::int64_t number = std::min(most, video.frames());
  Keyframes keyframes{Pictures(number), number,
                      static_cast<double>(video.frames()) / video.rate() / static_cast<double>(number)};
  for (std::int64_t i = 0; i < number; ++i)
    keyframes.pictures.put(i, video.frame(sample_index(i, number, video.frames())));
  return keyframes;
}

Detector::Detector(const std::filesystem::path& folder) : network_(load(folder)) {}

std::vector<vision::SeenPicture> Detector::look(const Pictures& pictures, std::int64_t most) const {
  const c10::InferenceMode inference;
  std::vector<vision::SeenPicture> seen;
  for (const at::Tensor& batch : pictures.pixels().split(kBatch)) {
    const at::Tensor values = vision::normalise(batch, detector_config(), at::kFloat);
    for (auto& picture : vision::detect(network_->forward(values, {}), Pictures::kSide, most)) {
      seen.push_back(std::move(picture));
    }
  }
  return seen;
}

}  // namespace gvl::benchmarks
