#pragma once

#include <ATen/core/Tensor.h>

#include "gvl/tensor.hpp"

namespace gvl::layers {

/** LibTorch's name of a data type, and back. Throws Error(kUnsupported) for one that gvl::Tensor cannot hold. */
c10::ScalarType to_scalar_type(DataType type);
DataType to_data_type(c10::ScalarType type);

/** A CPU tensor over the same memory, which it keeps alive. Nobody may write to it. */
at::Tensor to_aten(const Tensor& tensor);

/** A host tensor of the same type: over the same memory when it is contiguous there already, else a copy. */
Tensor from_aten(const at::Tensor& tensor);

}  // namespace gvl::layers
