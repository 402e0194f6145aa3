/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/engine.hpp"

#include <string>

#include "gvl/error.hpp"
#include "io/data_types.hpp"
#include "layers/tensor_bridge.hpp"
#include "vision/encoder.hpp"

namespace gvl::model {
namespace {

/** A model folder's configuration, whose encoders are known. */
ModelConfig load_config(const std::filesystem::path& file) {
  ModelConfig config = ModelConfig::load(file);
  for (const std::string& encoder : {config.spatial.encoder, config.temporal.encoder}) {
    try {
      if (!encoder.empty()) vision::encoder_kind(encoder);
    } catch (const Error& error) {
      throw Error(error.code(), file.string() + ": " + error.what());
    }
  }
  return config;
}

/** What keys and values are kept as. */
c10::ScalarType cache_type_of(const ModelConfig& config, std::optional<DataType> chosen) {
  const DataType type = chosen.value_or(config.dtype);
  if (!io::traits_of(type).holds_weights) {
    throw Error(ErrorCode::kInvalidArgument,
                std::string("keys and values are kept as ") + weight_type_names() + ", not " + name_of(type));
  }
  return layers::to_scalar_type(type);
}

}  // namespace

Engine::Engine(const std::filesystem::path& folder, c10::Device device, std::optional<DataType> cache_type)
    : config(load_config(folder / kConfigFile)),
      parameters(folder),
      network(layers::Parameters(parameters, device, layers::to_scalar_type(config.dtype)), config),
      grounder(network, load_tokenizer(folder / kTokenizerFile, config), cache_type_of(config, cache_type)),
      words(load_words(folder)) {}

}  // namespace gvl::model
