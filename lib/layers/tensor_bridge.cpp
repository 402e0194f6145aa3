/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "layers/tensor_bridge.hpp"

#include <ATen/ops/from_blob.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <string>
#include <utility>

#include "gvl/error.hpp"
#include "io/data_types.hpp"
#include "layers/libtorch_errors.hpp"

namespace gvl::layers {

namespace {

c10::ScalarType find_scalar_type(const char* name) {
  for (int i = 0; i < static_cast<int>(c10::ScalarType::NumOptions); ++i) {
    const auto type = static_cast<c10::ScalarType>(i);
    if (std::strcmp(c10::toString(type), name) == 0) return type;
  }
  throw Error(ErrorCode::kUnsupported, std::string("this LibTorch has no type ") + name);
}

}  // namespace

c10::ScalarType to_scalar_type(DataType type) {
  static const auto types = [] {
    std::array<c10::ScalarType, io::kDataTypes.size()> found{};
    std::transform(io::kDataTypes.begin(), io::kDataTypes.end(), found.begin(),
                   [](const io::DataTypeTraits& traits) { return find_scalar_type(traits.torch); });
    return found;
  }();
  return types[static_cast<std::size_t>(type)];
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
