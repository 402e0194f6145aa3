/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "../io/io_test.hpp"
#include "gvl/convert.hpp"
#include "gvl/model.hpp"
#include "gvl/preprocess.hpp"
#include "gvl/sampling.hpp"
#include "support/reference.hpp"

namespace gvl::model::test {

using namespace gvl::io::test;
using gvl::test::Fixture;

/** A fixture converted to a model folder, once for all tests of a program. */
inline const std::filesystem::path& converted(const std::string& name) {
  static const TemporaryFolder root;
  static std::map<std::string, std::filesystem::path> folders;
  const auto [entry, is_new] = folders.try_emplace(name, root / name);
  if (is_new) convert(fixture(name), entry->second);
  return entry->second;
}

inline Tensor resized(const Tensor& frames, const std::vector<std::int64_t>& samples, std::int64_t size) {
  const std::int64_t height = frames.shape.at(1), width = frames.shape.at(2);
  const auto bytes = static_cast<std::size_t>(size * size * 3);
  auto data = allocate_tensor_data(bytes * samples.size());
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const RgbView view{frames.as<std::uint8_t>() + samples[i] * height * width * 3, width, height, width * 3};
    resize_and_crop(view, size, {reinterpret_cast<std::uint8_t*>(data.get()) + i * bytes, bytes});
  }
  return {DataType::kUInt8, {static_cast<std::int64_t>(samples.size()), size, size, 3}, data};
}

/** A fixture's frames through the model's asynchronous interface, as the elements use it. */
inline VideoWindow encode(Model& model, const Fixture& fixture, const Cancellation& cancellation = {}) {
  const ModelConfig& config = model.config();
  const Tensor frames = fixture.tensors.get("frames_rgb");
  const std::int64_t n = config.frames_per_segment();
  std::vector<Future<Tensor>> segments;
  for (std::int64_t i = 0; i < config.segments; ++i) {
    std::vector<std::int64_t> samples;
    for (std::int64_t j = 0; j < n; ++j) samples.push_back(i * n + j);
    const Tensor keyframe = resized(frames, {i * n + keyframe_of(n)}, config.spatial.image_size);
    const Tensor all = resized(frames, samples, config.temporal.image_size);
    segments.push_back(model.fuse(model.encode_spatial(Future<Tensor>::of(keyframe), cancellation),
                                  model.encode_temporal(Future<Tensor>::of(all), cancellation), cancellation));
  }
  return {model.concatenate(segments, cancellation), fixture.duration()};
}

/** What a user asks to get the fixtures' prompts. */
inline const std::vector<Query>& fixture_queries() {
  static const std::vector<Query> queries{
      {Task::kGrounding, "A car drives along the road."},
      {Task::kQuestion, "Question: What is this video about?\nOptions:\n(A) cooking\n(B) a car\n(C) café — 猫"},
      {Task::kReferring, "What is happening from 2 to 7 seconds?"}};
  return queries;
}

inline constexpr const char* kFixtureTasks[] = {"grounding", "qa", "referring"};

inline GenerationOptions fixture_options() {
  GenerationOptions options;
  options.max_new_tokens = 24;  // where the fixtures' generations end
  return options;
}

}  // namespace gvl::model::test
