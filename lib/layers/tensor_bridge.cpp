#include "layers/tensor_bridge.hpp"

#include <ATen/ops/from_blob.h>

#include <string>

#include "gvl/error.hpp"
#include "io/data_types.hpp"

namespace gvl::layers {

c10::ScalarType to_scalar_type(DataType type) {
  switch (type) {
    case DataType::kBool:
      return c10::ScalarType::Bool;
    case DataType::kUInt8:
      return c10::ScalarType::Byte;
    case DataType::kInt8:
      return c10::ScalarType::Char;
    case DataType::kInt16:
      return c10::ScalarType::Short;
    case DataType::kInt32:
      return c10::ScalarType::Int;
    case DataType::kInt64:
      return c10::ScalarType::Long;
    case DataType::kFloat16:
      return c10::ScalarType::Half;
    case DataType::kBFloat16:
      return c10::ScalarType::BFloat16;
    case DataType::kFloat32:
      return c10::ScalarType::Float;
    case DataType::kFloat64:
      return c10::ScalarType::Double;
  }
  throw Error(ErrorCode::kUnsupported, "unknown data type");
}

DataType to_data_type(c10::ScalarType type) {
  for (const io::DataTypeTraits& traits : io::kDataTypes) {
    if (to_scalar_type(traits.type) == type) return traits.type;
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
