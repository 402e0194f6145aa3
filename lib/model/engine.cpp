/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/engine.hpp"

#include "layers/tensor_bridge.hpp"

namespace gvl::model {

Engine::Engine(const std::filesystem::path& folder, c10::Device device, std::optional<DataType> cache_type)
    : config(ModelConfig::load(folder / kConfigFile)),
      parameters(folder),
      network(layers::Parameters(parameters, device, layers::to_scalar_type(config.dtype)), config),
      grounder(network, load_tokenizer(folder / kTokenizerFile, config),
               layers::to_scalar_type(cache_type.value_or(config.dtype))),
      words(load_words(folder)) {}

}  // namespace gvl::model
