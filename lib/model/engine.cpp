/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/engine.hpp"

#include <string>
#include <utility>

#include "gvl/error.hpp"
#include "io/data_types.hpp"
#include "layers/tensor_bridge.hpp"

namespace gvl::model {
namespace {

/** What keys and values are kept as. */
c10::ScalarType cache_type_of(const ModelConfig& config, std::optional<DataType> chosen) {
  const DataType type = chosen.value_or(io::traits_of(config.dtype).floating);
  if (!io::is_weight_float(type)) {
    throw Error(ErrorCode::kInvalidArgument,
                std::string("keys and values are kept as ") + weight_type_names() + ", not " + name_of(type));
  }
  return layers::to_scalar_type(type);
}

}  // namespace

Engine::Engine(const std::filesystem::path& folder, c10::Device device, std::optional<DataType> cache_type,
               Cancellation cancellation)
    : config(load_config(folder)),
      parameters(folder, config.dtype, std::move(cancellation)),
      network(layers::Parameters(parameters, device, layers::to_scalar_type(io::traits_of(config.dtype).floating)),
              config),
      grounder(network, load_tokenizer(folder / kTokenizerFile, config), cache_type_of(config, cache_type)),
      words(load_words(folder)) {}

}  // namespace gvl::model
