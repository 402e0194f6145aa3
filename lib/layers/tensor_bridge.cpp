/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "layers/tensor_bridge.hpp"

#include <ATen/ops/from_blob.h>

#include <memory>
#include <string>
#include <utility>

#include "gvl/error.hpp"
#include "io/data_types.hpp"
#include "layers/libtorch_errors.hpp"

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

AtenStorage::AtenStorage(at::Tensor tensor) : tensor_(std::move(tensor)) {}

const std::byte* AtenStorage::map() const {
  std::call_once(mapped_, [this] {
    host_ = rethrow_libtorch_errors("copying a tensor from " + device(), [this] { return tensor_.to(at::kCPU); });
  });
  return static_cast<const std::byte*>(host_.data_ptr());
}

at::Tensor to_aten(const Tensor& tensor) {
  if (const auto* storage = dynamic_cast<const AtenStorage*>(tensor.storage().get())) {
    return storage->tensor().view(tensor.shape);
  }
  // from_blob takes a pointer to non-const; nobody writes to what a gvl::Tensor holds.
  void* data = const_cast<std::byte*>(tensor.map());
  return at::from_blob(
      data, tensor.shape, [keep_alive = tensor.storage()](void*) {},
      at::TensorOptions().dtype(to_scalar_type(tensor.type)));
}

Tensor from_aten(const at::Tensor& tensor) {
  return {to_data_type(tensor.scalar_type()), tensor.sizes().vec(),
          std::make_shared<const AtenStorage>(tensor.contiguous())};
}

}  // namespace gvl::layers
