/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "../model/model_test.hpp"
#include "../model/random_model.hpp"
#include "training/sample.hpp"

namespace gvl::training::test {

using namespace gvl::model::test;

/** Noise with questions about it, also with options: for what must hold of any data. */
class NoiseSource : public SampleSource {
 public:
  NoiseSource(const ModelConfig& config, std::int64_t size, bool options = false)
      : config_(config), size_(size), options_(options) {}

  std::int64_t size() const noexcept override { return size_; }
  EventClasses event_classes() const noexcept override { return {kClasses, 0}; }

  Sample make(std::int64_t index) const override {
    gvl::test::NoiseGenerator next(static_cast<std::uint32_t>((size_ > 0 ? index % size_ : index) + 1));
    const auto pixels = [&](std::vector<std::int64_t> shape) {
      std::size_t bytes = 1;
      for (const std::int64_t dimension : shape) bytes *= static_cast<std::size_t>(dimension);
      auto data = allocate_tensor_data(bytes);
      for (std::size_t i = 0; i < bytes; ++i) data.get()[i] = static_cast<std::byte>(next() >> 24);
      return Tensor{DataType::kUInt8, std::move(shape), data};
    };
    const std::int64_t k = config_.segments, n = config_.frames_per_segment();
    Sample sample;
    sample.duration = 30;
    sample.spatial_pixels = pixels({k, 1, config_.spatial.image_size, config_.spatial.image_size, 3});
    sample.temporal_pixels = pixels({k, n, config_.temporal.image_size, config_.temporal.image_size, 3});
    for (std::uint32_t i = 0; i < 1 + next() % 4; ++i) {
      const std::string start = std::to_string(next() >> 28), stop = std::to_string(15 + (next() >> 28));
      sample.texts.push_back({"<image> <timestamp_grounding>\nWhen is it number " + start + "?",
                              "From <" + start + "> to <" + stop + ".5>."});
    }
    if (options_) sample.texts.push_back(choice(static_cast<int>(next() >> 31)));
    auto labels = allocate_tensor_data(static_cast<std::size_t>(config_.frames * 3 * kClasses) * sizeof(float));
    for (std::int64_t i = 0; i < config_.frames * 3 * kClasses; ++i) {
      reinterpret_cast<float*>(labels.get())[i] = static_cast<float>(next() >> 31);
    }
    sample.frame_labels = {DataType::kFloat32, {config_.frames, 3 * kClasses}, labels};
    return sample;
  }

 private:
  static constexpr std::int64_t kClasses = 3;

  static TrainingText choice(int right) {
    const std::string first = "<image>\nWhich is it?\n(A) one", all = first + "\n(B) two";
    return {all,
            right == 0 ? "Answer: (A) one" : "Answer: (B) two",
            {},
            {{first.size(), {}, {}, right == 0}, {all.size(), {}, {}, right == 1}}};
  }

  ModelConfig config_;
  std::int64_t size_;
  bool options_;
};

/** A folder with a random small model in it. */
inline void write_small_model(const std::filesystem::path& folder) {
  write_random_model(folder, small_config(), fixture("phi_c") / "tokenizer" / "tokenizer.json");
}

}  // namespace gvl::training::test
