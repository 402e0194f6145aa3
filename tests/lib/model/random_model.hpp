/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/ops/zeros.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "gvl/config.hpp"
#include "io/language_model.hpp"
#include "io/safetensors.hpp"
#include "layers/parameters.hpp"
#include "model/model_folder.hpp"
#include "model/network.hpp"
#include "support/random.hpp"
#include "text/prompt.hpp"

namespace gvl::model::test {

/** Notes what a network asks for, and gives it nothing. */
class RecordedParameters : public layers::ParameterSource {
 public:
  at::Tensor load(const std::string& name, const std::vector<std::int64_t>& shape) const override {
    infos_.push_back({name, DataType::kFloat32, shape});
    return at::zeros({1}).expand(shape);
  }

  std::vector<io::TensorInfo> infos() const { return infos_; }

 private:
  mutable std::vector<io::TensorInfo> infos_;
};

/** A small configuration to start from: as phi_c, 12 frames in 3 segments. */
inline ModelConfig small_config() {
  ModelConfig config;
  config.frames = 12;
  config.segments = 3;
  config.spatial = {28, 14, 32, 64, 1, 4, 1e-5, {0.5, 0.5, 0.5}, {0.5, 0.5, 0.5}};
  config.temporal = {28, 14, 32, 64, 1, 4, 1e-6, {0.5, 0.5, 0.5}, {0.5, 0.5, 0.5}};
  config.temporal_grid = 1;
  config.language.vocab_size = 1454;
  config.language.hidden_size = 32;
  config.language.intermediate_size = 64;
  config.language.layers = 2;
  config.language.heads = 4;
  config.language.kv_heads = 4;
  config.language.max_positions = 4096;
  config.prompts = text::default_prompts(io::language_model("phi3"));
  return config;
}

/** Writes a model folder of `config` with random weights (the same every time) and the tokenizer `tokenizer`. */
inline void write_random_model(const std::filesystem::path& folder, const ModelConfig& config,
                               const std::filesystem::path& tokenizer) {
  std::filesystem::create_directories(folder);
  const RecordedParameters recorded;
  Network(layers::Parameters(recorded, at::kCPU, at::kFloat), config);
  const std::vector<io::TensorInfo> infos = recorded.infos();
  io::SafetensorsWriter writer(folder / kWeightsFile, infos);
  gvl::test::NoiseGenerator noise(1);
  std::vector<float> values;
  for (const io::TensorInfo& info : infos) {
    std::int64_t count = 1;
    for (const std::int64_t dimension : info.shape) count *= dimension;
    values.resize(static_cast<std::size_t>(count));
    for (float& value : values) {
      value = (static_cast<float>(noise() >> 8) / 8388608.0f - 1.0f) * 0.05f;
    }
    writer.write(info.name, std::as_bytes(std::span(values)));
  }
  writer.finish();
  std::ofstream(folder / kConfigFile) << config.to_json();
  std::filesystem::copy_file(tokenizer, folder / kTokenizerFile, std::filesystem::copy_options::overwrite_existing);
}

}  // namespace gvl::model::test
