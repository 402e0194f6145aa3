/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/grounded_engine.hpp"

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

GroundedEngine::GroundedEngine(const std::filesystem::path& folder, c10::Device device,
                               std::optional<DataType> cache_type, Cancellation cancellation)
    : Engine(load_config(folder), device),
      parameters_(folder, config().dtype, std::move(cancellation)),
      network_(layers::Parameters(parameters_, device, layers::to_scalar_type(io::traits_of(config().dtype).floating)),
               config()),
      grounder_(network_, load_tokenizer(folder / kTokenizerFile, config()), cache_type_of(config(), cache_type)),
      words_(load_words(folder)) {}

std::vector<std::string> GroundedEngine::unknown_words(const Query& query) const {
  return words_ ? words_->unknown_words(query.text) : std::vector<std::string>();
}

at::Tensor GroundedEngine::encode_spatial(const at::Tensor& pixels, const Cancellation& cancellation) const {
  return network_.encode_spatial(pixels, cancellation);
}

at::Tensor GroundedEngine::encode_temporal(const at::Tensor& pixels, const Cancellation& cancellation) const {
  return network_.encode_temporal(pixels, cancellation);
}

at::Tensor GroundedEngine::fuse(const at::Tensor& spatial, const at::Tensor& temporal) const {
  const auto type = network_.activation_type();
  return network_.fusion().forward(spatial.to(type), temporal.to(type));
}

void GroundedEngine::answer(const std::vector<AskedWindow>& windows, const DeliverResult& deliver) const {
  grounder_.answer(windows, deliver);
}

}  // namespace gvl::model
