#include "layers/tensor_bridge.hpp"

#include <ATen/ops/from_blob.h>

#include <array>
#include <utility>

#include "gvl/error.hpp"

namespace gvl::layers {
namespace {

constexpr std::array<std::pair<DataType, c10::ScalarType>, 10> kTypes{{
    {DataType::kBool, c10::ScalarType::Bool},
    {DataType::kUInt8, c10::ScalarType::Byte},
    {DataType::kInt8, c10::ScalarType::Char},
    {DataType::kInt16, c10::ScalarType::Short},
    {DataType::kInt32, c10::ScalarType::Int},
    {DataType::kInt64, c10::ScalarType::Long},
    {DataType::kFloat16, c10::ScalarType::Half},
    {DataType::kBFloat16, c10::ScalarType::BFloat16},
    {DataType::kFloat32, c10::ScalarType::Float},
    {DataType::kFloat64, c10::ScalarType::Double},
}};

}  // namespace

c10::ScalarType to_scalar_type(DataType type) {
  for (const auto& [ours, theirs] : kTypes) {
    if (ours == type) return theirs;
  }
  throw Error(ErrorCode::kUnsupported, "unknown data type");
}

DataType to_data_type(c10::ScalarType type) {
  for (const auto& [ours, theirs] : kTypes) {
    if (theirs == type) return ours;
  }
  throw Error(ErrorCode::kUnsupported, std::string("no data type for LibTorch's ") + c10::toString(type));
}

at::Tensor to_aten(const Tensor& tensor) {
  // from_blob takes a pointer to non-const; nobody writes to what a gvl::Tensor holds.
  void* data = const_cast<std::byte*>(tensor.data.get());
  return at::from_blob(
      data, tensor.shape, [keep_alive = tensor.data](void*) {}, at::TensorOptions().dtype(to_scalar_type(tensor.type)));
}

Tensor from_aten(const at::Tensor& tensor) {
  const at::Tensor host = tensor.to(at::kCPU).contiguous();
  const auto* data = static_cast<const std::byte*>(host.data_ptr());
  return {to_data_type(host.scalar_type()), host.sizes().vec(),
          std::shared_ptr<const std::byte>(data, [host](const std::byte*) {})};
}

}  // namespace gvl::layers
