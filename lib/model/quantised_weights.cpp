/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/quantised_weights.hpp"

#include <ATen/ops/zeros.h>

#include <array>
#include <cstdio>
#include <cstring>
#include <functional>
#include <numeric>

#include "gvl/error.hpp"
#include "io/data_types.hpp"
#include "io/quote.hpp"
#include "layers/parameters.hpp"
#include "layers/tensor_bridge.hpp"
#include "model/network.hpp"
#include "model/similarity_network.hpp"
#include "model/things_engine.hpp"

namespace gvl::model {
namespace {

using io::traits_of;
using Shape = std::vector<std::int64_t>;

/** Notes what matrices a network asks for, and gives it nothing. */
class MatrixNames : public layers::ParameterSource {
 public:
  at::Tensor load(const std::string&, const Shape& shape) const override { return at::zeros({1}).expand(shape); }
  layers::Weight matrix(const std::string& name, const Shape& shape) const override {
    names.insert(name);
    return {at::zeros({1, 1}).expand({shape[0], width_of(shape)})};
  }

  static std::int64_t width_of(const Shape& shape) {
    return std::accumulate(shape.begin() + 1, shape.end(), std::int64_t{1}, std::multiplies<>());
  }

  mutable std::set<std::string> names;
};

std::int64_t width_of(const Shape& shape) { return MatrixNames::width_of(shape); }

Shape integer_shape(WeightType type, const Shape& shape) {
  return type == WeightType::kInt4 ? Shape{shape[0], width_of(shape) / 2} : shape;
}

Shape scale_shape(WeightType type, const Shape& shape) {
  const std::int64_t block = traits_of(type).block;
  return {shape[0], (width_of(shape) + block - 1) / block};
}

/** Whether rows are whole bytes. */
bool is_whole(WeightType type, const Shape& shape) { return width_of(shape) * traits_of(type).bits % 8 == 0; }

std::string width_problem(WeightType type, const Shape& shape) {
  return std::string(name_of(type)) + " needs an even number of weights a row, not " + std::to_string(width_of(shape));
}

Error malformed(const io::Weights& weights, const std::string& name, const std::string& what) {
  return Error(ErrorCode::kMalformed, weights.path_of(name).string() + ": tensor " + io::quote(name) + ": " + what);
}

/** Of a tensor that is being made. */
Error error_of(const StoredTensor& tensor, ErrorCode code, const std::string& what) {
  return Error(code, tensor.origin.string() + ": tensor " + io::quote(tensor.name) + ": " + what);
}

bool is_finite(const at::Tensor& x) { return !x.is_floating_point() || x.isfinite().all().item<bool>(); }

std::string brief(float value) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%g", static_cast<double>(value));
  return text.data();
}

void require_scales(const io::Weights& weights, const std::string& name, WeightType type, const Tensor& scales) {
  const float limit = io::scale_limit(traits_of(type));
  const std::int64_t count = scales.elements();
  const auto* bits = scales.as<std::byte>();
  const auto at = [&](std::int64_t i) {
    std::uint16_t value;
    std::memcpy(&value, bits + 2 * i, sizeof value);
    return static_cast<float>(c10::BFloat16(value, c10::BFloat16::from_bits()));
  };
  const auto is_scale = [limit](float value) { return value > 0 && value < limit; };
  bool all = true;
  for (std::int64_t i = 0; i < count; ++i) all &= is_scale(at(i));
  for (std::int64_t i = 0; !all && i < count; ++i) {
    if (is_scale(at(i))) continue;
    throw malformed(weights, name,
                    "the scale of row " + std::to_string(i / scales.shape[1]) + ", block " +
                        std::to_string(i % scales.shape[1]) + " is " + brief(at(i)) +
                        ", where a number above 0 and below " + brief(limit) + " is needed");
  }
}

}  // namespace

std::string scales_of(const std::string& name) { return name + "_scale"; }

std::set<std::string> matrix_names(const ModelConfig& config) {
  const MatrixNames source;
  const layers::Parameters parameters(source, at::kCPU, at::kFloat);
  switch (config.type) {
    case ModelType::kSimilarity:
      SimilarityNetwork(parameters, config);
      break;
    case ModelType::kThings:
      make_thing_detector(parameters, config);
      break;
    case ModelType::kGroundedVideoLlm:
      Network(parameters, config);
      break;
    case ModelType::kComposite:  // has no weights of its own
      break;
  }
  return source.names;
}

WeightType matrix_type(WeightType dtype, std::string_view name) noexcept {
  // What is read once for each token, or is too small to matter, keeps more of its digits.
  const bool is_block = name.starts_with("language_model.model.layers.");
  return dtype == WeightType::kInt4 && !is_block ? WeightType::kInt8 : dtype;
}

StoredTensor stored_as(WeightType dtype, const std::set<std::string>& matrices, StoredTensor tensor) {
  if (traits_of(dtype).block == 0) {
    tensor.type = traits_of(dtype).stored;
  } else if (matrices.count(tensor.name) > 0) {
    tensor.quantised = matrix_type(dtype, tensor.name);
    if (!is_whole(*tensor.quantised, tensor.shape)) {
      throw error_of(tensor, ErrorCode::kUnsupported,
                     width_problem(*tensor.quantised, tensor.shape) + "; int8 takes any");
    }
  }
  return tensor;
}

std::vector<io::TensorInfo> infos_of(const StoredTensor& tensor) {
  if (!tensor.quantised) return {{tensor.name, tensor.type, tensor.shape}};
  const WeightType type = *tensor.quantised;
  return {{tensor.name, traits_of(type).stored, integer_shape(type, tensor.shape)},
          {scales_of(tensor.name), io::kScaleType, scale_shape(type, tensor.shape)}};
}

std::vector<at::Tensor> values_of(const StoredTensor& tensor, const at::Tensor& numbers) {
  const at::Tensor host = numbers.to(at::kCPU);
  if (!is_finite(host)) throw error_of(tensor, ErrorCode::kMalformed, "has weights that are no finite numbers");
  if (!tensor.quantised) {
    const at::Tensor stored = host.to(layers::to_scalar_type(tensor.type));
    if (is_finite(stored)) return {stored};
    throw error_of(tensor, ErrorCode::kUnsupported,
                   "has weights as great as " + brief(host.abs().max().item<float>()) + ", which " +
                       name_of(tensor.type) + " cannot hold");
  }
  const at::Tensor matrix = host.to(at::kFloat).reshape({tensor.shape[0], -1});
  const ops::Weight weight = ops::quantise(matrix, *tensor.quantised);
  return {weight.data.reshape(integer_shape(*tensor.quantised, tensor.shape)), weight.scales};
}

std::optional<WeightType> quantised_type(const io::Weights& weights, const std::string& name) {
  const DataType stored = weights.info(name).type;
  for (const io::WeightTypeTraits& traits : io::kWeightTypes) {
    if (traits.block > 0 && traits.stored == stored) return traits.type;
  }
  return std::nullopt;
}

void require_matrix_type(const io::Weights& weights, const std::string& name, WeightType dtype) {
  const WeightType expected = matrix_type(dtype, name);
  const auto stored = quantised_type(weights, name);
  const bool is_number = traits_of(expected).block == 0;
  if (is_number ? !stored : stored == expected) return;
  const std::string is = stored ? name_of(*stored) : name_of(weights.info(name).type);
  throw malformed(weights, name,
                  "is " + is + ", where a model of dtype " + name_of(dtype) + " has " + name_of(expected) +
                      "; gvl-convert --dtype " + name_of(dtype) + " makes such a model");
}

ops::Weight read_quantised(const io::Weights& weights, const std::string& name, WeightType type, const Shape& shape) {
  if (!is_whole(type, shape)) throw malformed(weights, name, width_problem(type, shape));
  const Tensor integers = weights.get(name, integer_shape(type, shape));
  const std::string scale_name = scales_of(name);
  const Tensor scales = weights.get(scale_name, scale_shape(type, shape));
  if (scales.type != io::kScaleType) {
    throw malformed(weights, scale_name,
                    std::string("scales are ") + name_of(io::kScaleType) + ", not " + name_of(scales.type));
  }
  require_scales(weights, scale_name, type, scales);
  return {layers::to_aten(integers).reshape({shape[0], -1}), layers::to_aten(scales)};
}

}  // namespace gvl::model
