/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <ATen/core/Tensor.h>

#include <cstddef>
#include <mutex>
#include <string>

#include "gvl/tensor.hpp"

namespace gvl::layers {

/** LibTorch's name of a data type, and back. Throws Error(kUnsupported) for one that gvl::Tensor cannot hold. */
c10::ScalarType to_scalar_type(DataType type);
DataType to_data_type(c10::ScalarType type);

/** LibTorch's tensor as the data of a gvl::Tensor, on LibTorch's device. */
class AtenStorage : public TensorStorage {
 public:
  /** `tensor` is contiguous, and nobody writes to it any more. */
  explicit AtenStorage(at::Tensor tensor);

  std::string device() const override { return tensor_.device().str(); }
  const std::byte* map() const override;

  const at::Tensor& tensor() const noexcept { return tensor_; }

 private:
  at::Tensor tensor_;
  mutable std::once_flag mapped_;
  mutable at::Tensor host_;  // the same memory as tensor_'s where that is on the host
};

/** A tensor over the same memory, on its device; the memory is kept alive, and nobody may write to it. */
at::Tensor to_aten(const Tensor& tensor);

/** A tensor of the same type on the same device: over the same memory if that is contiguous, else a copy. */
Tensor from_aten(const at::Tensor& tensor);

}  // namespace gvl::layers
